"""Where a coordinator stands: with a round's shards, with each worker, and what happened so far."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from ember_ml.engines.sharded.messages import Done, Shard


@dataclass
class Counts:
    """What happened, since the coordinator was made."""

    rounds: int = 0
    issued: int = 0
    copies: int = 0
    reissued: int = 0
    dropped: int = 0  # answers that came too late, or twice
    joined: int = 0
    lost: int = 0
    frozen: int = 0  # of the lost: those that were given up because a lease ended
    differed: int = 0
    snapshots: int = 0


@dataclass
class Worker:
    where: str
    version: int | None = None  # of its replica; None: it needs a snapshot
    snapshots: int = 0
    leases: dict[tuple[int, int], float] = field(
        default_factory=dict
    )  # (round, shard), in order -> since when


class Round:
    """Where one evaluation stands."""

    def __init__(self, number: int, shards: Sequence[Shard]) -> None:
        self.number = number
        self.shards = shards
        self.waiting = deque(range(len(shards)))
        self.holders: list[set[int]] = [set() for _ in shards]
        self.answers: list[Done | None] = [None] * len(shards)
        self.losses: dict[int, int] = {}
        self.queued: dict[int, None] = {}  # shards that one worker has, behind another shard
        self.begun: dict[int, float] = {}  # shards that are evaluated, in order -> when the last one began
        self.left = len(shards)
