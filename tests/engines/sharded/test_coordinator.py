"""The coordinator under a simulated clock: kills, freezes, copies, late answers, replicas that differ."""

from __future__ import annotations

from pathlib import Path

import pytest
from ember_ml.engines.sharded.coordinator import MOST_LOSSES, Coordinator
from ember_ml.engines.sharded.ledger import MOST_RECORDS, Ledger
from ember_ml.engines.sharded.messages import Answered, Differs, Done, Failed, Joined, Lost, Shard
from ember_ml.errors import EvaluationError
from scripts import load_script

BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "cluster_simulation.py"


class Training:
    def __init__(self):
        self.state = 0

    def snapshot(self):
        return b"state %d" % self.state

    def digest(self):
        return self.state


class Scripted:
    """A Transport whose events come from a function: work -> events now."""

    def __init__(self, react, workers=2):
        self.sent = self.received = 0
        self.react, self.events = react, [Joined(n, f"node {n}") for n in range(1, workers + 1)]
        self.now, self.works, self.fenced = 0.0, [], []

    def submit(self, worker, work):
        self.works.append((worker, work))
        self.events += self.react(worker, work)

    def poll(self, timeout):
        found, self.events = self.events, []
        if not found:
            self.now += timeout
        return found

    def fence(self, worker):
        self.fenced.append(worker)

    def expected(self):
        return 2

    def clock(self):
        return self.now


def done(worker, work, text=b""):
    return Answered(worker, Done(work.round, work.number, text, None, b"", b"", b"", 0, 0.0))


SHARDS = [Shard(16 * k, 16, False, k == 0) for k in range(6)]


def coordinator(react, lease=10.0, training=None):
    transport = Scripted(react)
    ledger = Ledger(training or Training())
    ledger.look()
    made = Coordinator(transport, ledger, lease, clock=transport.clock)
    made.wait_for(2, 1.0)
    return made, transport


def test_answers_come_in_the_order_of_the_shards_and_doubles_are_dropped():
    made, transport = coordinator(
        lambda w, work: [done(w, work, b"%d" % work.number), done(w, work, b"again")]
    )
    answers = made.evaluate(SHARDS)
    assert [answer.returns for answer in answers] == [b"%d" % k for k in range(6)]
    assert made.counts.dropped >= 5 and made.counts.reissued == 0
    assert [work.number for _, work in transport.works] == sorted(work.number for _, work in transport.works)


def test_a_dead_worker_costs_its_own_shards():
    died = []

    def react(worker, work):
        if worker == 1 and not died:
            died.append(work.number)
            return [Lost(1, "killed")]
        return [done(worker, work)]

    made, _ = coordinator(react)
    assert len(made.evaluate(SHARDS)) == 6
    assert died == [0] and made.counts.lost == 1 and list(made.workers) == [2]
    assert made.counts.reissued == 2  # the one that it evaluated, and the one that waited


def test_a_frozen_worker_is_given_up_when_its_lease_ends_and_what_it_says_later_is_dropped():
    silent = []

    def react(worker, work):
        if worker == 1:
            silent.append(work)
            return []
        return [done(worker, work)]

    made, transport = coordinator(react, lease=3.0)
    made._copy = False
    made.evaluate(SHARDS)
    assert transport.fenced == [1] and 3.0 <= transport.now < 3.1 and made.counts.frozen == 1
    transport.events.append(done(1, silent[0], b"late"))
    answers = made.evaluate(SHARDS)
    assert made.counts.dropped == 1 and all(answer.returns == b"" for answer in answers)


def test_the_last_shards_are_copied_to_idle_workers_long_before_the_lease_ends():
    transport = None

    def react(worker, work):
        if worker == 1 and work.number == 0:
            return []
        transport.now += 1.0
        return [done(worker, work)]

    made, transport = coordinator(lambda w, work: react(w, work), lease=1000.0)
    made.evaluate(SHARDS)
    assert made.counts.copies >= 1 and transport.now < 20.0 and not transport.fenced


def test_a_replica_that_differs_gets_a_snapshot_and_its_shard_again():
    flipped = []

    def react(worker, work):
        if worker == 1 and work.round == 2 and not flipped:
            flipped.append(work.number)
            return [Answered(1, Differs(work.round, work.number, 1, False))]
        return [done(worker, work)]

    training = Training()
    made, transport = coordinator(react, training=training)
    made.evaluate(SHARDS)
    assert [bool(work.snapshot) for _, work in transport.works].count(True) == 2  # each at its first shard
    training.state = 1
    made._ledger.add(b"record")
    made._ledger.look()
    made.evaluate(SHARDS)
    second = [(worker, work) for worker, work in transport.works if work.round == 2]
    assert [worker for worker, work in second if work.snapshot] == [1]
    assert all(work.digest == 1 for _, work in second)
    assert next(work.records for worker, work in second if worker == 2) == [b"record"]
    assert made.counts.differed == 1


def test_a_replica_that_differs_from_its_snapshot_is_given_up():
    def react(worker, work):
        if worker == 1:
            return [Answered(1, Differs(work.round, work.number, 1, bool(work.snapshot)))]
        return [done(worker, work)]

    made, transport = coordinator(react)
    assert len(made.evaluate(SHARDS)) == 6
    assert transport.fenced == [1]


def test_an_error_of_the_users_ends_the_round_and_the_next_is_whole():
    wrong = [True]

    def react(worker, work):
        if wrong and work.number == 3:
            return [
                Answered(worker, Failed(work.round, work.number, EvaluationError("no such device", 7, 96)))
            ]
        return [done(worker, work)]

    made, _ = coordinator(react)
    with pytest.raises(EvaluationError, match="no such device") as caught:
        made.evaluate(SHARDS)
    assert (caught.value.generation, caught.value.member) == (7, 96)
    wrong.clear()
    assert len(made.evaluate(SHARDS)) == 6


def test_a_shard_that_ends_every_worker_is_named():
    count = [2]

    def react(worker, work):
        if work.number != 4:
            return [done(worker, work)]
        count[0] += 1
        return [Lost(worker, "exit code -11"), Joined(count[0], "node")]

    made, _ = coordinator(react)
    with pytest.raises(EvaluationError, match="directions 64 to 79, the last one because exit code -11"):
        made.evaluate(SHARDS)
    assert made.counts.lost == MOST_LOSSES


def test_a_worker_may_take_minutes_to_join():
    transport = Scripted(lambda worker, work: [done(worker, work)], workers=0)
    made = Coordinator(transport, Ledger(Training()), clock=transport.clock, look=lambda: None)
    with pytest.raises(StopIteration):  # of what watches: it waits still
        made._look = iter([None] * 2000).__next__
        made.wait_for(2, 1000.0)
    assert transport.now > 190.0
    transport.events.append(Joined(1, "node 1"))
    made._look = None
    made.wait_for(1, 1.0)
    assert list(made.workers) == [1]
    made = Coordinator(transport, Ledger(Training()), clock=transport.clock)
    with pytest.raises(RuntimeError, match="no worker has joined for 300 s"):
        made.wait_for(2, 1000.0)


def test_no_worker_and_none_on_its_way():
    made, transport = coordinator(lambda worker, work: [Lost(worker, "killed")])
    transport.expected = lambda: 0
    with pytest.raises(RuntimeError, match="no worker, and none is on its way"):
        made.evaluate(SHARDS)


def test_a_worker_that_missed_too_many_records_gets_a_snapshot():
    training = Training()
    ledger = Ledger(training)
    ledger.look()
    for number in range(MOST_RECORDS + 1):
        training.state = number + 1
        ledger.add(b"%d" % number)
        ledger.look()
    assert ledger.since(ledger.version) == [] and ledger.since(ledger.version - 2) == [b"255", b"256"]
    assert ledger.since(1) is None and ledger.since(None) is None
    assert ledger.snapshot() == b"state 257"


def test_thousands_of_simulated_nodes_train_as_one_process():
    simulation = load_script(BENCHMARK)
    alone = simulation.train(0, 2, 0.0, 0.0, True, 800)
    many = simulation.train(100, 2, 0.03, 0.01, True, 800)
    assert many["digest"] == alone["digest"]
    assert many["counts"].lost > 20 and many["counts"].frozen > 5 and many["counts"].copies > 0
