"""What a user says of many workers: `engines.Local` and `engines.Ray`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from ember_ml import validate
from ember_ml.rollout import LEAF_DIRECTIONS

if TYPE_CHECKING:
    from ember_ml.engines.sharded.messages import Source, Transport


@dataclass(frozen=True, kw_only=True)
class Many:
    """What both kinds share."""

    name: ClassVar[str] = ""

    workers: int | None = None
    threads: int | None = None
    lease: float | None = None
    shard: int | None = None

    def __post_init__(self) -> None:
        for name, most in (("workers", validate.MOST_DIRECTIONS), ("threads", validate.MOST_THREADS)):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, validate.positive_int(name, value, most))
        if self.lease is not None:
            object.__setattr__(self, "lease", validate.positive("lease", self.lease))
        if self.shard is not None:
            size = validate.positive_int("shard", self.shard, validate.MOST_DIRECTIONS)
            leaves = size // LEAF_DIRECTIONS
            if size % LEAF_DIRECTIONS or leaves & (leaves - 1):
                raise ValueError(
                    f"shard: got {size} directions, wanted {LEAF_DIRECTIONS} times a power of two, as"
                    f" {LEAF_DIRECTIONS}, {2 * LEAF_DIRECTIONS}, {4 * LEAF_DIRECTIONS}"
                )

    def open(self, assignment: bytes) -> Transport:
        """Starts workers."""
        raise NotImplementedError

    def planned(self) -> int:
        """Workers to wait for before the first shards are cut; others may join at any time."""
        raise NotImplementedError

    def engine(self, problem: Any, name: str, source: Source, here: Any) -> Any:
        """The engine that evaluates a training on these workers (`ShardedEngine`)."""
        from ember_ml.engines.sharded.engine import ShardedEngine

        return ShardedEngine(self, problem, name, source, here)


@dataclass(frozen=True, kw_only=True)
class Local(Many):
    """Evaluate on processes of this machine: ``es.Trainer(..., engine=engines.Local(workers=4))``.

    For environments written in Python, and to try what a cluster would do; native environments are faster in
    one process with threads. A process that dies is replaced, one that freezes is ended and replaced, and the
    results are those of one process, bit for bit. Standard library only. A script that trains so must do it
    behind ``if __name__ == "__main__":``.

    Args:
        workers: processes; None: one a core.
        threads: of the native engine in each; None: the cores shared out.
        lease: seconds that one shard may take before its worker is taken for frozen; None: 4 times the
            longest of late, at least 5.
        shard: directions that are handed out at a time, 16 times a power of two; None: by what they took
            so far. Results do not depend on it.

    Raises:
        ValueError, TypeError: naming the argument, what came and what was wanted.
    """

    name: ClassVar[str] = "local"

    def planned(self) -> int:
        return self.workers or os.cpu_count() or 1

    def open(self, assignment: bytes) -> Transport:
        from ember_ml.engines.sharded.local import LocalTransport

        workers = self.planned()
        threads = self.threads or max(1, (os.cpu_count() or 1) // workers)
        return LocalTransport(assignment, workers, threads)


@dataclass(frozen=True)
class Ray(Many):
    """Evaluate on a Ray cluster: ``es.Trainer(..., engine=engines.Ray("auto"))``. Needs `ember-ml[ray]`.

    Nodes may join and leave while a training runs, die or freeze: results are those of one process, bit for
    bit. See docs/distributed.md.

    Args:
        address: of the cluster, "auto" for the one that this machine belongs to; None: a Ray that is running
            in this process already, else a new one on this machine alone, which listens on loopback and ends
            with the training.
        workers: actors in all, placed by Ray; None: one on each node, also on those that join later.
        threads: of the native engine in each actor, and the CPUs that it reserves; None: all of a node, or
            with `workers` one.
        lease, shard: as `Local`.
        runtime_env: of Ray, for what the nodes need of your code (`working_dir`, `pip`, `env_vars`, ...).

    Raises:
        ValueError, TypeError: naming the argument, what came and what was wanted.
        MissingExtra: ray is not installed (when training begins).
    """

    name: ClassVar[str] = "ray"

    address: str | None = None
    runtime_env: Mapping[str, Any] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.address is not None and not (isinstance(self.address, str) and self.address):
            raise TypeError(f"address: got {self.address!r}, wanted 'auto', 'host:port' or None")
        if self.runtime_env is not None and not isinstance(self.runtime_env, Mapping):
            raise TypeError(f"runtime_env: got {type(self.runtime_env).__name__}, wanted a dict")

    def planned(self) -> int:
        return self.workers or 1

    def open(self, assignment: bytes) -> Transport:
        from ember_ml.engines.sharded.on_ray import RayTransport

        return RayTransport(assignment, self)


#: Engines by name that evaluate on many workers.
KINDS: dict[str, type[Many]] = {kind.name: kind for kind in (Local, Ray)}


def as_many(engine: Any, workers: int | None = None) -> Many | None:
    """What `engine=` says of many workers; None where it names an engine of this process.

    Args:
        workers: of an engine that is only named.

    Raises:
        ValueError: `workers` beside an engine that has its own.
    """
    if isinstance(engine, Many):
        if workers is not None:
            kind = type(engine).__name__
            raise ValueError(
                f"workers: got {workers}, but the engine says itself: engines.{kind}(workers=...)"
            )
        return engine
    return KINDS[engine](workers=workers) if isinstance(engine, str) and engine in KINDS else None
