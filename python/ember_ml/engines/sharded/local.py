"""Workers that are processes of this machine, of the standard library alone."""

from __future__ import annotations

import multiprocessing
import os
import selectors
import signal
import socket
import struct
import time
from collections import deque
from typing import Any

from ember_ml.engines.sharded.messages import Answered, Event, Joined, Lost, Work, pack, unpack
from ember_ml.envs.workers import NO_GUARD, UNGUARDED, _ctrl_c_waits

#: A message is its length and its bytes.
_LENGTH = struct.Struct("<Q")
_CHUNK = 2**20

#: Workers that may end before they are ready, one after the other, until starting more is given up.
MOST_FAILED_STARTS = 3


class _Link:
    """One worker: its process, and what is on its way to and from it. Nothing here ever waits for it."""

    def __init__(self, process: Any, end: socket.socket) -> None:
        self.process = process
        self.end = end
        self.ready = False
        self.out: deque[memoryview] = deque()
        self.got = bytearray()

    def send(self) -> None:
        """What the pipe takes now."""
        while self.out:
            try:
                count = self.end.send(self.out[0][:_CHUNK])
            except (BlockingIOError, InterruptedError):
                return
            if count == len(self.out[0]):
                self.out.popleft()
            else:
                self.out[0] = self.out[0][count:]

    def receive(self) -> tuple[list[bytes], bool]:
        """Whole messages, and whether more may come."""
        alive = True
        while True:
            try:
                data = self.end.recv(_CHUNK)
            except (BlockingIOError, InterruptedError):
                break
            except OSError:
                alive = False
                break
            if not data:
                alive = False
                break
            self.got += data
        messages = []
        while len(self.got) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self.got)
            if len(self.got) < _LENGTH.size + length:
                break
            messages.append(bytes(self.got[_LENGTH.size : _LENGTH.size + length]))
            del self.got[: _LENGTH.size + length]
        return messages, alive


class LocalTransport:
    """Transport over pipes to processes. One that ends is replaced.

    Args:
        assignment: packed.
        workers: processes.
        threads: of each.

    Raises:
        TypeError: an environment or a policy does not load in a worker process (from `poll`).
        RuntimeError: workers end while they start (from `poll`).
    """

    def __init__(self, assignment: bytes, workers: int, threads: int) -> None:
        if getattr(multiprocessing.current_process(), "_inheriting", False):
            os._exit(UNGUARDED)  # a worker that runs the script again; the parent says what to do
        self.sent = self.received = 0
        self._assignment = assignment
        self._threads = threads
        self._context: Any = multiprocessing.get_context("spawn")
        self._links: dict[int, _Link] = {}
        self._selector = selectors.DefaultSelector()
        self._next = 0
        self._failed_starts = 0
        self._events: deque[Event] = deque()
        self._wanted = workers
        try:
            self._replace()
        except BaseException:
            self.close()
            raise

    def add(self, workers: int = 1) -> None:
        """More workers join when they are ready."""
        self._wanted += workers
        self._replace()

    def remove(self, worker: int) -> None:
        """A worker leaves, whatever it does."""
        self._wanted -= 1
        self._end(worker)
        self._events.append(Lost(worker, "it left"))

    def pids(self) -> dict[int, int]:
        """Process ids of the workers that are ready."""
        return {number: link.process.pid for number, link in self._links.items() if link.ready}

    def expected(self) -> int:
        return max(len(self._links), self._wanted)  # what is lost is replaced

    def submit(self, worker: int, work: Work) -> None:
        link = self._links.get(worker)
        if link is None:
            return
        data = pack(work)
        self.sent += len(data)
        link.out.append(memoryview(_LENGTH.pack(len(data)) + data))
        try:
            link.send()
        except OSError:  # it has ended, which `poll` sees
            link.out.clear()
        self._watch(worker, link)

    def poll(self, timeout: float) -> list[Event]:
        found, self._events = list(self._events), deque()
        for key, mask in self._selector.select(0 if found else timeout):
            number = key.data
            link = self._links[number]
            if mask & selectors.EVENT_WRITE:
                try:
                    link.send()
                except OSError:
                    link.out.clear()
                self._watch(number, link)
            if mask & selectors.EVENT_READ:
                messages, alive = link.receive()
                for data in messages:
                    found.append(self._heard(number, link, data))
                if not alive:
                    lost = self._lost(number, link)
                    if lost is not None:
                        found.append(lost)
        self._replace()
        return found

    def _watch(self, number: int, link: _Link) -> None:
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if link.out else 0)
        if self._selector.get_key(link.end).events != wanted:
            self._selector.modify(link.end, wanted, number)

    def _heard(self, number: int, link: _Link, data: bytes) -> Event:
        self.received += len(data)
        message = unpack(data)
        if link.ready:
            return Answered(number, message)
        if isinstance(message, str):
            raise TypeError(f"env, policy: a worker process cannot load them ({message})")
        link.ready = True
        self._failed_starts = 0
        return Joined(number, "this machine")

    def _lost(self, number: int, link: _Link) -> Lost | None:
        ready, code = link.ready, self._end(number)
        if ready:
            return Lost(number, f"its process ended (exit code {code})")
        if code == UNGUARDED:
            raise RuntimeError(NO_GUARD)
        self._failed_starts += 1
        if self._failed_starts >= MOST_FAILED_STARTS:
            raise RuntimeError(
                f"worker processes end while they start (exit code {code}); their message is above. Workers"
                " run this script again, up to `if __name__ == '__main__':`"
            )
        return None

    def fence(self, worker: int) -> None:
        self._end(worker)

    def _end(self, number: int) -> int | None:
        """Ends a worker that may be frozen. Returns its exit code."""
        link = self._links.pop(number, None)
        if link is None:
            return None
        self._selector.unregister(link.end)
        link.end.close()
        if not link.ready:
            link.process.join(1.0)  # it says by itself why it ends
        if link.process.exitcode is None:
            link.process.join(0.05)
        if link.process.exitcode is None:
            link.process.kill()
        link.process.join()
        code: int | None = link.process.exitcode
        link.process.close()
        return code

    def _replace(self) -> None:
        while len(self._links) < self._wanted:
            here, there = socket.socketpair()
            self._next += 1
            process = self._context.Process(
                target=serve,
                args=(there, self._assignment, self._threads),
                name="ember-ml-worker",
                daemon=True,
            )
            try:
                with _ctrl_c_waits():
                    process.start()
            except BaseException:
                here.close()
                raise
            finally:
                there.close()
            here.setblocking(False)
            self._links[self._next] = _Link(process, here)
            self._selector.register(here, selectors.EVENT_READ, self._next)

    def close(self) -> None:
        """Ends all workers: idle ones close their environments and go, others have a second."""
        self._wanted = 0
        for link in self._links.values():
            self._selector.unregister(link.end)
            link.end.close()
        end = time.monotonic() + 1.0
        for link in self._links.values():
            link.process.join(max(0.0, end - time.monotonic()))
            if link.process.exitcode is None:
                link.process.kill()
                link.process.join()
            link.process.close()
        self._links.clear()
        self._selector.close()


def serve(end: socket.socket, assignment: bytes, threads: int) -> None:
    """A worker's loop: ends when the other end of the pipe is gone, however that ended."""
    from ember_ml.engines.sharded.node import Node

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    end.setblocking(True)
    try:
        node = Node(unpack(assignment), threads)
    except Exception as error:
        _put(end, f"{type(error).__name__}: {error}")
        return
    try:
        _put(end, None)
        while (data := _get(end)) is not None:
            _put(end, node.answer(unpack(data)))
    except OSError:
        pass
    finally:
        node.close()


def _put(end: socket.socket, message: Any) -> None:
    data = pack(message)
    end.sendall(_LENGTH.pack(len(data)) + data)


def _get(end: socket.socket) -> bytes | None:
    head = _exactly(end, _LENGTH.size)
    return None if head is None else _exactly(end, _LENGTH.unpack(head)[0])


def _exactly(end: socket.socket, count: int) -> bytes | None:
    data = bytearray(count)
    view, at = memoryview(data), 0
    while at < count:
        got = end.recv_into(view[at:])
        if not got:
            return None
        at += got
    return bytes(data)
