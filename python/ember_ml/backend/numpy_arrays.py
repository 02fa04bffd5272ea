"""Making, shaping and indexing arrays on numpy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ember_ml.backend.convert import to_host
from ember_ml.backend.numpy_convert import I32, Array, Axis, as_array, axes_of, check_device, common, dtype_of


def convert_to_tensor(data: Any, dtype: Any = None, device: Any = None) -> Array:
    if device is not None:
        check_device(device)
    if dtype is None:
        return as_array(data)
    native = dtype_of(dtype)
    kind = type(data)
    if kind is np.ndarray:
        return data if data.dtype is native else as_array(data).astype(native, copy=False)
    if kind is list:
        try:
            return np.array(data, native)
        except (TypeError, ValueError):
            pass  # ragged, or arrays of another backend: the slow path says what is wrong
    return to_host(data).astype(native, copy=False)


def full(shape: Sequence[int], value: Any, dtype: Any = None, device: Any = None) -> Array:
    check_device(device)
    value = as_array(value) if dtype is None else convert_to_tensor(value, dtype)
    return np.full(shape, value, value.dtype)


def zeros_like(x: Any, dtype: Any = None) -> Array:
    if type(x) is np.ndarray and dtype is None:
        return np.zeros_like(x)
    x = as_array(x)
    return np.zeros_like(x, x.dtype if dtype is None else dtype_of(dtype))


def eye(n: int, m: int | None = None, dtype: Any = None, device: Any = None) -> Array:
    check_device(device)
    return np.eye(n, m, dtype=dtype_of(dtype or "float32"))


def arange(start: float, stop: float, step: float, dtype: Any, device: Any = None) -> Array:
    check_device(device)
    return np.arange(start, stop, step).astype(dtype_of(dtype))


def linspace(start: float, stop: float, num: int, endpoint: bool, dtype: Any, device: Any = None) -> Array:
    check_device(device)
    return np.linspace(start, stop, num, endpoint=endpoint).astype(dtype_of(dtype))


def shape(x: Any) -> tuple[int, ...]:
    return x.shape if type(x) is np.ndarray else as_array(x).shape


def cast(x: Any, dtype: Any) -> Array:
    return as_array(x).astype(dtype_of(dtype), copy=False)


def copy(x: Any) -> Array:
    return np.array(as_array(x))


def reshape(x: Any, shape: Sequence[int]) -> Array:
    return np.reshape(as_array(x), shape)


def broadcast_to(x: Any, shape: Sequence[int]) -> Array:
    return np.array(np.broadcast_to(as_array(x), shape))


def transpose(x: Any, axes: Sequence[int] | None = None) -> Array:
    return np.transpose(as_array(x), axes)


def concatenate(arrays: Sequence[Any], axis: int = 0) -> Array:
    return np.concatenate(common(*arrays, booleans=True), axis=axis)


def stack(arrays: Sequence[Any], axis: int = 0) -> Array:
    return np.stack(common(*arrays, booleans=True), axis=axis)


def split(x: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Array]:
    return list(np.split(as_array(x), indices_or_sections, axis))


def expand_dims(x: Any, axis: int) -> Array:
    return np.expand_dims(as_array(x), axis)


def squeeze(x: Any, axis: Axis = None) -> Array:
    return np.squeeze(as_array(x), axes_of(axis))


def tile(x: Any, reps: Sequence[int]) -> Array:
    return np.tile(as_array(x), reps)


def pad(x: Any, paddings: Sequence[tuple[int, int]], constant_values: Any = 0) -> Array:
    return np.pad(as_array(x), paddings, constant_values=constant_values) if len(paddings) else copy(x)


def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    return np.take(as_array(x), as_array(indices), axis=axis)


def scatter(data: Any, indices: Any, size: int, aggr: str) -> Array:
    """Combines rows of `data` (n, ...) that share an index; `start` is what an untouched row of the result
    holds.
    """
    data, indices = as_array(data), as_array(indices)
    function, start = {"add": (np.add, 0), "max": (np.maximum, -np.inf), "min": (np.minimum, np.inf)}[aggr]
    result = np.zeros((size, *data.shape[1:]), data.dtype)
    if aggr != "add":
        limits = np.finfo if data.dtype.kind == "f" else np.iinfo
        extreme = (
            start if data.dtype.kind == "f" else getattr(limits(data.dtype), "min" if start < 0 else "max")
        )
        result[indices] = extreme
    function.at(result, indices, data)
    return result


def slice_update(x: Any, index: Any, updates: Any) -> Array:
    result = copy(x)
    result[index] = as_array(updates)
    return result


def nonzero(x: Any) -> tuple[Array, ...]:
    return tuple(index.astype(I32) for index in np.nonzero(np.atleast_1d(as_array(x))))


def is_native(x: Any) -> bool:
    return isinstance(x, np.ndarray)


def dtype_name(x: Any) -> str:
    return as_array(x).dtype.name


def to_numpy(x: Any) -> Array:
    return x if type(x) is np.ndarray else to_host(x)


def item(x: Any) -> bool | int | float:
    return as_array(x).item()  # type: ignore[no-any-return]


def to_device(x: Any, device: str) -> Array:
    check_device(device)
    return as_array(x)
