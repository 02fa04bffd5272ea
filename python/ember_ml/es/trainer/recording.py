"""What a training passes on of its updates: to a log, and to the replicas of workers."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from ember_ml.atomic_file import check_target
from ember_ml.engines.sharded.messages import Replica
from ember_ml.es.files import checkpoint, log
from ember_ml.es.files.record import Kind, Record, as_values
from ember_ml.es.files.writing import contents, versions
from ember_ml.es.result.history import DTYPE
from ember_ml.es.state.replica import ReplicaMaker, own_optimizer, snapshot_of
from ember_ml.es.state.snapshot import Snapshot
from ember_ml.es.strategies.digest import state_digest
from ember_ml.policy.observation import combine_leaves
from ember_ml.rollout import Evaluation

if TYPE_CHECKING:
    from ember_ml.es.trainer.generation import Generations

#: Seconds of a native run after which what it recorded is written.
FLUSH = 1.0


class Recording:
    """Writes a training's log. It begins, or goes on, when the training does.

    Args:
        path: of the log.
        resume: go on with the log that is there, from where the training stands.

    Raises:
        OSError: there is a file already (without `resume`), or none can be written there.
    """

    def __init__(self, path: str | os.PathLike[str], resume: bool = False) -> None:
        check_target(path, "record")
        if not resume and os.path.exists(path):
            raise log.taken(path)
        self._writer = log.Writer(path)
        self._resume = resume and os.path.exists(path)
        self._begun = False
        self._digest = 0  # of the state after the last frame
        self._search = b""  # the strategy's arguments then
        self._pending: list[bytes] = []  # frames that are not written yet

    def look(self, training: Generations) -> None:
        """Before a generation: what changed since the last one without a record is written down."""
        strategy = training.state.strategy
        search = log.encoded(strategy.config())
        digest = state_digest(strategy, training.state.observations)
        if not self._begun:
            if self._resume:
                self._writer.resume(training.state.generation, digest)
            else:
                self._writer.begin(versions(training.setup.env), digest, _state(training))
            self._begun = True
        elif digest != self._digest:
            self._pending.append(log.frame(log.STATE, _state(training)))
        elif search != self._search:
            self._pending.append(log.frame(log.CONFIG, search))
        self._digest, self._search = digest, search

    def add(self, records: Iterable[Record]) -> None:
        """Writes records; those that cannot be written now are written with the next."""
        for record in records:
            self._pending.append(log.frame(log.GENERATION, record.pack()))
            self._digest = record.digest
        self._writer.add(*self._pending)
        self._pending.clear()


def _state(training: Generations) -> bytes:
    snapshot = Snapshot.of(training.setup, training.state)
    return checkpoint.packed(*contents(snapshot))


def record_of(kind: Kind, training: Generations, evaluation: Evaluation, digest: bool) -> Record:
    """The record of what was just done with `evaluation`."""
    state = training.state
    row = np.zeros(1, DTYPE)[0]
    fitness = np.zeros(0)
    if kind == "warmup":
        row["episodes"], row["steps"] = state.warmed
    else:
        row, fitness = state.history.last(), evaluation.fitness
    sums = as_values(None if state.observations is None else combine_leaves(evaluation.leaves))
    after = state_digest(state.strategy, state.observations) if digest else 0
    return Record(kind, row, fitness, sums, after)


def records_of(run: Any) -> list[Record]:
    """Those of a native run's `_core.RunLog`."""
    rows, digests = run.records(), run.digests
    count = len(digests)
    fitness = run.fitness.reshape(count, -1)
    sums = run.sums.reshape(count, -1)
    kinds: list[Kind] = ["update"] * count
    if run.end == "until":
        kinds[-1] = "count"
    return [
        Record(kind, rows[index].astype(DTYPE), fitness[index], sums[index], int(digests[index]))
        for index, kind in enumerate(kinds)
    ]


class Source:
    """A training as workers follow it (`engines.sharded.messages.Source`)."""

    def __init__(self, training: Generations) -> None:
        self._training = weakref.ref(training)

    def _parts(self) -> tuple[Any, Any, Any]:
        training = self._training()
        assert training is not None  # whoever evaluates holds it
        return training.setup, training.state.strategy, training.state.observations

    def maker(self) -> Callable[[int], Replica]:
        setup, strategy, observations = self._parts()
        size = 0 if observations is None else observations.size
        optimizer = own_optimizer(strategy)
        return ReplicaMaker(strategy.config(), optimizer, size, setup.generations, setup.common_starts)

    def snapshot(self) -> bytes:
        return snapshot_of(*self._parts()[1:])

    def digest(self) -> int:
        return state_digest(*self._parts()[1:])
