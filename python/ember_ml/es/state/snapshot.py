"""A training as it stood at one moment. Its file, a Run and what goes on from there are views of it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ember_ml.engines.select import Problem
from ember_ml.es.result.history import History
from ember_ml.es.result.records import Evaluations
from ember_ml.es.state.candidate import Candidate, NativeCandidate
from ember_ml.es.state.setup import Search, Setup
from ember_ml.es.state.training_state import TrainingState
from ember_ml.policy.models import TrainedModel
from ember_ml.policy.normalizer import Normalizer
from ember_ml.policy.spec import PolicySpec
from ember_ml.policy.trained import TrainedPolicy
from ember_ml.rollout import Float32


@dataclass
class Snapshot:
    """A `TrainingState` at one moment, above its `Setup`. It keeps no engine, no process and no strategy.

    Attributes:
        normalizer: what the policy sees of observations, None where they are not normalised.
        search: the strategy in words, None for that of the setup.
        module: the user's, which holds the weights.
        explanation: what ran where, or who says so of this snapshot.
        engine_text: what the engine said of itself; empty for one that can be asked anew (native).
    """

    setup: Setup
    theta: Float32
    normalizer: Normalizer | None
    history: History
    candidate: Candidate | NativeCandidate | None
    evaluated: Candidate | None
    evaluations: Evaluations
    confirmations: Evaluations
    strategy_state: dict[str, Any]
    observation_state: dict[str, Any] | None
    elapsed: float
    warmed: tuple[int, int]
    search: Search | None = None
    module: Any = None
    explanation: Callable[[Snapshot], str] | str = field(default="", repr=False)
    engine_text: str = ""

    @staticmethod
    def of(
        setup: Setup,
        state: TrainingState,
        module: Any = None,
        explanation: Callable[[Snapshot], str] | str = "",
        engine_text: str = "",
    ) -> Snapshot:
        strategy, statistics = state.strategy, state.observations
        # An optimiser of the user's may change itself.
        changed = strategy.native is None or strategy.changed
        return Snapshot(
            setup=setup,
            theta=strategy.mean,
            normalizer=state.normalizer,
            history=state.history.frozen(),
            candidate=state.candidate,
            evaluated=state.evaluated,
            evaluations=state.evaluations.frozen(),
            confirmations=state.confirmations.frozen(),
            strategy_state=strategy.state_dict(),
            observation_state=None if statistics is None else statistics.state_dict(),
            elapsed=state.elapsed,
            warmed=state.warmed,
            search=Search.of(strategy) if changed else None,
            module=module,
            explanation=explanation,
            engine_text=engine_text,
        )

    @property
    def problem(self) -> Problem:
        return self.setup.problem

    @property
    def seed(self) -> int:
        return self.setup.seed

    @property
    def config(self) -> dict[str, Any]:
        """Everything that decides the training, fit for JSON, as a file has it."""
        config = {
            **self.setup.description,
            "preset": self.setup.preset,
            "elapsed": self.elapsed,
            "warmed": list(self.warmed),
        }
        return config if self.search is None else {**config, "strategy": self.search.config}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "explanation": self.explain()}

    def explain(self) -> str:
        return self.explanation if isinstance(self.explanation, str) else self.explanation(self)

    def policy(self, one: Candidate | NativeCandidate | None = None) -> Any:
        """A TrainedPolicy, the last or another; of an objective a TrainedModel."""
        theta, normalizer = (self.theta, self.normalizer) if one is None else (one.theta, one.normalizer)
        network = self.problem.policy
        if network is None:  # a file cannot hold it
            raise ValueError(self.problem.not_compiled)
        if self.problem.env.kind == "objective":
            return TrainedModel(network, theta)
        if not isinstance(network, PolicySpec):
            network = partial(copy.deepcopy, network)
        clip = self.problem.options.clip_actions
        return TrainedPolicy(network, theta, self.problem.env, normalizer, clip)
