"""Reductions, cumulative sums and sorting on torch."""

from __future__ import annotations

import builtins as _py
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ember_ml.backend.torch_convert import Axis
from ember_ml.backend.torch_convert import axes_of as _axes
from ember_ml.backend.torch_convert import numeric as _numeric
from ember_ml.backend.torch_convert import real as _real
from ember_ml.backend.torch_convert import to_tensor as _tensor


def _sum_dtype(x: Tensor) -> torch.dtype:
    """Integers below the default's width would overflow: they are summed as int32, int64 stays."""
    return x.dtype if x.is_floating_point() or x.dtype is torch.int64 else torch.int32


def _not_empty(name: str, x: Tensor, axes: tuple[int, ...]) -> None:
    if not _py.all(x.shape[axis] for axis in axes):
        raise ValueError(f"{name} of nothing: shape {tuple(x.shape)} is empty along {axes}")


def sum(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    tensor = _tensor(x)
    axes = _axes(axis, tensor)
    if not axes:
        return tensor.to(_sum_dtype(tensor), copy=True)
    return torch.sum(tensor, dim=axes, keepdim=keepdims, dtype=_sum_dtype(tensor))


def prod(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    tensor = _tensor(x)
    result = tensor.to(_sum_dtype(tensor), copy=True)
    for one in sorted(_axes(axis, tensor), reverse=True):
        result = torch.prod(result, dim=one, keepdim=keepdims, dtype=result.dtype)
    return result


def _count(x: Tensor, axes: tuple[int, ...]) -> int:
    count = 1
    for one in axes:
        count *= x.shape[one]
    return count


def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    x = _real(x)
    return sum(x, axis, keepdims) / _count(x, _axes(axis, x))


def var(x: Any, axis: Axis = None, keepdims: bool = False, correction: float = 0) -> Tensor:
    x = _real(x)
    count = _count(x, _axes(axis, x))
    centred = x - mean(x, axis, True)
    return sum(centred * centred, axis, keepdims) / (count - correction if count > correction else 0)


def std(x: Any, axis: Axis = None, keepdims: bool = False, correction: float = 0) -> Tensor:
    return torch.sqrt(var(x, axis, keepdims, correction))


def _extreme(name: str, function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def reduce(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
        x = _tensor(x)
        axes = _axes(axis, x)
        _not_empty(name, x, axes)
        return function(x, dim=axes, keepdim=keepdims) if axes else x.clone()

    return reduce


max = _extreme("max", torch.amax)
min = _extreme("min", torch.amin)


def _arg(name: str, function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def reduce(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
        x = _numeric(x)
        _not_empty(name, x, _axes(axis, x))
        if axis is not None:
            return function(x, dim=axis, keepdim=keepdims).to(torch.int32)
        flat = function(x.reshape(-1)).to(torch.int32)
        return flat.reshape((1,) * x.ndim) if keepdims else flat

    return reduce


argmax = _arg("argmax", torch.argmax)
argmin = _arg("argmin", torch.argmin)


def all(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    return torch.logical_not(any(torch.logical_not(_tensor(x)), axis, keepdims))


def any(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    return sum(_tensor(x) != 0, axis, keepdims) != 0


def cumsum(x: Any, axis: int | None = None) -> Tensor:
    x = _tensor(x)
    return torch.cumsum(
        x.reshape(-1) if axis is None else x, 0 if axis is None else axis, dtype=_sum_dtype(x)
    )


def sort(x: Any, axis: int = -1, descending: bool = False) -> Tensor:
    return torch.sort(_tensor(x), dim=axis, descending=descending, stable=True).values


def argsort(x: Any, axis: int = -1, descending: bool = False) -> Tensor:
    return torch.sort(_tensor(x), dim=axis, descending=descending, stable=True).indices.to(torch.int32)
