"""The fast path of numpy's functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ember_ml import _core

_f32 = np.dtype(np.float32)
# numpy 1 promotes a 0-d array by value: there a Python float is not always weak.
_FIRST_FLOAT = 0 if int(np.__version__.partition(".")[0]) >= 2 else 99


def numpy_guard(fast: Callable[..., Any], slow: Callable[..., Any], operands: int) -> Callable[..., Any]:
    """A function that is `fast` for float32 arrays and scalars, and `slow`, which converts, for all else."""
    return _core.Guard(fast, slow, np.ndarray, _f32, operands, scalar=np.float32, first_float=_FIRST_FLOAT)
