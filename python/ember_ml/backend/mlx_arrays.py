"""Making, reshaping, indexing and reading mlx arrays."""

from __future__ import annotations

import builtins as _py
from collections.abc import Callable, Sequence
from typing import Any

import mlx.core as mx
import numpy as np

from ember_ml.backend import numpy_backend as _host
from ember_ml.backend.convert import is_torch as _is_torch
from ember_ml.backend.convert import to_host as _to_host
from ember_ml.backend.dtypes import name_of as _name_of
from ember_ml.backend.holder import ArrayHolder as _Holder
from ember_ml.backend.mlx_convert import NAMES as _NAMES
from ember_ml.backend.mlx_convert import Array, Axis
from ember_ml.backend.mlx_convert import axes_of as _axes
from ember_ml.backend.mlx_convert import common as _common
from ember_ml.backend.mlx_convert import is_float as _is_float
from ember_ml.backend.mlx_convert import native_dtype as _dtype
from ember_ml.backend.mlx_convert import to_array as _array

# ------------------------------------------------------------------------------------------------ creation


def _check_device(device: Any) -> None:
    if device not in (None, "cpu", "gpu"):
        raise ValueError(f"device={device!r}: mlx has 'cpu' and 'gpu'")
    if device == "gpu" and not mx.is_available(mx.gpu):
        raise ValueError("device='gpu': there is none here that mlx can use")


def convert_to_tensor(data: Any, dtype: Any = None, device: Any = None) -> Array:
    if device is not None:
        _check_device(device)
    if isinstance(data, mx.array):
        native = None if dtype is None else _dtype(dtype)
        return data if native is None or native == data.dtype else data.astype(native)
    if _is_torch(data):
        data = _to_host(data)
    elif isinstance(data, list) and len(data) == 1 and isinstance(data[0], mx.array):
        return convert_to_tensor(data[0], dtype)[None]
    elif isinstance(data, list) and dtype is not None and not _py.any(_is_special(item) for item in data):
        try:  # the common case goes without looking at every item twice
            return mx.array(np.array(data, _NAMES[_dtype(dtype)]), _dtype(dtype))
        except (TypeError, ValueError):
            pass  # the slow path says what is wrong
    result = _array(data)
    return result if dtype is None else result.astype(_dtype(dtype))


def _is_special(item: Any) -> bool:
    return isinstance(item, list | mx.array | _Holder) or _is_torch(item)


def full(shape: Sequence[int], value: Any, dtype: Any = None, device: Any = None) -> Array:
    value = convert_to_tensor(value, dtype, device)
    return mx.full(tuple(shape), value, value.dtype)


def zeros_like(x: Any, dtype: Any = None) -> Array:
    x = _array(x)
    return mx.zeros(x.shape, x.dtype if dtype is None else _dtype(dtype))


def eye(n: int, m: int | None = None, dtype: Any = None, device: Any = None) -> Array:
    return convert_to_tensor(np.eye(n, m, dtype=np.float32), dtype or "float32", device)


def arange(start: float, stop: float, step: float, dtype: Any, device: Any = None) -> Array:
    return convert_to_tensor(_host.arange(start, stop, step, _name_of(dtype)), dtype, device)


def linspace(start: float, stop: float, num: int, endpoint: bool, dtype: Any, device: Any = None) -> Array:
    return convert_to_tensor(_host.linspace(start, stop, num, endpoint, _name_of(dtype)), dtype, device)


# --------------------------------------------------------------------------------------------------- shape


def shape(x: Any) -> tuple[int, ...]:
    return tuple(x.shape) if isinstance(x, mx.array) else tuple(_array(x).shape)


def cast(x: Any, dtype: Any) -> Array:
    return _array(x).astype(_dtype(dtype))


def copy(x: Any) -> Array:
    return mx.array(_array(x))


def reshape(x: Any, shape: Sequence[int]) -> Array:
    return mx.reshape(_array(x), tuple(shape))


def broadcast_to(x: Any, shape: Sequence[int]) -> Array:
    return mx.broadcast_to(_array(x), tuple(shape))


def transpose(x: Any, axes: Sequence[int] | None = None) -> Array:
    return mx.transpose(_array(x), None if axes is None else tuple(axes))


def _joined(name: str, function: Callable[..., Array], arrays: Sequence[Any], axis: int) -> Array:
    if len(arrays) == 0:
        raise ValueError(f"{name} needs at least one array")
    return function(_common(*arrays, booleans=True), axis=axis)


def concatenate(arrays: Sequence[Any], axis: int = 0) -> Array:
    return _joined("concatenate", mx.concatenate, arrays, axis)


def stack(arrays: Sequence[Any], axis: int = 0) -> Array:
    return _joined("stack", mx.stack, arrays, axis)


def split(x: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Array]:
    x = _array(x)
    if isinstance(indices_or_sections, int):
        if x.shape[axis] % indices_or_sections:
            raise ValueError(
                f"an axis of length {x.shape[axis]} cannot be cut into {indices_or_sections} equal parts"
            )
        return list(mx.split(x, indices_or_sections, axis))
    return list(mx.split(x, list(indices_or_sections), axis))


def expand_dims(x: Any, axis: int) -> Array:
    return mx.expand_dims(_array(x), axis)


def squeeze(x: Any, axis: Axis = None) -> Array:
    x = _array(x)
    return mx.squeeze(x) if axis is None else mx.squeeze(x, _axes(axis, x))


def tile(x: Any, reps: Sequence[int]) -> Array:
    return mx.tile(_array(x), tuple(reps))


def pad(x: Any, paddings: Sequence[tuple[int, int]], constant_values: Any = 0) -> Array:
    x = _array(x)
    return mx.pad(x, list(paddings), constant_values=mx.array(constant_values, x.dtype)) if paddings else x


def take(x: Any, indices: Any, axis: int | None = None) -> Array:
    x = _array(x)
    if axis is not None:
        axis = _axes(axis, x)[0]
    return mx.take(x, _array(indices), axis)


def scatter(data: Any, indices: Any, size: int, aggr: str) -> Array:
    data, places = _array(data), _array(indices)
    if data.size == 0:  # mlx would divide by zero
        return mx.zeros((size, *data.shape[1:]), data.dtype)
    if aggr == "add":
        return mx.zeros((size, *data.shape[1:]), data.dtype).at[places].add(data)
    limits = mx.finfo if _is_float(data) else mx.iinfo
    start = mx.full(
        (size, *data.shape[1:]),
        limits(data.dtype).min if aggr == "max" else limits(data.dtype).max,
        data.dtype,
    )
    return start.at[places].maximum(data) if aggr == "max" else start.at[places].minimum(data)


def slice_update(x: Any, index: Any, updates: Any) -> Array:
    result = copy(x)
    result[_native_index(index)] = _array(updates).astype(result.dtype)
    return result


def _native_index(index: Any) -> Any:
    """numpy's index arrays and lists as mlx's."""
    if isinstance(index, tuple):
        return tuple(_native_index(part) for part in index)
    return _array(index) if isinstance(index, list | np.ndarray) else index


def nonzero(x: Any) -> tuple[Array, ...]:
    # How many there are is known on the host only.
    return tuple(mx.array(index) for index in _host.nonzero(to_numpy(x)))


# ---------------------------------------------------------------------------------------------------- host


def is_native(x: Any) -> bool:
    return isinstance(x, mx.array)


def dtype_name(x: Any) -> str:
    return _NAMES[_array(x).dtype]


def to_numpy(x: Any) -> Any:
    return np.array(x) if isinstance(x, mx.array) else _to_host(x)


def item(x: Any) -> bool | int | float:
    x = _array(x)
    if x.size != 1:
        raise ValueError(f"item() needs exactly one element, got shape {x.shape}")
    return x.item()  # type: ignore[no-any-return]


def to_device(x: Any, device: str) -> Array:
    _check_device(device)
    return _array(x)  # memory is shared
