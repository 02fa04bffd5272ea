"""Pictures in a Jupyter notebook: each shows once, whether it ends its cell or stands in the middle.

A picture made in a cell waits until the cell has run. If it was displayed by then (it was the cell's last
expression, or somebody called `display`), nothing more happens; else it is displayed below the cell.
"""

from __future__ import annotations

import sys
from typing import Any

_waiting: list[Any] = []


def kernel_shell() -> Any:
    """IPython's shell where this process is the kernel of a notebook, else None."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell if getattr(shell, "kernel", None) is not None else None


def show_after_cell(picture: Any) -> None:
    """Has `picture` displayed below the running cell, unless it is displayed before; elsewhere nothing."""
    shell = kernel_shell()
    if shell is None:
        return
    if not any(callback is _show_waiting for callback in shell.events.callbacks["post_execute"]):
        shell.events.register("post_execute", _show_waiting)
    _waiting.append(picture)


def displayed(picture: Any) -> None:
    """Says that `picture` has been displayed, so it does not wait any longer."""
    _waiting[:] = [other for other in _waiting if other is not picture]


def _show_waiting() -> None:
    pictures = _waiting.copy()
    _waiting.clear()
    for picture in pictures:
        sys.modules["IPython"].display.display(picture)


def has_formatter(picture: Any) -> bool:
    """Whether the notebook has its own way to show this kind, as matplotlib's inline backend sets up."""
    shell = kernel_shell()
    if shell is None:
        return False
    for kind, formatter in shell.display_formatter.formatters.items():
        if kind.startswith("image/"):
            try:
                formatter.lookup(picture)
            except KeyError:
                continue
            return True
    return False
