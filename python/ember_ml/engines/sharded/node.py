"""What a worker does: brings its replica to where the training stands, and evaluates shards."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ember_ml.engines.fitness import fitness_of
from ember_ml.engines.select import choose
from ember_ml.engines.sharded.messages import (
    Answer,
    Assignment,
    Differs,
    Done,
    Failed,
    Shard,
    Work,
    portable,
)
from ember_ml.engines.sharded.shipping import made
from ember_ml.errors import EvaluationError
from ember_ml.policy.observation import combine_leaves
from ember_ml.rollout import Evaluation, ObservationSums, Population


class Node:
    """
    Args:
        assignment: the problem, and the training to follow.
        threads: of the native engine and of updates.
    """

    def __init__(self, assignment: Assignment, threads: int) -> None:
        problem = assignment.problem
        where = replace(problem.where, threads=threads)
        problem = replace(problem, env=made(problem.env), where=where)
        self.engine = choose(problem, assignment.engine).make(problem)
        self.replica = assignment.replica(threads)
        self._scale, self._offset = problem.options.reward_scale, problem.options.reward_offset
        self._snapshots = 0

    def answer(self, work: Work) -> Answer:
        try:
            if not self._catch_up(work):
                return Differs(work.round, work.number, self._snapshots, bool(work.snapshot))
            return self._evaluate(work)
        except Exception as error:  # whatever a user's environment raises
            return Failed(work.round, work.number, portable(error))

    def close(self) -> None:
        self.engine.close()

    def _catch_up(self, work: Work) -> bool:
        """Whether the replica now is in the state that the work needs. Looked at anew for each shard, so that
        a bit that flips is found before the next evaluation.
        """
        if work.snapshot:
            self.replica.load(work.snapshot)
            self._snapshots += 1
        elif not self._snapshots:
            return False
        try:
            for record in work.records:
                self.replica.apply(record)
        except (ArithmeticError, ValueError):  # of a replica that is not what it should be
            return False
        return self.replica.digest() == work.digest

    def _evaluate(self, work: Work) -> Done:
        began = time.perf_counter()
        shard = work.shard
        population = part(self.replica.population(shard.warmup), shard)
        try:
            result = self.engine.evaluate(population, self.replica.normalizer, shard.with_policy)
        except EvaluationError as error:
            raise _in_whole(error, population, shard) from error
        total = combine_leaves(result.leaves)
        fitness = None if self._follows(result) else result.fitness.tobytes()
        return Done(
            work.round,
            work.number,
            np.ascontiguousarray(result.returns).tobytes(),
            fitness,
            np.flatnonzero(result.failed).astype(np.uint32).tobytes(),
            b"" if total is None else packed_sums(total).tobytes(),
            result.policy_returns.tobytes(),
            result.steps,
            time.perf_counter() - began,
        )

    def _follows(self, result: Evaluation) -> bool:
        """Whether the fitness is what the returns alone give, to the bit."""
        if self._offset != 0.0:
            return False
        guess = fitness_of(result.returns, result.failed, self._scale)
        return guess.tobytes() == result.fitness.tobytes()


def part(population: Population, shard: Shard) -> Population:
    """The members of a shard, as a population."""
    rows = population.rows
    if rows is not None:
        rows = np.ascontiguousarray(rows[shard.first : shard.first + shard.directions])
    return replace(population, first_direction=shard.first, directions=shard.directions, rows=rows)


def packed_sums(sums: ObservationSums) -> NDArray[np.float64]:
    return np.concatenate([[sums.count], sums.sum, sums.sum_of_squares])


def unpacked_sums(values: NDArray[np.float64]) -> ObservationSums:
    size = len(values) // 2
    return ObservationSums(float(values[0]), values[1 : 1 + size].copy(), values[1 + size :].copy())


def _in_whole(error: EvaluationError, population: Population, shard: Shard) -> EvaluationError:
    """The error with the member's number in the whole population."""
    if error.member is None or not shard.first:
        return error
    pair = 2 if population.antithetic and population.rows is None else 1
    member = error.member + shard.first * pair
    text = str(error).replace(f"member {error.member}", f"member {member}")
    return EvaluationError(text, error.generation, member)


def result_of(done: Done, shard: Shard, episodes: int, scale: float) -> dict[str, Any]:
    """A shard's part of an Evaluation."""
    returns = np.frombuffer(done.returns).reshape(-1, episodes)
    failed = np.zeros(returns.shape, np.bool_)
    failed.ravel()[np.frombuffer(done.failed, np.uint32)] = True
    fitness = fitness_of(returns, failed, scale) if done.fitness is None else np.frombuffer(done.fitness)
    sums = [unpacked_sums(np.frombuffer(done.sums))] if done.sums else []
    policy_returns = np.frombuffer(done.policy_returns)
    return {
        "returns": returns,
        "failed": failed,
        "fitness": fitness,
        "leaves": sums,
        "policy_returns": policy_returns,
        "steps": done.steps,
    }
