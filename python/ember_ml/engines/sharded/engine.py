"""The engine past one process: a population in shards, on whatever workers there are."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ember_ml.engines.engine import Engine
from ember_ml.engines.select import Problem
from ember_ml.engines.sharded.coordinator import Coordinator
from ember_ml.engines.sharded.ledger import Ledger
from ember_ml.engines.sharded.messages import Assignment, Done, Shard, Source, Transport
from ember_ml.engines.sharded.node import result_of
from ember_ml.engines.sharded.shipping import packed, packed_environment
from ember_ml.policy.normalizer import Normalizer
from ember_ml.rollout import LEAF_DIRECTIONS, Evaluation, Population

if TYPE_CHECKING:
    from ember_ml.engines.sharded.settings import Many

#: Shards for each worker and generation, at most; and the seconds that one should take at least.
SHARDS_A_WORKER, SHORTEST = 16, 0.02

#: Seconds to wait, before the first shards are cut, for workers that are starting.
START = 60.0


class ShardedEngine:
    """Evaluates populations of a training on many workers; what is not of the training (evaluations, fresh
    episodes that confirm a policy) is played in this process, on the same kind of engine.

    Args:
        where: the workers.
        problem: what is evaluated.
        inner: name of the engine that each worker uses.
        source: the training.
        here: such an engine in this process.

    Attributes:
        watch: called with a line about nodes and shards while an evaluation runs.

    Raises:
        TypeError: an environment, a policy or an optimiser cannot be sent to other processes; it says why.
    """

    def __init__(self, where: Many, problem: Problem, inner: str, source: Source, here: Engine) -> None:
        self.name = where.name
        self.where = where
        self.watch: Callable[[str], None] | None = None
        self._problem = problem
        self._inner_name = inner
        self._here = here
        self._ledger = Ledger(source)
        self._packed = _pack(problem, inner, source)
        self._transport: Transport | None = None
        self._coordinator: Coordinator | None = None
        self._finalizer: Any = None
        self._pace = 0.0  # seconds a direction, of one worker
        self.bytes_per_generation = (0, 0)

    # ------------------------------------------------------------------------------------------------- engine

    def evaluate(
        self, population: Population, normalizer: Normalizer | None = None, with_policy: bool = False
    ) -> Evaluation:
        """Returns of every member; `Evaluation.lengths` stays empty, because lengths are not sent.

        Raises:
            EvaluationError: the environment or the policy failed on a worker, or ends its workers.
            RuntimeError: there is no worker, and none comes.
        """
        warmup = population.reset_purpose == "warmup"
        if not warmup and population.reset_purpose != "reset":
            return self._here.evaluate(population, normalizer, with_policy)
        coordinator, transport = self._open()
        before = transport.sent, transport.received
        self._ledger.look()
        shards = self._cut(population.directions, warmup, with_policy, len(coordinator.workers))
        try:
            answers = coordinator.evaluate(shards)
        except (RuntimeError, TypeError) as error:
            if not hasattr(error, "generation"):  # nothing of the user's: the workers themselves
                self.close()
            raise
        self.bytes_per_generation = (transport.sent - before[0], transport.received - before[1])
        seconds = sum(answer.seconds for answer in answers)
        self._pace = seconds / population.directions
        return self._merged(shards, answers)

    def told(self, record: bytes) -> None:
        """The update that the training has made, which replicas will make too."""
        self._ledger.add(record)

    def explain(self) -> str:
        """Which workers there are and what happened to them, in two sentences."""
        kind = f"{self.name} engine: each worker evaluates shards on the {self._inner_name} engine"
        if self._coordinator is None:
            return f"{kind}; none has been started"
        counts = self._coordinator.counts
        sent, received = self.bytes_per_generation
        return (
            f"{kind}; {self._status()}. So far {counts.joined} joined, {counts.lost} were lost"
            f" ({counts.frozen} frozen), {counts.reissued} shards were issued again, {counts.copies} as"
            f" copies, {counts.dropped} late or double answers dropped, {counts.differed} found a replica"
            f" that differed; the last generation sent {sent:,} and received {received:,} bytes"
        )

    def close(self) -> None:
        """Ends all workers; the next evaluation starts new ones."""
        self._coordinator = None
        if self._finalizer is not None:
            self._finalizer()
            self._finalizer = None
        self._transport = None
        self._here.close()

    @property
    def coordinator(self) -> Coordinator:
        """With its workers started."""
        return self._open()[0]

    @property
    def transport(self) -> Transport:
        """With its workers started."""
        return self._open()[1]

    # -------------------------------------------------------------------------------------------------- parts

    def _open(self) -> tuple[Coordinator, Transport]:
        if self._coordinator is None or self._transport is None:
            transport = self._transport = self.where.open(self._packed)
            self._finalizer = weakref.finalize(self, transport.close)
            coordinator = Coordinator(transport, self._ledger, self.where.lease, look=_looker(self))
            try:
                coordinator.wait_for(self.where.planned(), START)
            except BaseException:
                self.close()
                raise
            self._coordinator = coordinator
        return self._coordinator, self._transport

    def _cut(self, directions: int, warmup: bool, with_policy: bool, workers: int) -> list[Shard]:
        """Shards of one size, whole leaves and a power of two of them, so that each sends one sum."""
        size = self.where.shard or self._size(directions, max(1, workers))
        return [
            Shard(first, min(size, directions - first), warmup, with_policy and first == 0)
            for first in range(0, directions, size)
        ]

    def _size(self, directions: int, workers: int) -> int:
        wanted = 2.0  # of shards for each worker, as long as nothing is known
        if self._pace:
            wanted = min(float(SHARDS_A_WORKER), self._pace * directions / workers / SHORTEST)
        most = directions / (workers * max(1.0, wanted))
        size = LEAF_DIRECTIONS
        while 2 * size <= most:
            size *= 2
        return size

    def _merged(self, shards: list[Shard], answers: list[Done]) -> Evaluation:
        options = self._problem.options
        parts = [
            result_of(done, shard, options.episodes, options.reward_scale)
            for shard, done in zip(shards, answers)
        ]
        return Evaluation(
            fitness=np.concatenate([part["fitness"] for part in parts]),
            returns=np.concatenate([part["returns"] for part in parts]),
            lengths=np.zeros((0, options.episodes), np.int32),
            failed=np.concatenate([part["failed"] for part in parts]),
            policy_returns=np.concatenate([part["policy_returns"] for part in parts]),
            leaves=[sums for part in parts for sums in part["leaves"]],
            steps=sum(part["steps"] for part in parts),
        )

    def _status(self) -> str:
        coordinator = self._coordinator
        if coordinator is None:
            return "no workers"
        nodes = len({worker.where for worker in coordinator.workers.values()})
        workers = len(coordinator.workers)
        return (
            f"{nodes} node{'s' * (nodes != 1)}, {workers} worker{'s' * (workers != 1)},"
            f" {coordinator.in_flight} shards in flight"
        )


def _looker(engine: ShardedEngine) -> Callable[[], None]:
    """Tells whoever watches the engine, and does not keep it alive."""
    found = weakref.ref(engine)

    def look() -> None:
        engine = found()
        if engine is not None and engine.watch is not None:
            engine.watch(engine._status())

    return look


def _pack(problem: Problem, inner: str, source: Source) -> bytes:
    env = packed_environment(problem.env)
    travelling = replace(problem, env=env, where=replace(problem.where, workers=None))
    maker = source.maker()
    parts = {"env": env, "policy": problem.policy, "strategy": maker}
    return packed(parts, Assignment(travelling, inner, maker))
