"""The program ``ember-ml``."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator, Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None, prog: str = "ember-ml") -> int:
    """Runs one command of the program. Returns the exit code."""
    with _interruptible():
        from ember_ml.cli import program
    return program.main(arguments, prog)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """While modules are imported: Ctrl-C ends the process without a word.

    A KeyboardInterrupt would print a traceback, or become an ImportError of numpy's.
    """
    handler = signal.getsignal(signal.SIGINT)
    if handler is not signal.default_int_handler or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
