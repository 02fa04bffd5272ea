"""The primitives of the backend in use.

`select.set_backend` copies a table's functions into this module, so that `active.add(x, y)` is one module
lookup and a function imported from `ember_ml.ops` before a switch still reaches the new backend. Nothing else
writes here.
"""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    """Reached before a backend is chosen (it chooses the default), or for a name that no table has."""
    from ember_ml.backend import select

    if not name.startswith("__") and select.choose_default():
        return globals()[name]
    raise AttributeError(f"no backend primitive is called {name!r}")
