"""What training gives back."""

from __future__ import annotations

import copy
import hashlib
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ember_ml import validate
from ember_ml.envs.spec import EnvSpec
from ember_ml.es.files import writing
from ember_ml.es.interrupt import acknowledge
from ember_ml.es.result.evaluation import EvaluationResult, default_episodes, evaluate_policy
from ember_ml.es.result.history import History
from ember_ml.es.result.records import Evaluations
from ember_ml.es.state.candidate import Candidate, NativeCandidate
from ember_ml.es.state.setup import Setup
from ember_ml.es.state.snapshot import Snapshot
from ember_ml.noise.stream import Purpose
from ember_ml.policy.trained import TrainedPolicy
from ember_ml.rollout import Float32

Which = Literal["last", "best"]

#: Episodes on which the best policy so far and the final one are judged.
JUDGE_EPISODES = 100


class Run:
    """A finished (or interrupted) training.

    It has two policies: `last`, after the last update, and `best`, the best of those that stood out in
    training, judged on fresh starts. `policy` is the one it gives back: the last, unless ``keep="best"``
    (`es.train`) or a file saved with ``policy="best"`` says otherwise. Neither is the one that the last
    record of `history` describes, which was played before the last update; what `policy` is worth says
    `evaluation`. After `until` was reached no update follows, and `last` is the policy that was confirmed.

    Attributes:
        reached: `until` was reached, and confirmed on fresh episodes.
        until: what was to be reached, or None.
        kept: what `policy` is, "last" or "best".
        evaluation_episodes: of `evaluation`; None: 100, and 20 where Python steps the environment; 0: none.
    """

    evaluation_episodes: int | None = None
    until: float | None = None

    def __init__(
        self,
        snapshot: Snapshot,
        interrupted: bool = False,
        reached: bool = False,
        chosen: Candidate | None = None,
        evaluation: EvaluationResult | None = None,
    ) -> None:
        self._snapshot = snapshot
        self._interrupted = interrupted
        self.reached = reached
        self.kept: Which = "last" if chosen is None else "best"
        self._chosen: dict[str, Candidate | NativeCandidate | None] = {"last": None}
        if chosen is not None:
            self._chosen["best"] = chosen
        self._policies: dict[str, TrainedPolicy] = {}
        self._evaluation = evaluation
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

    @interrupted.setter
    def interrupted(self, value: bool) -> None:
        self._interrupted = value

    @property
    def history(self) -> History:
        """One record per generation."""
        return self._snapshot.history

    @property
    def snapshot(self) -> Snapshot:
        """The training as it stood at the end; saving, playing and going on are views of it."""
        return self._snapshot

    @property
    def setup(self) -> Setup:
        """What was set up before the first generation: environment, policy, options, engine, plan."""
        return self._snapshot.setup

    @property
    def seed(self) -> int:
        return self.setup.seed

    @property
    def env(self) -> EnvSpec:
        return self.setup.env

    @property
    def config(self) -> dict[str, Any]:
        """Everything that decided the training, as it is saved."""
        return copy.deepcopy(self._snapshot.config)

    @property
    def theta(self) -> Float32:
        """The final parameters, float32 (parameters,)."""
        return self._snapshot.theta

    @property
    def digest(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of `theta` (little-endian float32): equal for two
        trainings that ended in the same bits.
        """
        return hashlib.sha256(self.theta.astype("<f4").tobytes()).hexdigest()[:16]

    @property
    def policy(self) -> TrainedPolicy:
        """The trained policy, observation statistics included: ``run.policy(observation) -> action``. It is
        `last` or `best`, as `kept` says.
        """
        return self._policy(self.kept)

    @property
    def last(self) -> TrainedPolicy:
        """The policy after the last update, where a resumed training goes on."""
        return self._policy("last")

    @property
    def best(self) -> TrainedPolicy:
        """The best on fresh starts of: the last policy, the one with the highest return in training, and the
        one with the highest mean among `evaluations`.

        Each plays `JUDGE_EPISODES` episodes that neither training nor `evaluate` uses; the steps are in
        `judge_steps`, not in the history. Ties keep the last policy, which then is this very object.
        """
        return self._policy("best")

    def _policy(self, which: Which | None) -> TrainedPolicy:
        which = self._which(which)
        chosen = self._choose(which)
        name = "last" if chosen is None else which
        if name not in self._policies:
            self._policies[name] = self._snapshot.policy(chosen)
        return self._policies[name]

    def _which(self, which: Which | None) -> Which:
        if which is None:
            return self.kept
        validate.choice("policy", which, ("last", "best"))
        return which

    def _choose(self, which: Which) -> Candidate | NativeCandidate | None:
        """The policy that is not the last, or None for the last."""
        if which not in self._chosen:
            chosen, most = None, -math.inf
            for name in ("candidate", "evaluated"):
                one: Candidate | NativeCandidate | None = getattr(self._snapshot, name)
                if one is None or np.array_equal(one.theta, self.theta):
                    continue
                if name not in self._judged:
                    self._judged[name] = self._play(JUDGE_EPISODES, "judge", one)
                if self._judged[name].mean > max(most, self._judge().mean):
                    chosen, most = one, self._judged[name].mean
            self._chosen[which] = chosen
        return self._chosen[which]

    def _play(
        self, episodes: int, purpose: Purpose, one: Candidate | NativeCandidate | None
    ) -> EvaluationResult:
        return evaluate_policy(self._snapshot, episodes, purpose, one)

    def _judge(self) -> EvaluationResult:
        """The last policy on the judge's starts."""
        if "final" not in self._judged:
            self._judged["final"] = self._play(JUDGE_EPISODES, "judge", None)
        return self._judged["final"]

    @property
    def judged(self) -> EvaluationResult:
        """What `policy` returns on starts that neither training nor `evaluate` uses: by this runs are chosen,
        so that `evaluate` stays a fair measure of the chosen one.
        """
        chosen = self._choose(self.kept)
        if chosen is None:
            return self._judge()
        name = "evaluated" if chosen is self._snapshot.evaluated else "candidate"
        if name not in self._judged:
            self._judged[name] = self._play(JUDGE_EPISODES, "judge", chosen)
        return self._judged[name]

    def keep(self, which: Which) -> None:
        """Makes `policy` the "last" or the "best". A Module that was passed in then holds its weights."""
        which = self._which(which)
        if which != self.kept:
            self.kept, self._evaluation = which, None
        chosen, module = self._choose(which), self._snapshot.module
        if module is not None:
            module.from_vector(self.theta if chosen is None else chosen.theta)

    @property
    def judge_steps(self) -> int:
        """Environment steps that judging has taken so far."""
        return sum(result.steps for result in self._judged.values())

    @property
    def evaluations(self) -> Evaluations:
        """Evaluations along the training (`eval_every`), oldest first; none of their cost is in `steps`."""
        return self._snapshot.evaluations

    @property
    def confirmations(self) -> Evaluations:
        """Policies that looked as if they had reached `until`, as fresh episodes showed them."""
        return self._snapshot.confirmations

    @property
    def confirm_episodes(self) -> int:
        """Episodes that confirming `until` took; they are not in `episodes`."""
        return self._sum("confirm_episodes", lambda: self.confirmations.total("episodes"))

    @property
    def confirm_steps(self) -> int:
        """Environment steps that confirming `until` took, over all restarts; they are not in `steps`."""
        return self._sum("confirm_steps", lambda: self.confirmations.total("steps"))

    def _sum(self, what: str, own: Callable[[], int]) -> int:
        """Over all restarts where there were any, else of this training."""
        return sum(record[what] for record in self.restarts) if self.restarts else own()

    @property
    def episodes(self) -> int:
        """Episodes of training, over all restarts."""
        return self._sum("episodes", lambda: int(self.history["episodes"].sum()))

    @property
    def steps(self) -> int:
        """Environment steps of training, over all restarts."""
        return self._sum("steps", lambda: int(self.history["steps"].sum()))

    def evaluate(self, episodes: int = 100, policy: Which | None = None) -> EvaluationResult:
        """Plays the trained policy from fixed starts that training never uses: the same numbers at every
        call.

        Args:
            episodes: how many; the first n are the same however many are asked for.
            policy: "last" or "best"; None is `policy`.
        """
        episodes = validate.positive_int("episodes", episodes)
        return self._play(episodes, "evaluate", self._choose(self._which(policy)))

    @property
    def evaluation(self) -> EvaluationResult | None:
        """What `policy` is worth: the first `evaluation_episodes` of `evaluate`, played when first asked for
        and saved with the run. None where there are to be none, or where a file's environment is not here.
        """
        wanted = self.evaluation_episodes
        if self._evaluation is None and wanted != 0 and not self.env.absent:
            self._evaluation = self.evaluate(wanted or default_episodes(self.setup.choice.name))
        return self._evaluation

    def plot(self, path: str | os.PathLike[str] | None = None, **options: Any) -> Any:
        """The learning curve, a matplotlib figure; written to `path` when given. See
        `ember_ml.plot.training`.
        """
        from ember_ml.report.curve import training

        return training(self, path, **options)

    def plot_trajectory(self, path: str | os.PathLike[str] | None = None, **options: Any) -> Any:
        """One episode of the trained policy, a matplotlib figure. See `ember_ml.playback.trajectory`."""
        from ember_ml.report.trajectory import trajectory

        return trajectory(self, path, **options)

    def animate(self, path: str | os.PathLike[str] | None = None, **options: Any) -> Any:
        """One episode of the trained policy as a GIF or MP4; without a path shown in a notebook. See
        `ember_ml.playback.animate`.
        """
        from ember_ml.report.movie import animate

        return animate(self, path, **options)

    def report(self, path: str | os.PathLike[str], episode: int = 0) -> Path:
        """Writes one self-contained web page of this training (``.html``). See `ember_ml.es.report`."""
        from ember_ml.es.result.page import check, write

        check(path, episode)
        if not len(self.history):
            raise ValueError("run: its history is empty, so there is nothing to show")
        return write({self.env.name: [self]}, path, episode)

    @property
    def command(self) -> str:
        """What makes this training again: a command line, or a Python program where the shell has no words
        for it. First parameters are taken to be those that the seed draws.
        """
        from ember_ml.es.result.again import again

        return again(self).text

    def save(self, path: str | os.PathLike[str], policy: Which | None = None) -> Path:
        """Writes everything to `path` (npz), in one step; `es.load` gives it back, `es.Trainer.load` trains
        on, from the last update whatever `policy` says.

        Args:
            policy: what `Run.policy` of the file is to be, "last" or "best"; None is as here.
        """
        which = self._which(policy)
        evaluation = self._evaluation if which == self.kept else None
        return writing.save(self._snapshot, path, self._choose(which), evaluation)

    def export(self, path: str | os.PathLike[str], policy: Which | None = None, **options: Any) -> Path:
        """Writes the trained policy for use without this package: by its suffix ``.h`` (C99), ``.onnx`` or
        ``.pt2``.

        Args:
            policy: "last" or "best"; None is `policy`.

        Raises:
            ValueError: another suffix, or a policy that does not compile to a chain of dense layers.
            MissingExtra: the package that the format needs is not installed.
        """
        return self._policy(policy).export(path, **options)

    def to_torch(self) -> Any:
        """The trained policy as a `torch.nn.Module` on raw observations (extra ``torch``)."""
        from ember_ml.policy.export.torch_module import to_torch

        return to_torch(self.policy)

    def explain(self) -> str:
        """What ran where, and why: text."""
        return self._snapshot.explain()

    def __repr__(self) -> str:
        text = f"Run({self.env.name}, seed {self.seed}, {len(self.history)} generations"
        if len(self.history):
            text += f", policy return {self.history[-1]['policy_return']:.2f}"
        return text + (", interrupted" if self.interrupted else "") + ")"
