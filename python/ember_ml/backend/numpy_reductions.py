"""Reductions and sorting on numpy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ember_ml.backend.numpy_convert import I32, Array, Axis, as_array, axes_of, real


def _sum_like(function: Callable[..., Any]) -> Callable[..., Any]:
    def reduce(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
        x = as_array(x)
        # Integers below the default's width would overflow: they are summed as int32, int64 stays.
        dtype = x.dtype if x.dtype.kind == "f" or x.dtype.itemsize == 8 else I32
        return function(x, axis=axes_of(axis), keepdims=keepdims, dtype=dtype)

    return reduce


def _real_reduction(function: Callable[..., Any]) -> Callable[..., Any]:
    def reduce(x: Any, axis: Axis = None, keepdims: bool = False, **options: Any) -> Any:
        return function(real(x), axes_of(axis), keepdims, **options)

    return reduce


def _mean(x: Array, axis: Any, keepdims: bool) -> Any:
    total = np.sum(x, axis=axis, keepdims=keepdims)
    count = x.size // total.size if total.size else 0
    with np.errstate(invalid="ignore"):
        return np.divide(total, x.dtype.type(count))


def _var(x: Array, axis: Any, keepdims: bool, correction: float = 0) -> Any:
    centred = x - _mean(x, axis, True)
    total = np.sum(centred * centred, axis=axis, keepdims=keepdims)
    count = x.size // total.size if total.size else 0
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.divide(total, x.dtype.type(count - correction if count > correction else 0))


sum = _sum_like(np.sum)
prod = _sum_like(np.prod)
mean = _real_reduction(_mean)
var = _real_reduction(_var)
std = _real_reduction(lambda *args, **options: np.sqrt(_var(*args, **options)))


def max(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    return np.max(as_array(x), axis=axes_of(axis), keepdims=keepdims)


def min(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    return np.min(as_array(x), axis=axes_of(axis), keepdims=keepdims)


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    return np.argmax(as_array(x), axis=axis, keepdims=keepdims).astype(I32)


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    return np.argmin(as_array(x), axis=axis, keepdims=keepdims).astype(I32)


def all(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    return np.all(as_array(x), axis=axes_of(axis), keepdims=keepdims)


def any(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    return np.any(as_array(x), axis=axes_of(axis), keepdims=keepdims)


def cumsum(x: Any, axis: int | None = None) -> Any:
    x = as_array(x)
    dtype = x.dtype if x.dtype.kind == "f" or x.dtype.itemsize == 8 else I32
    return np.cumsum(x, axis=axis, dtype=dtype)


def sort(x: Any, axis: int = -1, descending: bool = False) -> Any:
    result = np.sort(as_array(x), axis=axis, kind="stable")
    return np.flip(result, axis) if descending else result


def argsort(x: Any, axis: int = -1, descending: bool = False) -> Any:
    x = as_array(x)
    if descending:  # of equals the first stays first
        return (
            x.shape[axis] - 1 - np.flip(np.argsort(np.flip(x, axis), axis=axis, kind="stable"), axis)
        ).astype(I32)
    return np.argsort(x, axis=axis, kind="stable").astype(I32)
