"""Making arrays of the active backend.

`shape` is an integer or a sequence of them. `dtype` is one of `ember_ml.nn.tensor`'s dtype objects, a name, a
numpy dtype or the backend's own. `device` is the backend's word for one: "cpu", and with torch "cuda",
"mps"..., mlx "gpu".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ember_ml.backend import active as _active

Shape = int | Sequence[int]


def as_shape(shape: Shape) -> tuple[int, ...]:
    """`shape` as a tuple.

    Raises:
        ValueError: a length is negative.
    """
    result = (
        tuple(shape)
        if isinstance(shape, list | tuple)
        else ((int(shape),) if isinstance(shape, int | np.integer) else tuple(int(n) for n in shape))
    )
    if result and min(result) < 0:
        raise ValueError(f"shape must not hold negative lengths, got {result}")
    return result


def convert_to_tensor(data: Any, dtype: Any = None, device: Any = None) -> Any:
    """An array of the active backend: of a number (0-d), of a (nested) list, of an array of any kind.

    Python numbers become float32, int32 or bool; arrays keep their dtype where the backend has it; a list of
    arrays is stacked. Nothing is copied if `data` already is what is wanted.

    Raises:
        TypeError: data is no number, array or list of them.
        ValueError: a list is ragged, or the dtype is unknown.
    """
    return _active.convert_to_tensor(data, dtype, device)


def zeros(shape: Shape, dtype: Any = "float32", device: Any = None) -> Any:
    """An array of zeros."""
    return _active.full(as_shape(shape), 0, dtype, device)


def ones(shape: Shape, dtype: Any = "float32", device: Any = None) -> Any:
    """An array of ones."""
    return _active.full(as_shape(shape), 1, dtype, device)


def full(shape: Shape, fill_value: Any, dtype: Any = None, device: Any = None) -> Any:
    """An array of one value; its dtype is the value's if not given."""
    return _active.full(as_shape(shape), fill_value, dtype, device)


def zeros_like(x: Any, dtype: Any = None) -> Any:
    """Zeros of x's shape and dtype."""
    return _active.zeros_like(x, dtype)


def ones_like(x: Any, dtype: Any = None) -> Any:
    """Ones of x's shape and dtype."""
    return full_like(x, 1, dtype)


def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Any:
    """One value in x's shape and dtype."""
    return _active.full(_active.shape(x), fill_value, _active.dtype_name(x) if dtype is None else dtype)


def eye(n: int, m: int | None = None, dtype: Any = "float32", device: Any = None) -> Any:
    """An (n, m) matrix with ones on its diagonal; square if m is None."""
    return _active.eye(n, m, dtype, device)


def arange(
    start: float, stop: float | None = None, step: float = 1, dtype: Any = None, device: Any = None
) -> Any:
    """start, start + step, ... below stop; `arange(n)` is 0 to n - 1. int32 if all are integers, else
    float32.

    Raises:
        ValueError: step is zero.
    """
    if stop is None:
        start, stop = 0, start
    if step == 0:
        raise ValueError("step must not be zero")
    if dtype is None:
        whole = all(isinstance(value, int | np.integer) for value in (start, stop, step))
        dtype = "int32" if whole else "float32"
    return _active.arange(start, stop, step, dtype, device)


def linspace(
    start: float,
    stop: float,
    num: int = 50,
    endpoint: bool = True,
    dtype: Any = "float32",
    device: Any = None,
) -> Any:
    """`num` evenly spaced values from start to stop, stop included if `endpoint`.

    Raises:
        ValueError: num is negative.
    """
    if num < 0:
        raise ValueError(f"num must not be negative, got {num}")
    return _active.linspace(start, stop, num, endpoint, dtype, device)


def meshgrid(*arrays: Any, indexing: str = "xy") -> list[Any]:
    """Coordinate arrays of a grid over 1-D arrays; "xy" swaps the first two axes, "ij" keeps them in order.

    Raises:
        ValueError: `indexing` is neither, or an array is not 1-D.
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"indexing must be 'xy' or 'ij', got {indexing!r}")
    arrays = tuple(_active.convert_to_tensor(x) for x in arrays)
    for x in arrays:
        if len(_active.shape(x)) != 1:
            raise ValueError(f"meshgrid takes 1-D arrays, got shape {_active.shape(x)}")
    order = list(range(len(arrays)))
    if indexing == "xy" and len(arrays) > 1:
        order[0], order[1] = 1, 0
    lengths = [_active.shape(x)[0] for x in arrays]
    grid = tuple(lengths[i] for i in order)
    result = []
    for i, x in enumerate(arrays):
        place = tuple(lengths[i] if j == i else 1 for j in order)
        result.append(_active.broadcast_to(_active.reshape(x, place), grid))
    return result
