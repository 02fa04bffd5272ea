"""Backends: one table of primitives each (numpy_backend, torch_backend, mlx_backend), and which one is in
use.
"""

from __future__ import annotations

from ember_ml.backend.select import (
    auto_select_backend,
    get_available_backends,
    get_backend,
    set_backend,
    table,
    using_backend,
)

__all__ = [
    "auto_select_backend",
    "get_available_backends",
    "get_backend",
    "set_backend",
    "table",
    "using_backend",
]
