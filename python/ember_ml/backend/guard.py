"""The fast path of numpy's functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

_f32 = np.dtype(np.float32)


def numpy_guard(fast: Callable[..., Any], slow: Callable[..., Any], arguments: int) -> Callable[..., Any]:
    """A function that is `fast` for float32 arrays and `slow`, which converts, for everything else."""
    ndarray = np.ndarray
    if arguments == 1:

        def unary(x: Any) -> Any:
            if type(x) is ndarray and x.dtype is _f32:
                return fast(x)
            return slow(x)

        return unary

    def binary(x: Any, y: Any) -> Any:
        if type(x) is ndarray and type(y) is ndarray and x.dtype is _f32 and y.dtype is _f32:
            return fast(x, y)
        return slow(x, y)

    return binary
