"""What a user may hand over -> mlx arrays of one dtype: the slow path of the mlx table."""

from __future__ import annotations

import builtins as _py
from collections.abc import Sequence
from typing import Any

import mlx.core as mx
import numpy as np

from ember_ml.backend.convert import axes_of as _axes_of
from ember_ml.backend.convert import check_equal_shapes as _check_equal_shapes
from ember_ml.backend.convert import common_dtype as _common_dtype
from ember_ml.backend.convert import is_torch as _is_torch
from ember_ml.backend.convert import scalar_kind as _scalar_kind
from ember_ml.backend.convert import to_host as _to_host
from ember_ml.backend.dtypes import ALL as _ALL
from ember_ml.backend.dtypes import name_of as _name_of
from ember_ml.backend.dtypes import unknown as _unknown
from ember_ml.backend.holder import ArrayHolder as _Holder

Array = mx.array
Axis = int | Sequence[int] | None

NATIVE: dict[Any, Any] = {name: getattr(mx, "bool_" if name == "bool" else str(name)) for name in _ALL}
NAMES = {native: str(name) for name, native in NATIVE.items()}
NATIVE.update({native: native for native in NAMES})
NATIVE.update({np.dtype(str(name)): NATIVE[name] for name in _ALL})
FLOATS = (mx.float16, mx.float32, mx.float64)


def native_dtype(dtype: Any) -> Any:
    """The library's own dtype of anything that stands for one. Raises ValueError for anything else."""
    try:
        native = NATIVE[dtype]
    except (KeyError, TypeError):
        name = _name_of(dtype)
        if name not in NATIVE:
            raise _unknown(dtype) from None
        native = NATIVE[name]
    # Apple's GPU has no float64: there the nearest is float32.
    return mx.float32 if native == mx.float64 and mx.default_device() == mx.gpu else native


def to_array(x: Any) -> Array:
    """Anything as an array of the library; an array of another library but numpy raises TypeError."""
    if isinstance(x, mx.array):
        return x
    if isinstance(x, _Holder):
        return to_array(x.data)
    if _is_torch(x):
        raise TypeError(
            "a torch tensor cannot be mixed with mlx's: convert it with tensor.convert_to_tensor first"
        )
    if isinstance(x, list | tuple) and _py.any(
        isinstance(item, mx.array | _Holder | list | tuple) for item in x
    ):
        parts = [to_array(item) for item in x]
        kinds = [_scalar_kind(item) for item in x]
        _check_equal_shapes([tuple(part.shape) for part in parts])
        return mx.stack(common(*(x if None in kinds else parts), booleans=True))
    host = _to_host(x)
    return mx.array(host, native_dtype(host.dtype))


def is_float(x: Array) -> bool:
    """Whether the dtype is a float."""
    return x.dtype in FLOATS


def real(x: Any) -> Array:
    """As an array of floats: integers and booleans become float32."""
    array = to_array(x)
    return array if is_float(array) else array.astype(mx.float32)


def numeric(x: Any) -> Array:
    """As an array of numbers: booleans become int32."""
    array = to_array(x)
    return array.astype(mx.int32) if array.dtype == mx.bool_ else array


def axes_of(axis: Any, x: Array) -> tuple[int, ...]:
    """The reduced axes, as numbers from 0."""
    return _axes_of(axis, x.ndim)


def common(*operands: Any, booleans: bool = False) -> list[Array]:
    """Operands as arrays of one dtype; Python numbers are weak, booleans become int32."""
    kinds = [_scalar_kind(x) for x in operands]
    arrays = [to_array(x) for x in operands]
    name = _common_dtype([NAMES[x.dtype] for x in arrays], kinds, booleans)
    return [array.astype(NATIVE[name]) for array in arrays]
