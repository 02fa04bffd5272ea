"""The native engine by itself, a generation a call: an exercise."""

from __future__ import annotations

from typing import Any

from ember_ml.engines.native import NativeEngine
from ember_ml.policy.normalizer import Normalizer
from ember_ml.rollout import Evaluation, Population


class SingleEngine:
    """Plays a population by a native engine on one thread."""

    name = "single"
    takes = ("layout",)

    def __init__(self, env: Any, policy: Any, **options: Any) -> None:
        self._engine = NativeEngine(env, policy, threads=1, **options)

    def evaluate(
        self, population: Population, normalizer: Normalizer | None = None, with_policy: bool = False
    ) -> Evaluation:
        return self._engine.evaluate(population, normalizer, with_policy)

    def explain(self) -> str:
        return "the native engine, on one thread"

    def close(self) -> None:
        self._engine.close()
