"""Anything a user may hand over -> a numpy array: the slow path that the tables share."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ember_ml.backend.dtypes import ALL, KIND, promote
from ember_ml.backend.holder import ArrayHolder

_KNOWN = frozenset(np.dtype(str(name)) for name in ALL)
_DEFAULTS: tuple[Any, ...] = (np.bool_, np.int32, np.float32)  # by kind, as in dtypes.KIND


def is_torch(x: object) -> bool:
    """Whether x is a torch tensor, without importing torch (no tensor exists before that)."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(x, torch.Tensor)


def is_mlx(x: object) -> bool:
    """Whether x is an mlx array, without importing mlx."""
    mx = sys.modules.get("mlx.core")
    return mx is not None and isinstance(x, mx.array)


def scalar_kind(x: object) -> int | None:
    """0 for bool, 1 for int, 2 for float, if x is a plain Python number (which is weak in promotion), else
    None.
    """
    kind = type(x)
    if kind is float:
        return 2
    if kind is int:
        return 1
    if kind is bool:
        return 0
    return None


def to_host(data: Any) -> NDArray[Any]:
    """A numpy array of any data: an array of any backend, a Parameter, a number, a (nested) list of these.

    Python numbers become float32, int32 (int64 if too large) or bool; arrays keep their dtype; in a list,
    Python numbers follow the arrays next to them.

    Raises:
        TypeError: what came is no number, array or list of them.
        ValueError: a list is ragged.
    """
    if isinstance(data, np.ndarray):
        return _checked(data)
    if isinstance(data, ArrayHolder):
        return to_host(data.data)
    kind = scalar_kind(data)
    if kind is not None:
        return _numbers(data, kind)
    if isinstance(data, np.generic):
        return _checked(np.asarray(data))
    if isinstance(data, list | tuple):
        return _stack(data)
    if is_torch(data):
        return data.detach().cpu().numpy()  # type: ignore[no-any-return]
    if is_mlx(data):
        return np.array(data)
    if isinstance(data, range):
        return np.arange(data.start, data.stop, data.step, dtype=np.int32)
    if hasattr(data, "__array__"):
        return _checked(np.asarray(data))
    if isinstance(data, Iterable) and not isinstance(data, str | bytes | dict | set):
        return _stack(list(data))
    raise TypeError(f"expected an array, a number or a list of them, got {type(data).__name__}")


def _checked(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype in _KNOWN:
        return array
    if (
        array.dtype.kind in "biuf"
    ):  # uint16 to uint64, long double, another byte order: the nearest that there is
        return array.astype(
            {"u": np.int32 if array.dtype.itemsize < 4 else np.int64, "f": np.float64}.get(
                array.dtype.kind, array.dtype.newbyteorder("=")
            )
            if array.dtype.name not in ALL
            else array.dtype.name
        )
    raise TypeError(f"expected real numbers or booleans, got an array of dtype {array.dtype}")


def _numbers(data: Any, kind: int) -> NDArray[Any]:
    if kind != 1:
        return np.array(data, _DEFAULTS[kind])
    whole = np.array(data, np.int64)
    narrow = whole.astype(np.int32)
    return narrow if (narrow == whole).all() else whole


def _stack(items: Iterable[Any]) -> NDArray[Any]:
    items = list(items)
    kinds = [scalar_kind(item) for item in items]
    weak = max((kind for kind in kinds if kind is not None), default=-1)
    if None not in kinds:
        return _numbers(items, weak if items else 2)
    parts = [to_host(item) for item in items]
    shapes = {part.shape for part in parts}
    if len(shapes) > 1:
        raise ValueError(
            f"a list of arrays must hold equal shapes, got {', '.join(map(str, sorted(shapes)))}"
        )
    dtype = promote([part.dtype.name for part, kind in zip(parts, kinds) if kind is None])
    if weak > KIND[dtype]:
        dtype = np.dtype(_DEFAULTS[weak]).name
    return np.stack([part.astype(dtype, copy=False) for part in parts])


def common_dtype(dtypes: list[str], kinds: list[int | None], booleans: bool) -> str:
    """The dtype in which operands of `dtypes` meet; `kinds` are theirs by `scalar_kind` (None: an array).

    Python numbers are weak. Booleans become int32 unless `booleans`.
    """
    strong = [dtype for dtype, kind in zip(dtypes, kinds) if kind is None]
    weak = max((kind for kind in kinds if kind is not None), default=-1)
    name = promote(strong) if strong else "bool"
    if weak > KIND[name]:
        name = np.dtype(_DEFAULTS[weak]).name
    return "int32" if name == "bool" and not booleans else name


def axes_of(axis: Any, ndim: int) -> tuple[int, ...]:
    """The axes that are reduced, as numbers from 0.

    Raises:
        ValueError: an axis out of bounds.
    """
    if axis is None:
        return tuple(range(ndim))
    found = (axis,) if isinstance(axis, int) else tuple(axis)
    for one in found:
        if not -ndim <= one < ndim:
            raise ValueError(f"axis {one} is out of bounds for an array of {ndim} axes")
    return tuple(one % ndim for one in found)


def check_equal_shapes(shapes: list[tuple[int, ...]]) -> None:
    """Raises ValueError where the arrays of a list cannot be stacked."""
    if len(set(shapes)) > 1:
        raise ValueError(f"a list of arrays must hold equal shapes, got {', '.join(map(str, shapes))}")
