"""What training gives back."""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any

import numpy as np

from ember_ml import validate
from ember_ml.engines.base import Float32
from ember_ml.envs.spec import EnvSpec
from ember_ml.es.evaluation import EvaluationResult, evaluate_policy
from ember_ml.es.history import History
from ember_ml.es.interrupt import acknowledge
from ember_ml.es.policy import TrainedPolicy
from ember_ml.es.snapshot import Snapshot

#: Episodes on which the best policy so far and the final one are judged.
JUDGE_EPISODES = 100


class Run:
    """A finished (or interrupted) training.

    Attributes:
        reached: `until` was reached.
    """

    def __init__(self, snapshot: Snapshot, interrupted: bool = False, reached: bool = False) -> None:
        self._snapshot = snapshot
        self._interrupted = interrupted
        self.reached = reached
        self._policy: TrainedPolicy | None = None
        self._best: TrainedPolicy | None = None
        self._judged: dict[str, EvaluationResult] = {}
        #: One dict per training that `es.train(restarts=)` compared: seed, judged return, episodes, steps,
        #: chosen.
        self.restarts: list[dict[str, Any]] = []

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended it. If a loop of trainings does not look, its next training raises
        KeyboardInterrupt.
        """
        acknowledge(self)
        return self._interrupted

    @property
    def history(self) -> History:
        """One record per generation."""
        return self._snapshot.history

    @property
    def seed(self) -> int:
        return self._snapshot.seed

    @property
    def env(self) -> EnvSpec:
        return self._snapshot.problem.env

    @property
    def config(self) -> dict[str, Any]:
        """Everything that decided the training, as it is saved."""
        return copy.deepcopy(self._snapshot.config)

    @property
    def theta(self) -> Float32:
        """The final parameters, float32 (parameters,)."""
        return self._snapshot.theta

    @property
    def policy(self) -> TrainedPolicy:
        """The trained policy, observation statistics included: ``run.policy(observation) -> action``."""
        if self._policy is None:
            self._policy = self._snapshot.policy()
        return self._policy

    @property
    def best(self) -> TrainedPolicy:
        """The better of the final policy and the one with the highest return in training, judged on fresh
        starts.

        Both play `JUDGE_EPISODES` episodes that neither training nor `evaluate` uses; the steps are in
        `judge_steps`, not in the history. Ties keep the final policy.
        """
        if self._best is None:
            candidate = self._snapshot.candidate
            self._best = self.policy
            if candidate is not None and not np.array_equal(candidate.theta, self.theta):
                parts = (candidate.theta, candidate.mean, candidate.inverse)
                final = self._judge()
                other = evaluate_policy(self._snapshot, JUDGE_EPISODES, "judge", *parts)
                self._judged["candidate"] = other
                if other.mean > final.mean:
                    self._best = self._snapshot.policy(*parts)
        return self._best

    def _judge(self) -> EvaluationResult:
        """The final policy on the judge's starts."""
        if "final" not in self._judged:
            self._judged["final"] = evaluate_policy(self._snapshot, JUDGE_EPISODES, "judge")
        return self._judged["final"]

    @property
    def judge_steps(self) -> int:
        """Environment steps that judging has taken so far."""
        return sum(result.steps for result in self._judged.values())

    @property
    def episodes(self) -> int:
        """Episodes of training, over all restarts."""
        return (
            sum(r["episodes"] for r in self.restarts)
            if self.restarts
            else int(self.history["episodes"].sum())
        )

    @property
    def steps(self) -> int:
        """Environment steps of training, over all restarts."""
        return sum(r["steps"] for r in self.restarts) if self.restarts else int(self.history["steps"].sum())

    def evaluate(self, episodes: int = 100) -> EvaluationResult:
        """Plays the trained policy from fixed starts that training never uses: the same numbers at every
        call.

        Args:
            episodes: how many; the first n are the same however many are asked for.
        """
        return evaluate_policy(self._snapshot, validate.positive_int("episodes", episodes))

    def plot(self, path: str | os.PathLike[str] | None = None, **options: Any) -> Any:
        """The learning curve, a matplotlib figure; written to `path` when given. See
        `ember_ml.plot.training`.
        """
        from ember_ml import plot

        return plot.training(self, path, **options)

    def plot_trajectory(self, path: str | os.PathLike[str] | None = None, **options: Any) -> Any:
        """One episode of the trained policy, a matplotlib figure. See `ember_ml.playback.trajectory`."""
        from ember_ml import playback

        return playback.trajectory(self, path, **options)

    def animate(self, path: str | os.PathLike[str] | None = None, **options: Any) -> Any:
        """One episode of the trained policy as a GIF or MP4; without a path shown in a notebook. See
        `ember_ml.playback.animate`.
        """
        from ember_ml import playback

        return playback.animate(self, path, **options)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes everything to `path` (npz), in one step; `es.load` gives it back, `es.Trainer.load` trains
        on.
        """
        return self._snapshot.save(path)

    def export(self, path: str | os.PathLike[str], **options: Any) -> Path:
        """Writes the trained policy for use without this package: by its suffix ``.h`` (C99), ``.onnx`` or
        ``.pt2``.

        Raises:
            ValueError: another suffix, or a policy that does not compile to a chain of dense layers.
            MissingExtra: the package that the format needs is not installed.
        """
        from ember_ml.es.export import export

        return export(self.policy, path, **options)

    def to_torch(self) -> Any:
        """The trained policy as a `torch.nn.Module` on raw observations (extra ``torch``)."""
        from ember_ml.es.export_torch import to_torch

        return to_torch(self.policy)

    def explain(self) -> str:
        """What ran where, and why: text."""
        return self._snapshot.explain()

    def __repr__(self) -> str:
        text = f"Run({self.env.name}, seed {self.seed}, {len(self.history)} generations"
        if len(self.history):
            text += f", policy return {self.history[-1]['policy_return']:.2f}"
        return text + (", interrupted" if self.interrupted else "") + ")"
