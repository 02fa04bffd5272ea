"""One change of a strategy at a time: what begins inside another, or beside it, is refused."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

_Method = TypeVar("_Method", bound=Callable[..., Any])


class Changes:
    """Of one strategy: whether a change is under way, and whether a trainer has taken it over.

    While a trainer holds the strategy, only what it does itself between `__enter__` and `__exit__` may move
    it: its callbacks can ask for members and no more, other threads nothing.
    """

    __slots__ = ("_allowed", "_holder", "_lock", "_within")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._within = False  # a change is under way
        self._holder = 0  # the thread whose trainer holds it
        self._allowed = False  # that trainer moves it now

    def begin(self, what: str, moves: bool = True) -> None:
        """Raises RuntimeError if `what` must not begin now; `moves`: it changes the distribution."""
        with self._lock:
            if self._within:
                raise RuntimeError(
                    f"{what}: the strategy is in the middle of another change, around this call or in another"
                    " thread; it stays as that change leaves it"
                )
            other = self._holder != threading.get_ident()
            if self._holder and (other or (moves and not self._allowed)):
                raise RuntimeError(
                    f"{what}: a Trainer is training this strategy; wait until its run has ended"
                )
            self._within = True

    def end(self) -> None:
        self._within = False

    @contextlib.contextmanager
    def one(self, what: str) -> Iterator[None]:
        """`with` block that is one change, such as a callback's to a setting."""
        self.begin(what, False)
        try:
            yield
        finally:
            self.end()

    def hold(self) -> None:
        """A trainer takes the strategy over. Raises RuntimeError if a change is under way."""
        self.begin("run")
        self._holder = threading.get_ident()
        self.end()

    def give_back(self) -> None:
        self._holder = 0

    def __enter__(self) -> None:
        self._allowed = True

    def __exit__(self, *exception: object) -> None:
        self._allowed = False


def change(method: _Method) -> _Method:
    """A method of a strategy that only one call at a time may be in."""

    name = method.__name__

    @functools.wraps(method)
    def guarded(self: Any, *arguments: Any, **named: Any) -> Any:
        changes = self.changes
        changes.begin(name, name not in ("ask", "population"))
        try:
            return method(self, *arguments, **named)
        finally:
            changes.end()

    return guarded  # type: ignore[return-value]
