"""Ctrl-C during training: the first ends it at the last whole generation, the second raises. None is lost.

`step()` raises KeyboardInterrupt. `run()` returns what there is, with ``run.interrupted`` set; a loop that
does not look at it and begins another training, over seeds perhaps, gets the KeyboardInterrupt there. Looking
is reading the attribute, or showing the run. Code that follows outside of a loop, another cell of a notebook
or another line typed into an interpreter goes on with the run that it got.
"""

from __future__ import annotations

import _signal  # what `signal` wraps: see Interrupt.__enter__
import dis
import inspect
import signal
import sys
import threading
import weakref
from types import CodeType, FrameType
from typing import Any

_SIGINT = int(signal.SIGINT)

#: How a signal is answered: noted, raised if it is the second, raised at once.
_NOTE, _SECOND, _FIRST = range(3)


class _State:
    """What Ctrl-C has done so far; a training inside another's callback shares it."""

    __slots__ = ("answer", "insisted", "requested", "told")

    def __init__(self) -> None:
        self.requested = self.insisted = self.told = False
        self.answer = _NOTE

    def handle(self, number: int, frame: FrameType | None) -> None:
        second, self.requested, self.told = self.requested, True, False
        if self.answer == _FIRST or (second and self.answer == _SECOND):
            self.insisted = second
            self.answer = _NOTE  # no further Ctrl-C interrupts the clean-up
            raise KeyboardInterrupt


class Interrupt:
    """While entered, SIGINT raises KeyboardInterrupt only where training can be cut (`with
    interrupt.cut():`), and the second one wherever `with interrupt.alert():` is entered.

    Elsewhere it is remembered in `requested`, and raised on leaving unless the trainer has asked `ended_by`.
    Outside the main thread, or where someone else handles the signal, nothing is changed.

    Raises:
        KeyboardInterrupt: on entering, if it ended the training before this one and nobody looked.
    """

    __slots__ = ("_installed", "_state")

    def __init__(self) -> None:
        self._state = _State()
        self._installed = False

    def __enter__(self) -> Interrupt:
        # `signal.signal` tries to turn every handler into an enum, which takes 3 us a call, and more at the
        # first: too much for a training of a few generations.
        if threading.current_thread() is threading.main_thread():
            handler = _signal.getsignal(_SIGINT)
            if handler is signal.default_int_handler:
                if _overlooked is not None:
                    _raise_if_overlooked()
                _signal.signal(_SIGINT, self._state.handle)
                self._installed = True
            elif isinstance(getattr(handler, "__self__", None), _State):
                self._state = handler.__self__
        return self

    def __exit__(self, kind: type[BaseException] | None, *exception: object) -> None:
        if not self._installed:
            return
        # A signal that has come by now is noted; one that comes later is Python's own to raise.
        _signal.signal(_SIGINT, signal.default_int_handler)
        self._installed = False
        state = self._state
        if state.requested and not state.told and (kind is None or not issubclass(kind, KeyboardInterrupt)):
            raise KeyboardInterrupt

    @property
    def requested(self) -> bool:
        return self._state.requested

    @property
    def insisted(self) -> bool:
        return self._state.insisted

    def ended_by(self) -> bool:
        """Whether Ctrl-C was pressed; the caller takes it upon itself to say so."""
        self._state.told = True
        return self._state.requested

    def check(self) -> None:
        """Raises KeyboardInterrupt if it is due."""
        if self._state.requested:
            raise KeyboardInterrupt

    def cut(self) -> _Answer:
        """`with` block in which an interrupt raises."""
        return _Answer(self._state, _FIRST)

    def alert(self) -> _Answer:
        """`with` block in which the second interrupt raises."""
        return _Answer(self._state, _SECOND)


class _Answer:
    __slots__ = ("_answer", "_before", "_state")

    def __init__(self, state: _State, answer: int) -> None:
        self._state = state
        self._answer = answer

    def __enter__(self) -> None:
        state = self._state
        self._before = state.answer
        if self._answer == _FIRST and state.requested:
            raise KeyboardInterrupt
        state.answer = self._answer
        if self._answer == _FIRST and state.requested:  # between those two lines
            state.answer = self._before
            raise KeyboardInterrupt

    def __exit__(self, *exception: object) -> None:
        self._state.answer = self._before


# -------------------------------------------------------------------------------- overlooked interrupts

#: Calls from the top of a program to a training: code objects, and where in them.
Calls = list[tuple[CodeType, int]]

#: The run that Ctrl-C ended and whose `interrupted` has not been read, and where it was called.
_overlooked: tuple[weakref.ref[Any], Calls] | None = None


def remember(run: Any) -> None:
    """Ctrl-C ended `run`, which is being returned."""
    global _overlooked
    if threading.current_thread() is threading.main_thread():
        _overlooked = weakref.ref(run), _calls()


def acknowledge(run: Any) -> None:
    """Somebody looked at `run.interrupted`."""
    global _overlooked
    if _overlooked is not None and _overlooked[0]() is run:
        _overlooked = None


def _raise_if_overlooked() -> None:
    global _overlooked
    if _overlooked is not None and _in_one_loop(_overlooked[1], _calls()):
        _overlooked = None
        raise KeyboardInterrupt(
            "Ctrl-C ended the training before this one, and run.interrupted, which says so, was not looked at"
        )


def _calls() -> Calls:
    """From the code of a script, a module or a notebook's cell to the function that calls this package."""
    frame: FrameType | None = sys._getframe(1)
    calls: Calls = []
    while frame is not None:
        if not frame.f_globals.get("__name__", "").startswith("ember_ml."):
            calls.append((frame.f_code, frame.f_lasti))
            if not frame.f_code.co_flags & inspect.CO_OPTIMIZED:  # no function's body
                break
        frame = frame.f_back
    return calls[::-1]


def _in_one_loop(first: Calls, second: Calls) -> bool:
    """Whether a loop can have led from one to the other."""
    for depth, ((code, at), (other, there)) in enumerate(zip(first, second)):
        if code is not other:
            return depth > 0  # one call twice: a loop that is not written in Python
        if _share_loop(code, min(at, there), max(at, there)):
            return True
        if at != there:
            return False
    return True


def _share_loop(code: CodeType, low: int, high: int) -> bool:
    """Whether a jump backwards in `code` leads from behind `high` to before `low`."""
    jumps = (*dis.hasjrel, *dis.hasjabs)
    return any(
        one.opcode in jumps and one.argval <= low and high <= one.offset for one in dis.get_instructions(code)
    )
