"""Who may look at a training, or carry it on, now: one thread at a time, in the order in which they came."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any


class Turns:
    """`with turns:` holds a trainer at one whole generation. The same thread may enter again.

    Whoever waits asks the native run that is under way, if there is one, to end at its next whole generation;
    the training goes on when those who came before it have looked.

    Attributes:
        stopped: somebody asked that the run under way ends.
    """

    __slots__ = ("_changed", "_depth", "_owner", "_queue", "_run", "stopped")

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._queue: deque[object] = deque()  # the first one's turn it is
        self._owner = 0
        self._depth = 0
        self._run: Any = None  # the `_core.RunLog` of a native run under way
        self.stopped = False

    def __enter__(self) -> None:
        me = threading.get_ident()
        if self._owner == me:
            self._depth += 1
            return
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
            try:
                while self._queue[0] is not ticket:
                    self.hurry()
                    self._changed.wait()
            except BaseException:
                self._queue.remove(ticket)
                self._changed.notify_all()
                raise
            self._owner, self._depth = me, 1

    def __exit__(self, *exception: object) -> None:
        self._depth -= 1
        if self._depth == 0:
            with self._changed:
                self._owner = 0
                self._queue.popleft()
                self._changed.notify_all()

    def native_run(self, log: Any) -> bool:
        """This run begins, or (None) none is under way any more; for the thread whose turn it is. True:
        others wait already, so it should be one generation long, but not none: nothing would ever be trained.
        """
        with self._changed:
            self._run = log
            if self.stopped and log is not None:
                log.stop = True
            return len(self._queue) > 1

    def stop(self) -> None:
        """Asks the run under way, native or not, to end at its next whole generation."""
        self.stopped = True
        self.hurry()

    def hurry(self) -> None:
        """Asks the native run under way to end at its next whole generation."""
        if self._run is not None:
            self._run.stop = True
