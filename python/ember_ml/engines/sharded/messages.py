"""What goes between a coordinator and its workers: numbers of shards, returns and sums; never parameters,
but for a worker that joins or differs.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from ember_ml.errors import EvaluationError
from ember_ml.policy.normalizer import Normalizer
from ember_ml.rollout import Population


class Shard(NamedTuple):
    """A range of a population's directions.

    Attributes:
        warmup: of the population that only fills the observation statistics.
        with_policy: also play the unperturbed policy.
    """

    first: int
    directions: int
    warmup: bool
    with_policy: bool


class Work(NamedTuple):
    """One shard to evaluate, and what the worker's replica lacks to stand where the coordinator stands.

    Attributes:
        round: number of the evaluation, which makes late answers known.
        number: of the shard in it.
        digest: of the state that the replica must have.
        snapshot: a whole state to load first; empty in normal running.
        records: updates to make (after the snapshot), one a generation.
    """

    round: int
    number: int
    shard: Shard
    digest: int
    snapshot: bytes
    records: list[bytes]


class Done(NamedTuple):
    """A shard's answer. Arrays travel as their bytes, float64 unless said.

    Attributes:
        returns: (members, episodes) raw.
        fitness: (members,), or None where it follows from the returns.
        failed: uint32, the failed episodes' places in `returns`.
        sums: (1 + 2 * observation values,) count, sums and sums of squares, or empty.
        policy_returns: (episodes,), or empty.
        seconds: that it took.
    """

    round: int
    number: int
    returns: bytes
    fitness: bytes | None
    failed: bytes
    sums: bytes
    policy_returns: bytes
    steps: int
    seconds: float


class Differs(NamedTuple):
    """The replica is not in the state that the shard needs, so it was not evaluated.

    Attributes:
        snapshots: how many the worker has had.
        fresh: although this work brought one.
    """

    round: int
    number: int
    snapshots: int
    fresh: bool


class Failed(NamedTuple):
    """A user's environment or policy failed in a shard."""

    round: int
    number: int
    error: Exception


Answer = Done | Differs | Failed


class Joined(NamedTuple):
    """A worker is ready; `where` names its machine."""

    worker: int
    where: str


class Lost(NamedTuple):
    """A worker is gone, and will not answer."""

    worker: int
    why: str


class Answered(NamedTuple):
    worker: int
    answer: Answer


Event = Joined | Lost | Answered


class Transport(Protocol):
    """How a coordinator reaches workers. Workers have numbers that are never used again.

    Attributes:
        sent, received: bytes so far, as packed.
    """

    sent: int
    received: int

    def submit(self, worker: int, work: Work) -> None:
        """Sends, without waiting; a worker does its work in the order in which it was sent."""

    def poll(self, timeout: float) -> list[Event]:
        """What happened; waits for at most so many seconds where nothing has."""

    def fence(self, worker: int) -> None:
        """Gives a worker up: ends it, if it can be ended, and hears nothing of it any more."""

    def expected(self) -> int:
        """Workers that are there or on their way."""

    def close(self) -> None: ...


class Replica(Protocol):
    """A training's state as each worker has it: it makes every update itself."""

    def load(self, snapshot: bytes) -> None: ...

    def apply(self, record: bytes) -> None: ...

    def digest(self) -> int: ...

    def population(self, warmup: bool) -> Population: ...

    @property
    def normalizer(self) -> Normalizer | None: ...


class Source(Protocol):
    """The training that a coordinator serves."""

    def maker(self) -> Callable[[int], Replica]:
        """Makes a replica with so many threads; can be pickled."""

    def snapshot(self) -> bytes: ...

    def digest(self) -> int: ...


@dataclass(frozen=True)
class Assignment:
    """What a worker is made of: which problem, on which engine, following which training."""

    problem: Any  # engines.select.Problem, with the environment packed
    engine: str
    replica: Callable[[int], Replica]


def pack(message: Any) -> bytes:
    return pickle.dumps(message, protocol=5)


def unpack(data: bytes) -> Any:
    """Of what this program's own processes sent each other; nothing from a file comes here."""
    return pickle.loads(data)


def portable(error: Exception) -> Exception:
    """The error, or one that says the same and can be pickled."""
    try:
        if type(unpack(pack(error))) is type(error):
            return error
    except Exception:
        pass
    text = f"{type(error).__name__}: {error}"
    return EvaluationError(text) if not isinstance(error, ValueError) else ValueError(text)
