"""Reductions, cumulative sums and sorting on mlx."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mlx.core as mx

from ember_ml.backend.mlx_convert import Array, Axis
from ember_ml.backend.mlx_convert import axes_of as _axes
from ember_ml.backend.mlx_convert import is_float as _is_float
from ember_ml.backend.mlx_convert import numeric as _numeric
from ember_ml.backend.mlx_convert import real as _real
from ember_ml.backend.mlx_convert import to_array as _array


def _summed(x: Any) -> Array:
    """Integers below the default's width would overflow: they are summed as int32, int64 stays."""
    array = _array(x)
    return array if _is_float(array) or array.dtype == mx.int64 else array.astype(mx.int32)


def _count(x: Array, axes: tuple[int, ...]) -> int:
    count = 1
    for one in axes:
        count *= x.shape[one]
    return count


def _not_empty(name: str, x: Array, axes: tuple[int, ...]) -> None:
    if _count(x, axes) == 0:
        raise ValueError(f"{name} of nothing: shape {x.shape} is empty along {axes}")


def sum(x: Any, axis: Axis = None, keepdims: bool = False) -> Array:
    x = _summed(x)
    return mx.sum(x, axis=_axes(axis, x), keepdims=keepdims)


def prod(x: Any, axis: Axis = None, keepdims: bool = False) -> Array:
    x = _summed(x)
    return mx.prod(x, axis=_axes(axis, x), keepdims=keepdims)


def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Array:
    x = _real(x)
    return sum(x, axis, keepdims) / _count(x, _axes(axis, x))


def var(x: Any, axis: Axis = None, keepdims: bool = False, correction: float = 0) -> Array:
    x = _real(x)
    count = _count(x, _axes(axis, x))
    centred = x - mean(x, axis, True)
    return sum(centred * centred, axis, keepdims) / (count - correction if count > correction else 0)


def std(x: Any, axis: Axis = None, keepdims: bool = False, correction: float = 0) -> Array:
    return mx.sqrt(var(x, axis, keepdims, correction))


def _extreme(name: str, function: Callable[..., Array]) -> Callable[..., Array]:
    def reduce(x: Any, axis: Axis = None, keepdims: bool = False) -> Array:
        x = _array(x)
        axes = _axes(axis, x)
        _not_empty(name, x, axes)
        return function(x, axis=axes, keepdims=keepdims)

    return reduce


max = _extreme("max", mx.max)
min = _extreme("min", mx.min)


def _arg(name: str, function: Callable[..., Array]) -> Callable[..., Array]:
    def reduce(x: Any, axis: int | None = None, keepdims: bool = False) -> Array:
        x = _numeric(x)
        _not_empty(name, x, _axes(axis, x))
        if x.size == 0:  # mlx refuses an empty array even where the reduced axis is not
            return mx.any(x, axis=axis, keepdims=keepdims).astype(mx.int32)
        if axis is not None:
            return function(x, axis=axis, keepdims=keepdims).astype(mx.int32)
        flat = function(x.reshape(-1)).astype(mx.int32)
        return flat.reshape((1,) * x.ndim) if keepdims else flat

    return reduce


argmax = _arg("argmax", mx.argmax)
argmin = _arg("argmin", mx.argmin)


def all(x: Any, axis: Axis = None, keepdims: bool = False) -> Array:
    x = _array(x)
    return mx.all(x, axis=_axes(axis, x), keepdims=keepdims)


def any(x: Any, axis: Axis = None, keepdims: bool = False) -> Array:
    x = _array(x)
    return mx.any(x, axis=_axes(axis, x), keepdims=keepdims)


def cumsum(x: Any, axis: int | None = None) -> Array:
    x = _summed(x)
    return mx.cumsum(x.reshape(-1) if axis is None else x, axis=0 if axis is None else axis)


def _flip(x: Array, axis: int) -> Array:
    return x[(slice(None),) * (axis % x.ndim) + (slice(None, None, -1),)]


def sort(x: Any, axis: int = -1, descending: bool = False) -> Array:
    result = mx.sort(_array(x), axis=axis)
    return _flip(result, axis) if descending else result


def argsort(x: Any, axis: int = -1, descending: bool = False) -> Array:
    array = _array(x)
    if descending:  # of equals the first stays first
        return array.shape[axis] - 1 - _flip(mx.argsort(_flip(array, axis), axis=axis), axis).astype(mx.int32)
    return mx.argsort(array, axis=axis).astype(mx.int32)
