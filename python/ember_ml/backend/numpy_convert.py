"""What every operation on numpy begins with: arrays of the right dtype, axes, the device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ember_ml.backend.convert import scalar_kind, to_host
from ember_ml.backend.dtypes import ALL, name_of, promote, unknown

Array = NDArray[Any]
Axis = int | Sequence[int] | None

F32 = np.dtype(np.float32)
I32 = np.dtype(np.int32)
_NATIVE: dict[Any, np.dtype[Any]] = {np.dtype(name): np.dtype(name) for name in ALL}
_NATIVE.update({name: np.dtype(name) for name in ALL})
_DEFAULTS = (np.dtype(np.bool_), I32, F32)


def dtype_of(dtype: Any) -> np.dtype[Any]:
    try:
        return _NATIVE[dtype]
    except (KeyError, TypeError):
        name = name_of(dtype)
        if name not in _NATIVE:
            raise unknown(dtype) from None
        return _NATIVE[name]


def as_array(x: Any) -> Array:
    return x if type(x) is np.ndarray and x.dtype in _NATIVE else to_host(x)


def real(x: Any) -> Array:
    array = as_array(x)
    return array if array.dtype.kind == "f" else array.astype(F32)


def numeric(x: Any) -> Array:
    array = as_array(x)
    return array if array.dtype.kind != "b" else array.astype(I32)


def axes_of(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


def check_device(device: Any) -> None:
    if device not in (None, "cpu"):
        raise ValueError(f"device={device!r}: the numpy backend has only 'cpu'")


def common(*operands: Any, booleans: bool = False) -> list[Array]:
    """Operands as arrays of their common dtype; Python numbers are weak, booleans become int32."""
    kinds = [scalar_kind(x) for x in operands]
    arrays = [as_array(x) for x in operands]
    strong = [array.dtype for array, kind in zip(arrays, kinds) if kind is None]
    weak = max((kind for kind in kinds if kind is not None), default=-1)
    if strong and all(dtype == strong[0] for dtype in strong):
        dtype = strong[0]
    elif strong:
        dtype = np.dtype(promote([d.name for d in strong]))
    else:
        dtype = _DEFAULTS[0]
    if weak > "biuf".index(dtype.kind) - (dtype.kind in "uf"):
        dtype = _DEFAULTS[weak]
    if dtype.kind == "b" and not booleans:
        dtype = I32
    return [array.astype(dtype, copy=False) for array in arrays]
