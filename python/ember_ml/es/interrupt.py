"""Ctrl-C during training: the first ends it at the last whole generation, the second raises."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # what `signal` wraps: see Interrupt.__enter__
import signal
import threading
from types import FrameType

_SIGINT = int(signal.SIGINT)


class Interrupt:
    """While entered, SIGINT raises KeyboardInterrupt only where training can be cut (`with
    interrupt.cut():`).

    Elsewhere (an update, a callback, a save) the first one is remembered in `requested`. Outside the main
    thread, or where someone else handles the signal, nothing is changed.
    """

    __slots__ = ("_installed", "_may_cut", "insisted", "requested")

    def __init__(self) -> None:
        self.requested = False
        self.insisted = False
        self._may_cut = False
        self._installed = False

    def __enter__(self) -> Interrupt:
        # `signal.signal` tries to turn every handler into an enum, 3 us at each call and more when it is
        # cold; a short training notices.
        if (
            threading.current_thread() is threading.main_thread()
            and _signal.getsignal(_SIGINT) is signal.default_int_handler
        ):
            _signal.signal(_SIGINT, self._handle)
            self._installed = True
        return self

    def __exit__(self, *exception: object) -> None:
        if self._installed:
            _signal.signal(_SIGINT, signal.default_int_handler)
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
