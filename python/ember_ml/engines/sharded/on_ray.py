"""Workers that are actors of a Ray cluster (extra `ray`)."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import socket
import time
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ember_ml.engines.sharded.messages import Answered, Event, Joined, Lost, Work, pack, unpack
from ember_ml.errors import need

if TYPE_CHECKING:
    from ember_ml.engines.sharded.settings import Ray

#: Seconds between looks for nodes that have joined.
NODES = 2.0

#: Seconds in which a cluster's address takes a connection.
REACHED = 10.0

#: A loopback port on which nobody listens: what a process with these proxies asks of the outside ends there.
_NOWHERE = "http://127.0.0.1:9"

#: How a Ray of one machine is started: it listens on loopback alone, and tells nobody that it is used.
LOOPBACK = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_worker_niceness": "0",  # else every other process goes before the workers, which the round waits for
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # else it warns of what it will do about accelerators
    **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), _NOWHERE),
    **dict.fromkeys(("no_proxy", "NO_PROXY"), "127.0.0.1,localhost"),
}


class Actor:
    """What a Ray actor runs; bytes in, bytes out."""

    def __init__(self, assignment: bytes, threads: int) -> None:
        self._assignment, self._threads = assignment, threads
        self._node: Any = None

    def begin(self) -> tuple[str, int]:
        """Makes the engine. Returns the node that it is on and the process, or raises what that raised."""
        from ember_ml.engines.sharded.node import Node

        self._node = Node(unpack(self._assignment), self._threads)
        return str(need("ray", "ray").get_runtime_context().get_node_id()), os.getpid()

    def work(self, data: bytes) -> bytes:
        return pack(self._node.answer(unpack(data)))


class RayTransport:
    """Transport over actors. Their numbers are the order in which they were asked for.

    Raises:
        MissingExtra: ray is not installed.
        ConnectionError: there is no cluster at the address.
        TypeError: an environment or a policy does not load on a node (from `poll`).
    """

    def __init__(self, assignment: bytes, settings: Ray) -> None:
        self._ray = need("ray", "ray")
        self.sent = self.received = 0
        self._settings = settings
        self._owns = not self._ray.is_initialized()
        if self._owns:
            connect(self._ray, settings)
        self._actors: dict[int, Any] = {}
        self._nodes: dict[int, str] = {}  # workers by the node that they were placed on
        self._ready: dict[int, int] = {}  # workers that have begun -> process ids on their machines
        self._pending: dict[Any, int] = {}  # references to answers -> worker
        self._events: deque[Event] = deque()
        self._next = 0
        self._looked = 0.0
        try:
            self._assignment = self._ray.put(assignment)
            self._kind = self._ray.remote(Actor)
            self._place()
        except BaseException:
            self.close()
            raise

    def expected(self) -> int:
        return max(len(self._actors), self._settings.workers or 1)  # what is lost is placed again

    def pids(self) -> dict[int, int]:
        """Process ids of the workers that are ready, on their machines."""
        return dict(sorted(self._ready.items()))

    def add(self, workers: int = 1) -> None:
        """More actors, wherever Ray has room."""
        for _ in range(workers):
            self._start(self._settings.threads or 1, None)

    def remove(self, worker: int) -> None:
        """A worker leaves, whatever it does."""
        self.fence(worker)
        self._events.append(Lost(worker, "it left"))

    def submit(self, worker: int, work: Work) -> None:
        actor = self._actors.get(worker)
        if actor is None:
            return
        data = pack(work)
        self.sent += len(data)
        self._pending[actor.work.remote(data)] = worker

    def poll(self, timeout: float) -> list[Event]:
        now = time.monotonic()
        if now - self._looked > NODES:
            self._looked = now
            self._place()
        found, self._events = list(self._events), deque()
        waiting = list(self._pending)
        if not waiting:
            if not found:
                time.sleep(min(timeout, 0.01))
            return found
        ready, rest = self._ray.wait(waiting, num_returns=1, timeout=0 if found else min(timeout, NODES))
        if ready and rest:
            ready += self._ray.wait(rest, num_returns=len(rest), timeout=0)[0]
        for reference in ready:
            worker = self._pending.pop(
                reference, None
            )  # None: of a worker whose other answer said that it died
            event = None if worker is None else self._heard(worker, reference)
            if event is not None:
                found.append(event)
        return found

    def _heard(self, worker: int, reference: Any) -> Event | None:
        try:
            answer = self._ray.get(reference)
        except self._ray.exceptions.RayActorError as error:
            if worker not in self._actors:
                return None  # one of several answers of a worker that is lost already
            self._forget(worker)
            return Lost(worker, f"its actor ended ({str(error).strip().splitlines()[-1][:200]})")
        except self._ray.exceptions.RayTaskError as error:  # of `begin`: answers hold their errors themselves
            raise TypeError(f"env, policy: a node cannot load them ({error.cause!r})") from error
        if worker not in self._actors:
            return None
        if worker not in self._ready:
            where, self._ready[worker] = answer
            return Joined(worker, where)
        self.received += len(answer)
        return Answered(worker, unpack(answer))

    def fence(self, worker: int) -> None:
        actor = self._actors.get(worker)
        self._forget(worker)
        if actor is not None:
            self._ray.kill(actor, no_restart=True)

    def _forget(self, worker: int) -> None:
        self._actors.pop(worker, None)
        self._nodes.pop(worker, None)
        self._looked = 0.0
        self._ready.pop(worker, None)
        for reference in [r for r, of in self._pending.items() if of == worker]:
            del self._pending[reference]

    def _place(self) -> None:
        """As many actors as were asked for, or one on every node that has none."""
        wanted, threads = self._settings.workers, self._settings.threads
        if wanted is not None:
            while len(self._actors) < wanted:
                self._start(threads or 1, None)
            return
        taken = set(self._nodes.values())
        for node in self._ray.nodes():
            cpus = int(node["Resources"].get("CPU", 0)) if node["Alive"] else 0
            if cpus and node["NodeID"] not in taken:
                self._start(threads or cpus, node["NodeID"])

    def _start(self, threads: int, node: str | None) -> None:
        options: dict[str, Any] = {"num_cpus": threads, "max_restarts": 0, "max_task_retries": 0}
        if node is not None:
            pinned = self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
            options["scheduling_strategy"] = pinned(node, soft=False)
        self._next += 1
        actor = self._kind.options(**options).remote(self._assignment, threads)
        self._actors[self._next] = actor
        if node is not None:
            self._nodes[self._next] = node
        self._pending[actor.begin.remote()] = self._next

    def close(self) -> None:
        """Ends the actors, and Ray where it was started or joined here."""
        if not self._ray.is_initialized():
            return
        for worker in list(self._actors):
            with contextlib.suppress(Exception):  # of a cluster that has gone before
                self.fence(worker)
        if self._owns:
            self._ray.shutdown()
            self._owns = False


def connect(ray: Any, settings: Ray) -> None:
    """Joins a cluster, or starts one of this machine alone."""
    need("ray.util.scheduling_strategies", "ray")
    environment = None if settings.runtime_env is None else dict(settings.runtime_env)
    options: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": True}
    if settings.address not in (None, "local"):
        _join(ray, str(settings.address), {"runtime_env": environment, **options})
        return
    cpus = max(os.cpu_count() or 1, (settings.workers or 1) * (settings.threads or 1))
    constants = importlib.import_module("ray._private.ray_constants")
    former = getattr(constants, "ENABLE_RAY_CLUSTER", None)  # read of the environment when ray is imported
    with _set(LOOPBACK):
        try:
            if former is not None:
                constants.ENABLE_RAY_CLUSTER = False  # type: ignore[attr-defined]
            ray.init(
                address="local", num_cpus=cpus, include_dashboard=False, runtime_env=environment, **options
            )
        finally:
            if former is not None:
                constants.ENABLE_RAY_CLUSTER = former  # type: ignore[attr-defined]


def _join(ray: Any, address: str, options: dict[str, Any]) -> None:
    """Joins a running cluster.

    Raises:
        ConnectionError: there is none, or it does not answer; Ray itself would retry for minutes.
    """
    try:
        host, _, port = address.rpartition("://")[2].rpartition(":")
        if host and port.isdecimal():
            socket.create_connection((host.strip("[]"), int(port)), REACHED).close()
        ray.init(address=address, **options)
    except (OSError, OverflowError) as error:  # OverflowError: of a port that is none
        why = "" if isinstance(error, ConnectionError) and address == "auto" else f" ({error})"
        raise ConnectionError(
            f"address: no Ray cluster answers at {address!r}{why}; `ray start --head` starts one on this"
            " machine, and without an address (`--ray local`) one is started for the training alone"
        ) from error


@contextlib.contextmanager
def _set(values: dict[str, str]) -> Iterator[None]:
    """While a process is started that inherits them."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
