"""Lanes whose environments live in worker processes, for environments that are slow to step.

Each worker owns the lanes whose number leaves its own as remainder and shares nothing with the others; an
episode depends on its seed and actions alone, so results do not depend on the number of workers.
"""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import os
import pickle
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ember_ml.envs.adapters import Adapter
from ember_ml.envs.lanes import LaneError, ObjectLanes, Step

#: Exit code of a worker whose script, for want of the guard, would start workers itself.
UNGUARDED = 86

NO_GUARD = (
    "workers: each worker process runs this script again, up to `if __name__ == '__main__':`; put what trains"
    " behind that line"
)


class RemoteTraceback(Exception):
    """Carries the text of a worker's traceback, as the cause of the exception that was raised there."""


class WorkerLanes:
    """ObjectLanes spread over processes.

    Args:
        factory: makes an adapter; it is pickled once for each worker.
        size: lanes in all.
        workers: processes.
        start_method: "spawn", "forkserver" or "fork".
        forgives: as `Lanes`.

    Raises:
        TypeError: the factory cannot be pickled.
        RuntimeError: a worker ends before it is ready, such as that of a script that starts workers outside
            of `if __name__ == "__main__":`. A worker runs the script, up to that guard.
    """

    refill = True

    def __init__(
        self,
        factory: Callable[[], Adapter],
        size: int,
        workers: int,
        start_method: str = "spawn",
        forgives: bool = False,
    ) -> None:
        if getattr(multiprocessing.current_process(), "_inheriting", False):
            # This process is a worker, and runs the script to find the environment's class in it.
            os._exit(UNGUARDED)  # quietly: the parent says what to do
        try:
            packed = pickle.dumps(factory)
        except Exception as error:
            raise TypeError(
                f"env: it cannot be sent to worker processes ({type(error).__name__}: {error}); pass a "
                "class or a function that a module defines at its top level, or use workers=1"
            ) from error
        self.size = size
        self.forgives = forgives
        self.workers = min(workers, size)
        context: Any = multiprocessing.get_context(start_method)
        self._links: list[Connection] = []
        self._processes: list[Any] = []
        try:
            for _ in range(self.workers):
                here, there = context.Pipe()
                process = context.Process(
                    target=serve, args=(there, packed, size, forgives), name="ember-ml-env", daemon=True
                )
                self._links.append(here)
                try:
                    with _ctrl_c_waits():
                        process.start()
                except (EOFError, ConnectionError) as error:  # of a fork server that ran the script and ended
                    raise RuntimeError(NO_GUARD) from error
                self._processes.append(process)
                there.close()
            for worker in range(self.workers):
                self._ready(worker)
        except BaseException:
            self.close()
            raise

    def _ready(self, worker: int) -> None:
        try:
            answer = self._links[worker].recv()
        except (EOFError, OSError):
            answer = None
        if answer == "ready":
            return
        if answer is not None:
            raise TypeError(
                f"env: a worker process cannot load it ({answer}); pass a class or a function that a "
                "module defines at its top level, or use workers=1"
            )
        self._processes[worker].join(5)
        code = self._processes[worker].exitcode
        if code == UNGUARDED:
            raise RuntimeError(NO_GUARD)
        raise RuntimeError(
            f"a worker process ended while it started (exit code {code}); its message is above. Workers run"
            " this script again, up to `if __name__ == '__main__':`"
        )

    def reset(self, lanes: Sequence[int], seeds: Sequence[int]) -> NDArray[np.float32]:
        (observations,) = self._all("reset", lanes, np.asarray(seeds, np.uint64))
        return observations

    def step(self, lanes: Sequence[int], actions: NDArray[Any]) -> Step:
        observations, rewards, terminated, truncated = self._all("step", lanes, actions)
        return observations, rewards, terminated, truncated

    def _all(self, command: str, lanes: Sequence[int], values: NDArray[Any]) -> list[NDArray[Any]]:
        """Sends every worker its part, then gathers the answers in the order of `lanes`."""
        numbers = np.asarray(lanes)
        parts = [(w, np.flatnonzero(numbers % self.workers == w)) for w in range(self.workers)]
        parts = [(w, part) for w, part in parts if part.size]
        for worker, part in parts:
            try:
                self._links[worker].send((command, numbers[part].tolist(), values[part]))
            except OSError as error:
                raise self._ended(worker, int(numbers[part[0]])) from error
        results: list[NDArray[Any]] = []
        failure: LaneError | None = None
        for worker, part in parts:
            try:
                answer = self._links[worker].recv()
            except (EOFError, OSError) as error:
                raise self._ended(worker, int(numbers[part[0]])) from error
            if isinstance(answer, Failure):
                # The first lane in order, so that the error named is the same for any number of workers.
                if failure is None or answer.lane < failure.lane:
                    failure = LaneError(answer.lane, answer.message)
                    failure.__cause__ = answer.cause()
                continue
            if not results:
                results = [np.empty((len(numbers), *a.shape[1:]), a.dtype) for a in answer]
            for whole, piece in zip(results, answer):
                whole[part] = piece
        if failure is not None:
            raise failure
        return results

    def _ended(self, worker: int, lane: int) -> LaneError:
        self._processes[worker].join(5)
        return LaneError(lane, f"its worker process ended (exit code {self._processes[worker].exitcode})")

    def close(self) -> None:
        """Asks the workers to close their environments, and ends those that do not within five seconds."""
        links, self._links = self._links, []
        processes, self._processes = self._processes, []
        for link in links:
            try:
                link.send(None)
            except OSError:
                pass
        for process in processes:
            process.join(5)
            if process.is_alive():
                process.kill()
                process.join()
            process.close()
        for link in links:
            link.close()


@contextlib.contextmanager
def _ctrl_c_waits() -> Iterator[None]:
    """Ctrl-C reaches a process that starts meanwhile only once that can ignore it, and this one afterwards.

    It goes to all processes of a terminal, and would print a traceback of each that still imports.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # which would let the signal through when it starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Failure:
    """A LaneError on its way through a pipe, with what was raised, if that can be pickled."""

    def __init__(self, error: LaneError) -> None:
        self.lane = error.lane
        self.message = error.message
        cause = error.__cause__
        self.traceback = "".join(traceback.format_exception(cause)) if cause is not None else ""
        try:
            self.packed = pickle.dumps(cause)
        except Exception:
            self.packed = pickle.dumps(None)

    def cause(self) -> BaseException | None:
        """The exception, of its own type, whose cause is the text of the worker's traceback."""
        text = RemoteTraceback(self.traceback) if self.traceback else None
        try:
            cause = _Unpickler(io.BytesIO(self.packed)).load()
        except Exception:  # a class whose constructor takes other arguments than it hands on
            cause = None
        if not isinstance(cause, BaseException):
            return text
        cause.__cause__ = text
        return cause


class _Unpickler(pickle.Unpickler):
    """Finds in the script what a worker knows by the name under which it ran the script."""

    def find_class(self, module: str, name: str) -> Any:
        return super().find_class("__main__" if module == "__mp_main__" else module, name)


def serve(link: Connection, packed: bytes, size: int, forgives: bool) -> None:
    """The worker's loop: ends with a None, or when the other end of the pipe is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    try:
        lanes = ObjectLanes(pickle.loads(packed), size, forgives, diverges=True)
    except Exception as error:
        link.send(f"{type(error).__name__}: {error}")
        return
    link.send("ready")
    try:
        while True:
            message = link.recv()
            if message is None:
                break
            command, numbers, values = message
            try:
                if command == "reset":
                    link.send((lanes.reset(numbers, values.tolist()),))
                else:
                    link.send(lanes.step(numbers, values))
            except LaneError as error:
                link.send(Failure(error))
    except (EOFError, OSError):
        pass
    finally:
        lanes.close()
