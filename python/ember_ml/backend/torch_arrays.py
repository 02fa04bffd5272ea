"""Making, reshaping, indexing and reading torch arrays."""

from __future__ import annotations

import builtins as _py
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ember_ml.backend.convert import is_mlx as _is_mlx
from ember_ml.backend.convert import to_host as _to_host
from ember_ml.backend.torch_convert import NAMES as _NAMES
from ember_ml.backend.torch_convert import Axis
from ember_ml.backend.torch_convert import axes_of as _axes
from ember_ml.backend.torch_convert import common as _common
from ember_ml.backend.torch_convert import from_list as _list
from ember_ml.backend.torch_convert import native_dtype as _dtype
from ember_ml.backend.torch_convert import to_tensor as _tensor

_f = torch.nn.functional

# ------------------------------------------------------------------------------------------------ creation


def convert_to_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    native = None if dtype is None else _dtype(dtype)
    if isinstance(data, Tensor):
        if device is None and (native is None or data.dtype is native):
            return data
        result = data
    elif isinstance(data, list):
        result = _list(data, native)
    else:
        result = _tensor(_to_host(data) if _is_mlx(data) else data)
    if native is not None:
        result = result.to(dtype=native)
    return result if device is None else to_device(result, device)


def full(shape: Sequence[int], value: Any, dtype: Any = None, device: Any = None) -> Tensor:
    tensor = convert_to_tensor(value, dtype, device)
    return tensor.expand(tuple(shape)).clone()


def zeros_like(x: Any, dtype: Any = None) -> Tensor:
    return torch.zeros_like(_tensor(x), dtype=None if dtype is None else _dtype(dtype))


def eye(n: int, m: int | None = None, dtype: Any = None, device: Any = None) -> Tensor:
    return convert_to_tensor(
        torch.eye(n, n if m is None else m, dtype=_dtype(dtype or "float32")), None, device
    )


def arange(start: float, stop: float, step: float, dtype: Any, device: Any = None) -> Tensor:
    values = torch.from_numpy(np.arange(start, stop, step)).to(dtype=_dtype(dtype))
    return convert_to_tensor(values, None, device)


def linspace(start: float, stop: float, num: int, endpoint: bool, dtype: Any, device: Any = None) -> Tensor:
    values = torch.from_numpy(np.linspace(start, stop, num, endpoint=endpoint))
    return convert_to_tensor(values.to(dtype=_dtype(dtype)), None, device)  # "mps" has no float64


# --------------------------------------------------------------------------------------------------- shape


def shape(x: Any) -> tuple[int, ...]:
    return tuple(x.shape) if isinstance(x, Tensor) else tuple(_tensor(x).shape)


def cast(x: Any, dtype: Any) -> Tensor:
    return _tensor(x).to(_dtype(dtype))


def copy(x: Any) -> Tensor:
    return _tensor(x).clone()


def reshape(x: Any, shape: Sequence[int]) -> Tensor:
    x = _tensor(x)
    try:
        return torch.reshape(x, tuple(shape))
    except RuntimeError as error:
        raise ValueError(f"cannot reshape {tuple(x.shape)} into {tuple(shape)}") from error


def broadcast_to(x: Any, shape: Sequence[int]) -> Tensor:
    return torch.broadcast_to(_tensor(x), tuple(shape)).clone()


def transpose(x: Any, axes: Sequence[int] | None = None) -> Tensor:
    tensor = _tensor(x)
    return tensor.permute(tuple(range(tensor.ndim - 1, -1, -1)) if axes is None else tuple(axes))


def _joined(name: str, function: Callable[..., Tensor], arrays: Sequence[Any], axis: int) -> Tensor:
    if len(arrays) == 0:
        raise ValueError(f"{name} needs at least one array")
    try:
        return function(_common(*arrays, booleans=True), dim=axis)
    except RuntimeError as error:
        raise ValueError(f"{name}: {error}") from error


def concatenate(arrays: Sequence[Any], axis: int = 0) -> Tensor:
    return _joined("concatenate", torch.concatenate, arrays, axis)


def stack(arrays: Sequence[Any], axis: int = 0) -> Tensor:
    return _joined("stack", torch.stack, arrays, axis)


def split(x: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Tensor]:
    x = _tensor(x)
    if isinstance(indices_or_sections, int) and x.shape[axis] % indices_or_sections:
        raise ValueError(
            f"an axis of length {x.shape[axis]} cannot be cut into {indices_or_sections} equal parts"
        )
    where = indices_or_sections if isinstance(indices_or_sections, int) else list(indices_or_sections)
    return list(torch.tensor_split(x, where, dim=axis))


def expand_dims(x: Any, axis: int) -> Tensor:
    return torch.unsqueeze(_tensor(x), axis)


def squeeze(x: Any, axis: Axis = None) -> Tensor:
    x = _tensor(x)
    if axis is None:
        return torch.squeeze(x)
    axes = _axes(axis, x)
    if _py.any(x.shape[one] != 1 for one in axes):
        raise ValueError(f"squeeze: axes {axes} of shape {tuple(x.shape)} are not all of length 1")
    return torch.squeeze(x, axes)


def tile(x: Any, reps: Sequence[int]) -> Tensor:
    return torch.tile(_tensor(x), tuple(reps))


def pad(x: Any, paddings: Sequence[tuple[int, int]], constant_values: Any = 0) -> Tensor:
    flat = [n for pair in reversed(paddings) for n in pair]
    return _f.pad(_tensor(x), flat, value=constant_values)


def take(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    tensor = _tensor(x)
    chosen = _tensor(indices).to(device=tensor.device, dtype=torch.int64)
    if axis is None:
        return tensor.reshape(-1)[chosen]
    return tensor[(slice(None),) * _axes(axis, tensor)[0] + (chosen,)]


def scatter(data: Any, indices: Any, size: int, aggr: str) -> Tensor:
    data = _tensor(data)
    result = torch.zeros((size, *data.shape[1:]), dtype=data.dtype, device=data.device)
    places = _tensor(indices).to(device=data.device, dtype=torch.int64)
    if aggr == "add":
        return result.index_add_(0, places, data)
    everywhere = places.reshape(-1, *[1] * (data.ndim - 1)).expand_as(data)
    return result.scatter_reduce_(
        0, everywhere, data, "amax" if aggr == "max" else "amin", include_self=False
    )


def slice_update(x: Any, index: Any, updates: Any) -> Tensor:
    result = copy(x)
    result[index] = _tensor(updates).to(device=result.device, dtype=result.dtype)
    return result


def nonzero(x: Any) -> tuple[Tensor, ...]:
    tensor = _tensor(x)
    places = torch.nonzero(tensor.reshape(1) if tensor.ndim == 0 else tensor, as_tuple=True)
    return tuple(index.to(torch.int32) for index in places)


# ---------------------------------------------------------------------------------------------------- host


def is_native(x: Any) -> bool:
    return isinstance(x, Tensor)


def dtype_name(x: Any) -> str:
    return _NAMES[_tensor(x).dtype]


def to_numpy(x: Any) -> Any:
    return x.detach().cpu().numpy() if isinstance(x, Tensor) else _to_host(x)


def item(x: Any) -> bool | int | float:
    x = _tensor(x)
    if x.numel() != 1:
        raise ValueError(f"item() needs exactly one element, got shape {tuple(x.shape)}")
    return x.item()  # type: ignore[no-any-return]


def to_device(x: Any, device: str) -> Tensor:
    try:
        return _tensor(x).to(device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"device={device!r}: {str(error).splitlines()[0]}") from error
