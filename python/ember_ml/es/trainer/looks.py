"""What can be seen of a training, always at a whole generation."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from ember_ml import validate
from ember_ml.engines.select import Choice, Problem
from ember_ml.envs.spec import EnvSpec
from ember_ml.es.files.writing import save
from ember_ml.es.result.evaluation import EvaluationResult, evaluate_policy
from ember_ml.es.result.history import History
from ember_ml.es.result.records import Evaluations
from ember_ml.es.state.candidate import Candidate, NativeCandidate
from ember_ml.es.state.setup import Search, Setup
from ember_ml.es.state.snapshot import Snapshot
from ember_ml.es.state.training_state import TrainingState
from ember_ml.es.strategies import Strategy
from ember_ml.es.trainer.explanation import engine_text, explain, explain_snapshot
from ember_ml.es.trainer.generation import Generations
from ember_ml.policy.normalizer import Normalizer
from ember_ml.policy.observation import ObservationStatistics
from ember_ml.policy.trained import TrainedPolicy
from ember_ml.rollout import Float32


class Looks:
    """The part of a trainer that changes nothing: setup, state, policy, file.

    A look from another thread waits for the generation that is under way.
    """

    _training: Generations
    _module: Any

    @property
    def setup(self) -> Setup:
        """What was set up before the first generation."""
        return self._training.setup

    @property
    def state(self) -> TrainingState:
        """How the training stands. In a callback, and while nothing runs, it is at a whole generation."""
        return self._training.state

    @property
    def engine(self) -> Any:
        """The engine; after `close`, a new one."""
        return self._training.engine

    @property
    def strategy(self) -> Strategy:
        return self._training.state.strategy

    @property
    def seed(self) -> int:
        return self.setup.seed

    @property
    def generations(self) -> int | None:
        """The plan."""
        return self.setup.generations

    @property
    def preset(self) -> str | None:
        """The preset that `es.train` took, and why."""
        return self.setup.preset

    @preset.setter
    def preset(self, why: str | None) -> None:
        self._training.setup = replace(self.setup, preset=why)

    @property
    def env(self) -> EnvSpec:
        return self.setup.env

    @property
    def problem(self) -> Problem:
        return self.setup.problem

    @property
    def choice(self) -> Choice:
        """The engine's name, and why not another."""
        return self.setup.choice

    @property
    def observations(self) -> ObservationStatistics | None:
        """Statistics of the observations so far, None where they are not normalised."""
        return self.state.observations

    @property
    def candidate(self) -> Candidate | NativeCandidate | None:
        """The policy with the highest return in training so far."""
        return self.state.candidate

    @property
    def evaluated(self) -> Candidate | None:
        """The best of `evaluations`."""
        return self.state.evaluated

    @property
    def evaluations(self) -> Evaluations:
        """Evaluations along the training (`eval_every`)."""
        return self.state.evaluations

    @property
    def confirmations(self) -> Evaluations:
        """Policies that looked as if they had reached `until`, as fresh episodes showed them."""
        return self.state.confirmations

    @property
    def history(self) -> History:
        """The records so far. A look at a running trainer from another thread, at this or at anything else,
        waits for the generation that is under way."""
        with self._training.turns:
            return self.state.history

    @property
    def generation(self) -> int:
        """Generations finished so far."""
        return len(self.history)

    @property
    def theta(self) -> Float32:
        """The policy that is being trained, float32 (parameters,)."""
        with self._training.turns:
            mean: Float32 = self.strategy.mean
        return mean

    @property
    def normalizer(self) -> Normalizer | None:
        """What the policy sees of observations now, None where they are not normalised."""
        return self.state.normalizer

    @property
    def policy(self) -> TrainedPolicy:
        """The unperturbed policy as it is now, observation statistics included."""
        policy: TrainedPolicy = self._snapshot().policy()
        return policy

    def evaluate(self, episodes: int = 100) -> EvaluationResult:
        """Plays the unperturbed policy from fixed starts that training never uses: the same numbers at every
        call.
        """
        episodes = validate.positive_int("episodes", episodes)
        return evaluate_policy(self._snapshot(), episodes)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes everything to `path` (npz), in one step; `Trainer.load` continues bit for bit.

        Raises:
            OSError: the file cannot be written; what was there before stands.
        """
        return save(self._snapshot(), path)

    def config(self) -> dict[str, Any]:
        """Everything that decides the training, fit for JSON; it is in every saved file."""
        return self._snapshot().config

    def _snapshot(self) -> Snapshot:
        with self._training.turns:
            self._training.check_strategy()
            native = self.choice.name == "native" and self.setup.many is None
            text = "" if native else self.engine.explain()
            return Snapshot.of(self.setup, self.state, self._module, explain_snapshot, text)

    def explain(self) -> str:
        """What runs where, and why: text."""
        with self._training.turns:
            search = Search.of(self.strategy)
            text = engine_text(self.setup, search, self.engine)
            return explain(self.setup, search, self.strategy.parameters, text)
