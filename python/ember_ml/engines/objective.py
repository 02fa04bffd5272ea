"""The engine of objectives: a function of the model gives each member's fitness."""

from __future__ import annotations

from typing import Any

import numpy as np

from ember_ml.engines.fitness import fitness_of
from ember_ml.envs.spec import EnvSpec
from ember_ml.errors import EvaluationError, Infeasible
from ember_ml.policy.models import models_of
from ember_ml.policy.normalizer import Normalizer
from ember_ml.rollout import EpisodeOptions, Evaluation, Float32, Float64, Population


class ObjectiveEngine:
    """Evaluates populations by ``f(model, generation)``, member by member, or where it is batched in chunks
    of at most 64 MB of members. A member's one "episode" of one "step" is one evaluation.

    Args:
        env: `envs.objective.as_env`.
        policy: a TorchPolicy, an Ember Module or a PolicySpec.
        device: where a torch module runs.
        options: fields of EpisodeOptions, of which `on_error`, `reward_scale` and `reward_offset` count.
    """

    name = "objective"

    def __init__(self, env: EnvSpec, policy: Any, *, device: str | None = None, **options: Any) -> None:
        self.env = env
        self.options = EpisodeOptions(**options)
        self.f, self.batched = env.factory.f, env.factory.batched
        self._forgives = self.options.on_error == "rank_last"
        self._models = models_of(policy, device)

    def evaluate(
        self, population: Population, normalizer: Normalizer | None = None, with_policy: bool = False
    ) -> Evaluation:
        """Fitness of every member. See rollout.py.

        Raises:
            EvaluationError: f raised, or gave NaN or an infinity.
            TypeError, ValueError: what f gives is no number, or not one a member.
        """
        members = population.members
        values = np.zeros(members + 1)
        for first, rows in self._models.chunks(population) if self.batched else population.chunks():
            values[first : first + len(rows)] = self._values(population, rows, first)
            del rows  # before the next are made
        if with_policy:
            mean = np.ascontiguousarray(population.mean, np.float32)[None]
            values[members:] = self._values(population, mean, members)
        failed = ~np.isfinite(values)
        returns = np.where(failed, 0.0, values)[:, None]
        sums = returns - self.options.reward_offset
        lengths = np.ones((members + 1, 1), np.int32)
        evaluation = Evaluation(
            fitness=fitness_of(sums[:members], failed[:members, None], self.options.reward_scale),
            returns=returns[:members],
            lengths=lengths[:members],
            failed=failed[:members, None],
            steps=members + bool(with_policy),
        )
        if with_policy:
            evaluation.policy_returns = values[members:] if not failed[members] else np.array([-np.inf])
            evaluation.policy_lengths = lengths[members]
        return evaluation

    def _values(self, population: Population, rows: Any, first: int) -> Float64:
        if not self.batched:
            each = [self._one(population, row, first + number) for number, row in enumerate(rows)]
            return np.array(each, np.float64)
        model = self._models.many(rows)
        values = _numbers(self._call(population, model, first), f"{len(rows)} members", (len(rows),))
        for number in np.flatnonzero(~np.isfinite(values)).tolist():
            if not self._forgives:
                raise self._error(population, first + number, f"it gave {values[number]}")
        return values

    def _one(self, population: Population, row: Float32, member: int) -> float:
        try:
            answer = self._call(population, self._models.one(row), member)
        except EvaluationError as error:
            if self._forgives and isinstance(error.__cause__, Infeasible):
                return np.nan
            raise
        value = float(_numbers(answer, "a member", ()))
        if not np.isfinite(value) and not self._forgives:
            raise self._error(population, member, f"it gave {value}")
        return value

    def _call(self, population: Population, model: Any, member: int) -> Any:
        try:
            return self.f(model, population.generation)
        except Exception as error:
            what = f"it raised {type(error).__name__}: {error}"
            raise self._error(population, member, what) from error

    def _error(self, population: Population, member: int, message: str) -> EvaluationError:
        policy = member >= population.members
        who = "the unperturbed policy" if policy else f"member {member}"
        if self.batched and "raised" in message:
            who = f"{who} and those after it"
        named = self.env.name if self.env.name == "objective" else f"objective: {self.env.name}"
        return EvaluationError(
            f"{named}: {message} (generation {population.generation}, {who})",
            generation=population.generation,
            member=None if policy else member,
        )

    def explain(self) -> str:
        """How members are evaluated, in a sentence."""
        how = "for chunks of members at once" if self.batched else "member by member"
        return f"objective engine: {self.env.name}(model, generation) {how}"

    def close(self) -> None:
        """Nothing to do."""


def _numbers(answer: Any, of: str, shape: tuple[int, ...]) -> Float64:
    """What f gave as float64 of that shape; one number may come in any shape."""
    wanted = "one number (or batched=True)" if shape == () else f"an array of shape {shape}"
    try:
        values = np.asarray(answer.detach().cpu() if hasattr(answer, "detach") else answer)
        if values.dtype.kind not in "fiub":
            raise TypeError
        values = values.astype(np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"objective: got {answer!r:.200} of {of}, wanted {wanted}") from None
    if shape == () and values.size == 1:
        return values.reshape(())
    if values.shape != shape:
        raise ValueError(f"objective: got an array of shape {values.shape} of {of}, wanted {wanted}")
    return values
