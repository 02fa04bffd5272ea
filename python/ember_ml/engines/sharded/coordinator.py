"""Hands a population's shards to workers that come, go, die and freeze, until every shard is answered.

The coordinator knows no processes and no network: a `Transport` does, and a clock is an argument, so that the
same code runs under a simulated one (benchmarks/cluster_simulation.py). A shard is leased. Where its worker
dies, or has not answered when the lease ends, the worker is given up and the shard issued again; near the end
of a round idle workers get copies of the shards that take longest. The first answer counts. A shard's answer
depends on nothing but the shard, so what came when, and from whom, never shows in the result.
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable, Sequence

from ember_ml.engines.sharded.ledger import Ledger
from ember_ml.engines.sharded.messages import (
    Answer,
    Answered,
    Differs,
    Done,
    Joined,
    Lost,
    Shard,
    Transport,
    Work,
)
from ember_ml.engines.sharded.progress import Counts, Round, Worker
from ember_ml.errors import EvaluationError

#: Shards that a worker has at a time: one that it evaluates, and, while there are plenty or they take fewer
#: seconds than this, one that waits, so that it does not wait for the next itself.
DEPTH, SHORT = 2, 0.1

#: Seconds of a lease: of the first shards, at least, and in times of the longest that one took of late.
FIRST_LEASE, LEAST_LEASE, LEASE_TIMES = 300.0, 5.0, 4.0

#: A shard that has taken so many times the usual is given to an idle worker as well, and again where that one
#: takes as long; at most so many have it.
COPY_AFTER, MOST_HOLDERS = 1.25, 4

#: Workers that may end over one shard before it is taken to be the reason.
MOST_LOSSES = 8

#: Seconds without any worker after which waiting for one ends: a first lease, because a worker that has not
#: joined may be compiling an environment, and one that has failed is known to have.
PATIENCE = 300.0

#: Seconds of the shortest wait for a moment that was computed.
LEAST_WAIT = 0.001

#: Seconds between looks at a progress line, which also lets Ctrl-C through.
LOOK = 0.1


class Coordinator:
    """
    Args:
        transport: reaches the workers.
        ledger: what their replicas must know.
        lease: seconds that a shard may take; None: 4 times the longest of late, at least 5 s.
        clock: seconds, monotonic.
        look: called now and then while it waits.
        copy: whether idle workers get copies of the last shards.
    """

    def __init__(
        self,
        transport: Transport,
        ledger: Ledger,
        lease: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        look: Callable[[], None] | None = None,
        copy: bool = True,
    ) -> None:
        self.counts = Counts()
        self.workers: dict[int, Worker] = {}
        self._transport = transport
        self._ledger = ledger
        self._lease = lease
        self._clock = clock
        self._look = look
        self._copy = copy
        self._round = Round(0, ())
        self._leased: list[
            tuple[float, int, tuple[int, int]]
        ] = []  # heap of what is evaluated, by since when
        self._idle: dict[int, None] = {}  # workers without a lease, in the order in which they became so
        self._usual, self._longest = 0.0, 0.0  # seconds from issue to answer
        self._alone_since: float | None = None

    @property
    def in_flight(self) -> int:
        return sum(len(worker.leases) for worker in self.workers.values())

    def wait_for(self, workers: int, seconds: float) -> None:
        """Lets workers join, until there are so many, for at most so long; never longer than until none is
        on its way.
        """
        end = self._clock() + seconds
        while len(self.workers) < min(workers, self._transport.expected()) and self._clock() < end:
            self._hear(min(LOOK, max(0.0, end - self._clock())))
            self._need_workers()

    def evaluate(self, shards: Sequence[Shard]) -> list[Done]:
        """The answers, in the order of the shards.

        Raises:
            EvaluationError: what a user's environment or policy raised, or a shard ends its workers.
            RuntimeError: there is no worker, and none comes.
        """
        self.counts.rounds += 1
        round_ = self._round = Round(self.counts.rounds, shards)
        for number in list(self._idle):  # one each before the second
            self._fill(number, 1)
        for number in list(self.workers):
            self._fill(number)
        while round_.left:
            self._hear(self._until_next())
            self._expire()
            self._hand_copies()
            self._need_workers()
        return [answer for answer in round_.answers if answer is not None]

    # ------------------------------------------------------------------------------------------------- events

    def _hear(self, timeout: float) -> None:
        for event in self._transport.poll(timeout):
            if isinstance(event, Answered):
                self._answered(event.worker, event.answer)
            elif isinstance(event, Joined):
                self.counts.joined += 1
                self.workers[event.worker] = Worker(event.where)
                self._idle[event.worker] = None
                self._fill(event.worker)
            elif isinstance(event, Lost):
                self._give_up(event.worker, event.why)
        if self._look is not None:
            self._look()

    def _answered(self, number: int, answer: Answer) -> None:
        worker = self.workers.get(number)
        since = None if worker is None else worker.leases.pop((answer.round, answer.number), None)
        if worker is None or since is None:
            self.counts.dropped += 1
            return
        round_ = self._round
        now = answer.round == round_.number
        if now:
            self._release(number, answer.number)
        self._start_next(number, worker)
        if isinstance(answer, Done):
            self._done(answer, self._clock() - since, now)
        elif isinstance(answer, Differs):
            self._differs(number, worker, answer, now)
        elif now:
            self._round = Round(round_.number, ())  # what still comes is late
            raise answer.error
        self._fill(number)

    def _done(self, answer: Done, taken: float, now: bool) -> None:
        self._usual = taken if not self._usual else 0.9 * self._usual + 0.1 * taken
        self._longest = max(taken, 0.98 * self._longest)
        round_ = self._round
        if not now or round_.answers[answer.number] is not None:
            self.counts.dropped += 1
            return
        round_.answers[answer.number] = answer
        round_.left -= 1
        round_.begun.pop(answer.number, None)
        round_.queued.pop(answer.number, None)

    def _start_next(self, number: int, worker: Worker) -> None:
        """The worker now evaluates the first of what it has; its lease begins."""
        first = next(iter(worker.leases), None)
        if first is None:
            self._idle[number] = None
            return
        now = self._clock()
        worker.leases[first] = now
        heapq.heappush(self._leased, (now, number, first))
        round_ = self._round
        if first[0] == round_.number and round_.answers[first[1]] is None:
            round_.queued.pop(first[1], None)
            round_.begun.pop(first[1], None)  # to the end: they are in order
            round_.begun[first[1]] = now

    def _differs(self, number: int, worker: Worker, answer: Differs, now: bool) -> None:
        self.counts.differed += 1
        if answer.fresh:
            self._transport.fence(number)
            self._give_up(number, "its replica differs from the snapshot that it was sent")
        elif answer.snapshots == worker.snapshots:
            worker.version = None
        if now:
            self._again(answer.number)

    def _give_up(self, number: int, why: str) -> None:
        worker = self.workers.pop(number, None)
        self._idle.pop(number, None)
        if worker is None:
            return
        self.counts.lost += 1
        round_ = self._round
        for in_round, shard in worker.leases:
            if in_round != round_.number:
                continue
            self._release(number, shard)
            losses = round_.losses[shard] = round_.losses.get(shard, 0) + 1
            if losses >= MOST_LOSSES:
                self._round = Round(round_.number, ())
                part = round_.shards[shard]
                raise EvaluationError(
                    f"{losses} workers ended one after the other over directions {part.first} to"
                    f" {part.first + part.directions - 1}, the last one because {why}"
                )
            self._again(shard)

    def _release(self, number: int, shard: int) -> None:
        """The worker does not have the shard any more."""
        round_ = self._round
        holders = round_.holders[shard]
        holders.discard(number)
        if not holders:
            round_.begun.pop(shard, None)
            round_.queued.pop(shard, None)
        elif round_.answers[shard] is None and shard not in round_.queued:
            round_.begun.setdefault(shard, self._clock())

    def _again(self, shard: int) -> None:
        round_ = self._round
        if round_.answers[shard] is None and not round_.holders[shard]:
            round_.waiting.appendleft(shard)
            self.counts.reissued += 1
            for number in list(self._idle)[:1]:
                self._fill(number)

    # ------------------------------------------------------------------------------------------------ issuing

    def _fill(self, number: int, most: int = DEPTH) -> None:
        """Gives a worker what it should have, of what waits."""
        worker, round_ = self.workers.get(number), self._round
        if worker is None:
            return
        while round_.waiting:
            plenty = len(round_.waiting) > len(self.workers) or 0.0 < self._usual < SHORT
            if len(worker.leases) >= (most if plenty else 1):
                return
            self._issue(number, worker, round_.waiting.popleft())

    def _issue(self, number: int, worker: Worker, shard: int) -> None:
        round_, ledger = self._round, self._ledger
        records, snapshot = ledger.since(worker.version), b""
        if records is None:
            records, snapshot = [], ledger.snapshot()
            worker.snapshots += 1
            self.counts.snapshots += 1
        worker.version = ledger.version
        round_.queued.pop(shard, None)
        round_.holders[shard].add(number)
        if len(round_.holders[shard]) == 1:
            round_.queued[shard] = None
        worker.leases[round_.number, shard] = self._clock()
        if len(worker.leases) == 1:
            self._idle.pop(number, None)
            self._start_next(number, worker)
        self.counts.issued += 1
        work = Work(round_.number, shard, round_.shards[shard], ledger.digest, snapshot, records)
        self._transport.submit(number, work)

    def _lease_now(self) -> float:
        if self._lease is not None:
            return self._lease
        return max(LEAST_LEASE, LEASE_TIMES * self._longest) if self._longest else FIRST_LEASE

    def _oldest(self) -> tuple[float, int] | None:
        """Since when which worker has evaluated what it has, of all the longest."""
        while self._leased:
            since, number, key = self._leased[0]
            worker = self.workers.get(number)
            if worker is not None and worker.leases.get(key) == since:
                return since, number
            heapq.heappop(self._leased)
        return None

    def _expire(self) -> None:
        """Gives up workers whose lease has ended."""
        now = self._clock()
        while (oldest := self._oldest()) is not None and oldest[0] + self._lease_now() <= now:
            since, number = oldest
            self.counts.frozen += 1
            self._transport.fence(number)
            self._give_up(number, f"it gave no answer for {now - since:.1f} s")

    def _hand_copies(self) -> None:
        """Gives idle workers what others have had for long, or have not begun."""
        round_ = self._round
        while self._copy and self._idle and not round_.waiting:
            shard = next(iter(round_.queued), None)
            if shard is None:
                if self._until_copy() > 0.0:
                    return
                shard = next(iter(round_.begun))
                if len(round_.holders[shard]) >= MOST_HOLDERS:
                    del round_.begun[shard]
                    continue
            number = next(iter(self._idle))
            self.counts.copies += 1
            self._issue(number, self.workers[number], shard)

    def _until_copy(self) -> float:
        """Seconds until the shard that is evaluated for the longest is to be copied."""
        since = next(iter(self._round.begun.values()), None)
        if since is None or not self._usual:
            return math.inf
        return since + COPY_AFTER * self._usual - self._clock()

    def _until_next(self) -> float:
        """Seconds until something is to be done even if nothing happens."""
        now = self._clock()
        wait = LOOK if self._look is not None else PATIENCE
        oldest = self._oldest()
        if oldest is not None:
            wait = min(wait, oldest[0] + self._lease_now() - now)
        if self._copy and self._idle and not self._round.waiting:
            wait = min(wait, self._until_copy())
        return max(LEAST_WAIT, wait)  # so that it is over then, whatever the difference was rounded to

    def _need_workers(self) -> None:
        if self.workers:
            self._alone_since = None
            return
        now = self._clock()
        if self._alone_since is None:
            self._alone_since = now
        if self._transport.expected() == 0 or now - self._alone_since > PATIENCE:
            raise RuntimeError(
                "there is no worker, and none is on its way"
                if self._transport.expected() == 0
                else f"no worker has joined for {PATIENCE:.0f} s"
            )
