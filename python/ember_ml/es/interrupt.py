"""Ctrl-C during training: the first ends it at the last whole generation, the second raises."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any


class Interrupt:
    """While entered, SIGINT raises KeyboardInterrupt only where training can be cut (`with
    interrupt.cut():`).

    Elsewhere (an update, a callback, a save) the first one is remembered in `requested`. Outside the main
    thread, or where someone else handles the signal, nothing is changed.
    """

    def __init__(self) -> None:
        self.requested = False
        self.insisted = False
        self._may_cut = False
        self._previous: Any = None
        self._installed = False

    def __enter__(self) -> Interrupt:
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.getsignal(signal.SIGINT)
            if self._previous is signal.default_int_handler:
                signal.signal(signal.SIGINT, self._handle)
                self._installed = True
        return self

    def __exit__(self, *exception: object) -> None:
        if self._installed:
            signal.signal(signal.SIGINT, self._previous)
            self._installed = False

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.insisted = self.requested
        self.requested = True
        if self.insisted or self._may_cut:
            raise KeyboardInterrupt

    def cut(self) -> _Cut:
        return _Cut(self)


class _Cut:
    """`with` block in which an interrupt may raise."""

    def __init__(self, interrupt: Interrupt) -> None:
        self._interrupt = interrupt

    def __enter__(self) -> None:
        self._interrupt._may_cut = True
        if self._interrupt.requested:
            self._interrupt._may_cut = False
            raise KeyboardInterrupt

    def __exit__(self, *exception: object) -> None:
        self._interrupt._may_cut = False
