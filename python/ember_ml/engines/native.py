"""The native engine: environment, policy, noise and returns in one SIMD loop (cpp/rollout/loop.h)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ember_ml import _core
from ember_ml.engines.step_limit import step_limit
from ember_ml.envs.spec import EnvSpec
from ember_ml.noise.stream import PURPOSES
from ember_ml.policy.normalizer import Normalizer
from ember_ml.policy.spec import PolicySpec
from ember_ml.rollout import (
    EpisodeOptions,
    Evaluation,
    ObservationSums,
    Population,
)


class NativeEngine:
    """Evaluates populations of a built-in environment, or of a user's behind ember_env.h.

    Args:
        env: an EnvSpec of kind "builtin" or "custom".
        policy: what a Module compiled to.
        threads: at most so many; None: all cores. Small work stays on one. Never changes a result.
        layout: what lies in the SIMD lanes: "members", "episodes", "units"; None: the cost model chooses.
            It never changes a result.
        options: fields of EpisodeOptions.

    Raises:
        ValueError: the env's and the policy's widths differ, or an option is out of range.
    """

    name = "native"
    takes = ("threads", "layout")

    def __init__(
        self,
        env: EnvSpec,
        policy: PolicySpec,
        *,
        threads: int | None = None,
        layout: str | None = None,
        **options: Any,
    ) -> None:
        play = EpisodeOptions(**options)
        if env.kind == "python":
            raise ValueError(f"env: {env.name} is stepped by Python; the native engine cannot run it")
        self.env = env  # keeps a custom environment's library or compiled functions alive
        self._opened = None
        if env.opener is not None:
            self._opened = env.opener(threads or _core.available_threads())
            env = replace(env, address=self._opened.address)
        self.evaluator = _core.Evaluator(
            policy.native(),
            env.name if env.kind == "builtin" else "",
            custom=env.address if env.kind == "custom" else 0,
            env_parameters=list(env.parameters),
            episodes=play.episodes,
            max_steps=step_limit(env, play.max_steps) or 0,
            frame_skip=play.frame_skip,
            clip_actions=play.clip_actions,
            normalize=play.normalize,
            reward_scale=play.reward_scale,
            reward_offset=play.reward_offset,
            rank_last=play.on_error == "rank_last",
            threads=threads or 0,
            layout=layout or "auto",
        )
        self._population: tuple[Any, ...] = (16, True)

    def evaluate(
        self, population: Population, normalizer: Normalizer | None = None, with_policy: bool = False
    ) -> Evaluation:
        """Returns of every member. Lets other Python threads run; Ctrl-C ends it within a second.

        Raises:
            ValueError: an array's length does not fit the policy.
            EvaluationError: a user's environment reported an error.
        """
        rows = population.rows
        low_rank = None if population.perturbation is None else population.perturbation.native
        self._population = (population.directions, population.antithetic, low_rank if rows is None else None)
        result = self.evaluator.evaluate(
            population.mean,
            np.atleast_1d(np.asarray(population.scale, np.float32)),
            population.seed,
            population.generation,
            population.directions,
            population.antithetic,
            first_direction=population.first_direction,
            noise_purpose=PURPOSES[population.noise_purpose],
            reset_purpose=PURPOSES[population.reset_purpose],
            common_starts=population.common_starts,
            rows=rows,
            perturbation=low_rank,
            observation_mean=None if normalizer is None else normalizer.mean,
            observation_inverse_deviation=None if normalizer is None else normalizer.inverse,
            with_policy=with_policy,
        )
        result["leaves"] = [ObservationSums(*leaf) for leaf in result["leaves"]]
        return Evaluation(**result)

    def explain(self) -> str:
        """SIMD level, layout, threads and predicted cost, for a population of the size last seen."""
        return str(self.evaluator.explain(*self._population))

    def close(self) -> None:
        """Nothing to do: threads and work space go with the engine."""
