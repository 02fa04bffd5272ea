"""Generations of a trainer: evaluate, record, update. Many in one native call, or one through Python."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ember_ml import _core
from ember_ml.es.files.snapshot import Candidate, NativeCandidate
from ember_ml.es.interrupt import Interrupt
from ember_ml.es.trainer.confirmation import Confirmation
from ember_ml.rollout import Evaluation, Population

if TYPE_CHECKING:
    from ember_ml.es.trainer.trainer import Trainer


#: A power of two, so that multiplying by it rounds nothing.
_SMALL = 2.0**-300


def warm_up(trainer: Trainer, interrupt: Interrupt) -> None:
    """One population that only fills the observation statistics."""
    statistics = trainer.observations
    if statistics is None or not trainer.warmup or statistics.count > 0 or trainer.generation > 0:
        return
    population = replace(_population(trainer), noise_purpose="warmup", reset_purpose="warmup")
    with interrupt.cut():
        evaluation = trainer.engine.evaluate(population, statistics.mean32, statistics.inverse32, False)
    statistics.add(evaluation.leaves)
    trainer._warmed = (evaluation.lengths.size, evaluation.steps)


def run_natively(
    trainer: Trainer,
    interrupt: Interrupt,
    count: int,
    confirmation: Confirmation | None,
    seconds: float,
    steps: float,
    elapsed: float,
) -> bool:
    """Up to `count` generations in one native call, whole ones whatever ends it; one call more for each that
    looks as if it had reached `until`. True: it is confirmed.
    """
    log = _core.RunLog()
    if trainer._warmed != (0, 0):
        log.warm_up_episodes, log.warm_up_steps = trainer._warmed  # counted in the next record
    statistics = trainer.observations
    trained, spent = (0, 0) if confirmation is None else (confirmation.trained, confirmation.spent)
    confirmed, began, gone = False, time.perf_counter(), 0.0
    if trainer._turns.native_run(log):
        count = min(count, 1)
    if trainer._stop:
        log.stop = True
    try:
        with interrupt.cut():
            while True:
                used = log.steps if confirmation is None else log.steps + confirmation.spent - spent
                _core.run(
                    trainer.engine.evaluator,
                    trainer.strategy.native,
                    None if statistics is None else statistics.native,
                    log,
                    generations=count - log.generations,
                    until=math.inf if confirmation is None else confirmation.until,
                    hold=confirmation is not None,
                    confirmed=confirmed,
                    time_budget=max(0.0, seconds - gone),
                    step_budget=2**62 if steps == math.inf else max(1, int(steps) - used),
                    wall_time=elapsed + gone,
                    common_starts=trainer.common_starts,
                    warm_up=False,
                )
                if confirmation is None or log.end != "held":
                    break
                confirmation.trained = trained + log.steps
                confirmed = confirmation(*trainer.frozen)
                gone = time.perf_counter() - began
    finally:
        trainer._turns.native_run(None)
        if log.generations:
            trainer._warmed = (0, 0)
            trainer.history.extend_from(log)
            if trainer.candidate is None or log.candidate_return > trainer.candidate.policy_return:
                trainer.candidate = NativeCandidate(log)
            if confirmation is not None:
                confirmation.trained = trained + log.steps
    return bool(log.end == "until")


def run_one(trainer: Trainer, interrupt: Interrupt, confirmation: Confirmation | None, origin: float) -> bool:
    """One generation through Python. True: `until` is reached, and confirmed."""
    population = _population(trainer)
    statistics = trainer.observations
    frozen = trainer.frozen
    with interrupt.cut():
        evaluation: Evaluation = trainer.engine.evaluate(population, *frozen, True)
        policy_return = _mean(evaluation.policy_returns)
        reached = confirmation is not None and policy_return >= confirmation.until and confirmation(*frozen)
    whole = np.isfinite(evaluation.fitness)
    returns = _row_means(evaluation.returns[whole])
    mean, deviation = _moments(returns)
    sigma = float(trainer.strategy.mean_sigma)
    with trainer.strategy.changes:
        if reached:
            trainer.strategy.skip(evaluation.fitness)
        else:
            trainer.strategy.tell(evaluation.fitness)
    if statistics is not None and not reached:
        statistics.add(evaluation.leaves)
    if trainer.candidate is None or policy_return > trainer.candidate.policy_return:
        trainer.candidate = Candidate(policy_return, population.generation, population.mean, *frozen)
    episodes, steps = trainer._warmed
    trainer._warmed = (0, 0)
    trainer.history.append(
        generation=population.generation,
        policy_return=policy_return,
        population_mean=mean,
        population_std=deviation,
        population_max=float(returns.max()) if len(returns) else float("nan"),
        episodes=episodes + evaluation.lengths.size + evaluation.policy_lengths.size,
        steps=steps + evaluation.steps,
        failed=int(evaluation.failed.sum()),
        sigma=sigma,
        update_norm=0.0 if reached else float(trainer.strategy.update_norm),
        wall_time=time.perf_counter() - origin,
    )
    if confirmation is not None:
        confirmation.trained += steps + evaluation.steps
    trainer._elapsed = time.perf_counter() - origin
    return reached


def _population(trainer: Trainer) -> Population:
    with trainer.strategy.changes:
        population: Population = trainer.strategy.population()
    return replace(population, common_starts=True) if trainer.common_starts else population


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
