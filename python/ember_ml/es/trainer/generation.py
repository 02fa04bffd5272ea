"""Generations of a training: evaluate, record, update. Many in one native call, or one through Python."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ember_ml import _core
from ember_ml.engines.engine import Engine
from ember_ml.es.files.record import Kind
from ember_ml.es.interrupt import Interrupt
from ember_ml.es.state.candidate import Candidate, NativeCandidate
from ember_ml.es.state.setup import Setup
from ember_ml.es.state.training_state import TrainingState
from ember_ml.es.trainer.confirmation import Confirmation
from ember_ml.es.trainer.recording import FLUSH, Recording, Source, record_of, records_of
from ember_ml.es.trainer.turns import Turns
from ember_ml.rollout import Evaluation, Population

if TYPE_CHECKING:
    from ember_ml.es.trainer.limits import Limits

#: A power of two, so that multiplying by it rounds nothing.
_SMALL = 2.0**-300


class Generations:
    """Carries a training on: what was set up, how it stands, and an engine.

    Attributes:
        turns: who may look at the state, or carry it on, now; the caller holds it.
    """

    __slots__ = ("__weakref__", "_claim", "_engine", "recording", "setup", "state", "turns")

    def __init__(self, setup: Setup, state: TrainingState, engine: Engine) -> None:
        self.setup, self.state = setup, state
        self.turns = Turns()
        self._engine: Any = engine if setup.many is None else self._many_workers(engine)
        self.recording: Recording | None = None
        state.strategy.trainer = self._claim = object()

    def check_strategy(self) -> None:
        """Raises RuntimeError where another trainer has taken the strategy over."""
        if self.state.strategy.trainer is not self._claim:
            raise RuntimeError(
                "strategy: another Trainer was given the same object and has started it anew;"
                " give every trainer its own"
            )

    @property
    def engine(self) -> Any:
        """The engine; after `close`, a new one."""
        if self._engine is None:
            engine = self.setup.make_engine()
            self._engine = engine if self.setup.many is None else self._many_workers(engine)
        return self._engine

    def _many_workers(self, engine: Engine) -> Any:
        setup = self.setup
        assert setup.many is not None
        return setup.many.engine(setup.problem, setup.choice.name, Source(self), engine)

    def close(self) -> None:
        """Ends worker processes and closes environments."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    @property
    def runs_natively(self) -> bool:
        """Whether many generations are one native call."""
        setup = self.setup
        return setup.many is None and setup.choice.name == "native" and self.state.strategy.native is not None

    def warm_up(self, interrupt: Interrupt) -> None:
        """One population that only fills the observation statistics, before the first generation."""
        state = self.state
        if self.recording is not None:
            self.recording.look(self)
        statistics = state.observations
        if statistics is None or not self.setup.warmup or statistics.count > 0 or state.generation > 0:
            return
        population = replace(self.population(), noise_purpose="warmup", reset_purpose="warmup")
        with interrupt.cut():
            evaluation = self.engine.evaluate(population, statistics.normalizer)
        statistics.add(evaluation.leaves)
        state.warmed = (evaluation.returns.size, evaluation.steps)
        self._tell("warmup", evaluation)

    def _tell(self, kind: Kind, evaluation: Evaluation) -> None:
        """Whoever follows the training hears what was just done."""
        many, recording = self.setup.many, self.recording
        if many is None and recording is None:
            return
        record = record_of(kind, self, evaluation, recording is not None)
        if many is not None:
            self.engine.told(record.pack())
        if recording is not None:
            recording.add([record])

    def advance(
        self, interrupt: Interrupt, limits: Limits, count: int, looks: Iterable[float | None]
    ) -> bool:
        """Trains one generation, or natively at most `count`, and no longer than up to the first of `looks`,
        `time.perf_counter()` values. Whether `until` is reached.
        """
        if not self.runs_natively:
            return self.one(interrupt, limits.confirmation, limits.origin)
        if limits.last is not None:
            count = min(count, limits.last - self.state.generation)
        now = time.perf_counter()
        seconds, steps = limits.seconds_left(now, looks), limits.steps_left()
        return self._many(interrupt, count, limits.confirmation, seconds, steps, now - limits.origin)

    def _many(
        self,
        interrupt: Interrupt,
        count: int,
        confirmation: Confirmation | None,
        seconds: float,
        steps: float,
        elapsed: float,
    ) -> bool:
        """Up to `count` generations in one native call, whole ones whatever ends it; one call more for each
        that looks as if it had reached `until`. True: it is confirmed.
        """
        state, recording = self.state, self.recording
        log = _core.RunLog()
        if recording is not None:
            recording.look(self)
            log.recording = True
            seconds = min(seconds, FLUSH)
        if state.warmed != (0, 0):
            log.warm_up_episodes, log.warm_up_steps = state.warmed  # counted in the next record
        statistics = state.observations
        trained, spent = (0, 0) if confirmation is None else (confirmation.trained, confirmation.spent)
        confirmed, began, gone = False, time.perf_counter(), 0.0
        if self.turns.native_run(log):
            count = min(count, 1)
        try:
            with interrupt.cut():
                while True:
                    used = log.steps if confirmation is None else log.steps + confirmation.spent - spent
                    _core.run(
                        self.engine.evaluator,
                        state.strategy.native,
                        None if statistics is None else statistics.native,
                        log,
                        generations=count - log.generations,
                        until=math.inf if confirmation is None else confirmation.until,
                        hold=confirmation is not None,
                        confirmed=confirmed,
                        time_budget=max(0.0, seconds - gone),
                        step_budget=2**62 if steps == math.inf else max(1, int(steps) - used),
                        wall_time=elapsed + gone,
                        common_starts=self.setup.common_starts,
                        warm_up=False,
                    )
                    if confirmation is None or log.end != "held":
                        break
                    confirmation.trained = trained + log.steps
                    confirmed = confirmation(self.engine)
                    gone = time.perf_counter() - began
        finally:
            self.turns.native_run(None)
            if log.generations:
                state.warmed = (0, 0)
                state.history.extend_from(log)
                if state.candidate is None or log.candidate_return > state.candidate.policy_return:
                    state.candidate = NativeCandidate(log)
                if confirmation is not None:
                    confirmation.trained = trained + log.steps
                if recording is not None:
                    recording.add(records_of(log))
        return bool(log.end == "until")

    def one(self, interrupt: Interrupt, confirmation: Confirmation | None, origin: float) -> bool:
        """One generation through Python. True: `until` is reached, and confirmed."""
        if self.recording is not None:
            self.recording.look(self)
        state, population = self.state, self.population()
        statistics, normalizer = state.observations, state.normalizer
        with interrupt.cut():
            evaluation: Evaluation = self.engine.evaluate(population, normalizer, True)
            policy_return = _mean(evaluation.policy_returns)
            reached = (
                confirmation is not None and policy_return >= confirmation.until and confirmation(self.engine)
            )
        whole = np.isfinite(evaluation.fitness)
        returns = _row_means(evaluation.returns[whole])
        mean, deviation = _moments(returns)
        strategy = state.strategy
        sigma = float(strategy.mean_sigma)
        with strategy.changes:
            if reached:
                strategy.skip(evaluation.fitness)
            else:
                strategy.tell(evaluation.fitness)
        if statistics is not None and not reached:
            statistics.add(evaluation.leaves)
        if state.candidate is None or policy_return > state.candidate.policy_return:
            state.candidate = Candidate(policy_return, population.generation, population.mean, normalizer)
        episodes, steps = state.warmed
        state.warmed = (0, 0)
        state.history.append(
            generation=population.generation,
            policy_return=policy_return,
            population_mean=mean,
            population_std=deviation,
            population_max=float(returns.max()) if len(returns) else float("nan"),
            episodes=episodes + evaluation.returns.size + evaluation.policy_returns.size,
            steps=steps + evaluation.steps,
            failed=int(evaluation.failed.sum()),
            sigma=sigma,
            update_norm=0.0 if reached else float(strategy.update_norm),
            wall_time=time.perf_counter() - origin,
        )
        if confirmation is not None:
            confirmation.trained += steps + evaluation.steps
        state.elapsed = time.perf_counter() - origin
        self._tell("count" if reached else "update", evaluation)
        return reached

    def population(self) -> Population:
        """The members of the generation that is next."""
        strategy = self.state.strategy
        with strategy.changes:
            population: Population = strategy.population()
        return replace(population, common_starts=True) if self.setup.common_starts else population


def _mean(values: Any) -> float:
    """Sum in index order, float64, divided by the count: what the native loop computes."""
    total = 0.0
    for value in values.tolist():
        total += value
    return total / len(values) if len(values) else float("nan")


def _row_means(returns: Any) -> Any:
    total = np.zeros(len(returns))
    with np.errstate(over="ignore"):
        for column in returns.T:
            total += column
    return total / returns.shape[1]


def _moments(values: Any) -> tuple[float, float]:
    """Mean and standard deviation (of the population, not of a sample), in index order."""
    with np.errstate(over="ignore", invalid="ignore"):
        mean = _mean(values)
        deviation = math.sqrt(_mean((values - mean) ** 2))  # as natively; ** 0.5 is not
        if len(values) and not math.isfinite(deviation):  # sums or squares went past the largest float64
            small = values * _SMALL
            mean = _mean(small)
            deviation = math.sqrt(_mean(((small - mean) * _SMALL) ** 2)) / _SMALL / _SMALL
            mean /= _SMALL
    return mean, deviation
