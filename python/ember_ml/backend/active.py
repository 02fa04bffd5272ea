"""The primitives of the backend in use.

`select.set_backend` copies a table's functions into this module, so that `active.add(x, y)` is one module
lookup and a function imported from `ember_ml.ops` before a switch still reaches the new backend. Nothing else
writes here. Until a backend is chosen, the module's `__getattr__`, which `select` puts here too, chooses the
default.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...
