"""A training as it stood at one moment: everything that goes into its file."""

from __future__ import annotations

import copy
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ember_ml.engines.select import Choice, Problem
from ember_ml.envs import stored
from ember_ml.envs.spec import EnvSpec
from ember_ml.es.files import checkpoint
from ember_ml.es.result.history import History
from ember_ml.es.result.records import Evaluations
from ember_ml.policy.spec import PolicySpec
from ember_ml.policy.trained import TrainedPolicy
from ember_ml.rollout import Engine, Float32

if TYPE_CHECKING:
    from ember_ml.es.result.evaluation import EvaluationResult
    from ember_ml.es.trainer.trainer import Trainer


class Candidate(NamedTuple):
    """The unperturbed policy with the highest return in training so far, a lucky draw until it is judged."""

    policy_return: float
    generation: int
    theta: Float32
    mean: Float32 | None
    inverse: Float32 | None


class NativeCandidate:
    """A Candidate as a native run left it in its log, read when somebody asks for it."""

    __slots__ = ("_log", "policy_return")

    def __init__(self, log: Any) -> None:
        self._log = log
        self.policy_return: float = log.candidate_return

    def __reduce__(self) -> Any:
        return Candidate, (self.policy_return, self.generation, self.theta, self.mean, self.inverse)

    @property
    def generation(self) -> int:
        return int(self._log.candidate_generation)

    @property
    def theta(self) -> Float32:
        theta: Float32 = self._log.candidate
        return theta

    @property
    def mean(self) -> Float32 | None:
        mean: Float32 = self._log.candidate_mean
        return mean if mean.size else None

    @property
    def inverse(self) -> Float32 | None:
        inverse: Float32 = self._log.candidate_inverse_deviation
        return inverse if inverse.size else None


@dataclass
class Snapshot:
    """A training as it stood at one moment."""

    config: dict[str, Any]
    problem: Problem
    choice: Choice
    seed: int
    theta: Float32
    mean: Float32 | None
    inverse: Float32 | None
    history: History
    candidate: Candidate | NativeCandidate | None
    evaluated: Candidate | None
    evaluations: Evaluations
    confirmations: Evaluations
    strategy_state: dict[str, Any]
    observation_state: dict[str, Any] | None
    module: Any = None  # the user's, which holds the weights
    explanation: Callable[[], str] | str = field(default="", repr=False)

    @staticmethod
    def of(trainer: Trainer) -> Snapshot:
        statistics = trainer.observations
        return Snapshot(
            config=trainer.config(),
            problem=trainer.problem,
            choice=trainer.choice,
            seed=trainer.seed,
            theta=trainer.theta,
            mean=None if statistics is None else statistics.mean32,
            inverse=None if statistics is None else statistics.inverse32,
            history=trainer.history.frozen(),
            candidate=trainer.candidate,
            evaluated=trainer.evaluated,
            evaluations=trainer.evaluations.frozen(),
            confirmations=trainer.confirmations.frozen(),
            strategy_state=trainer.strategy.state_dict(),
            observation_state=None if statistics is None else statistics.state_dict(),
            module=trainer.module,
            explanation=trainer.explain,
        )

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "explanation": self.explain()}

    def explain(self) -> str:
        return self.explanation if isinstance(self.explanation, str) else self.explanation()

    def make_engine(self, episodes: int) -> Engine:
        self.problem.env.need_steps()
        return self.choice.make(self.problem.with_episodes(episodes))

    def policy(
        self, theta: Float32 | None = None, mean: Float32 | None = None, inverse: Float32 | None = None
    ) -> TrainedPolicy:
        if theta is None:
            theta, mean, inverse = self.theta, self.mean, self.inverse
        network = self.problem.policy
        if network is None:  # a file cannot hold it
            raise ValueError(self.problem.not_compiled)
        if not isinstance(network, PolicySpec):
            network = partial(copy.deepcopy, network)
        clip = self.problem.options.clip_actions
        return TrainedPolicy(network, theta, self.problem.env, mean, inverse, clip)

    def save(
        self,
        path: str | os.PathLike[str],
        chosen: Candidate | NativeCandidate | None = None,
        evaluation: EvaluationResult | None = None,
    ) -> Path:
        """`chosen` is the policy that a Run made from the file gives instead of the last; `evaluation` is of
        the one it gives.
        """
        arrays: dict[str, Any] = {"theta": self.theta, "history": self.history.to_numpy()}
        arrays.update({f"strategy/{name}": value for name, value in self.strategy_state.items()})
        if self.observation_state is not None:
            arrays.update({f"observation/{name}": value for name, value in self.observation_state.items()})
        arrays["evaluations"] = self.evaluations.to_numpy()
        arrays["confirmations"] = self.confirmations.to_numpy()
        for name, one in (("candidate", self.candidate), ("evaluated", self.evaluated), ("chosen", chosen)):
            if one is not None:
                arrays[f"{name}/theta"] = one.theta
                arrays[f"{name}/number"] = np.array([one.policy_return, one.generation])
                if one.mean is not None and one.inverse is not None:
                    arrays[f"{name}/mean"], arrays[f"{name}/inverse"] = one.mean, one.inverse
        if evaluation is not None:
            arrays["evaluation/returns"], arrays["evaluation/lengths"] = (
                evaluation.returns,
                evaluation.lengths,
            )
            arrays["evaluation/failed"] = np.array(evaluation.failed)
        config = {**self.config, "versions": versions(self.problem.env)}
        return checkpoint.write(path, config, arrays)


def describe(trainer: Trainer) -> dict[str, Any]:
    """What decides a training and stays as it is from its first generation on, fit for JSON."""
    problem, env = trainer.problem, trainer.env
    options = problem.options
    compiled = isinstance(problem.policy, PolicySpec)
    return {
        "env": stored.describe(env),
        "policy": {
            "spec": problem.policy.to_dict() if compiled else None,
            "class": None if trainer.module is None else type(trainer.module).__name__,
        },
        "strategy": trainer.strategy.config(),
        "seed": trainer.seed,
        "generations": trainer.generations,
        "trainer": {
            "episodes": options.episodes,
            "normalize_observations": options.normalize,
            "max_steps": options.max_steps,
            "clip_actions": options.clip_actions,
            "reward_offset": options.reward_offset,
            "reward_scale": options.reward_scale,
            "on_error": options.on_error,
            "frame_skip": options.frame_skip,
            "warmup": trainer.warmup,
            "common_starts": trainer.common_starts,
            "threads": problem.threads,
            "layout": problem.layout,
            "workers": problem.workers,
            "lanes": problem.lanes,
            "eval_every": trainer.eval_every,
            "eval_episodes": trainer.eval_episodes,
            "engine": trainer.engine_name,
            "device": problem.device,
        },
        "engine_used": trainer.choice.name,
    }


def versions(env: EnvSpec | None = None) -> dict[str, str]:
    """What a result may depend on: versions of this package, its interpreter and what stepped the
    environment.
    """
    import importlib.metadata

    import ember_ml
    from ember_ml import _core

    found = {
        "ember_ml": ember_ml.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "simd": _core.simd_level(),
        "platform": platform.platform(terse=True),
    }
    if env is not None and (env.kind == "python" or env.twin is not None):
        for package in ("gymnasium", "mujoco"):
            try:
                found[package] = importlib.metadata.version(package)
            except importlib.metadata.PackageNotFoundError:
                continue
    return found
