"""What a user may hand over -> torch arrays of one dtype: the slow path of the torch table."""

from __future__ import annotations

import builtins as _py
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ember_ml.backend.convert import axes_of as _axes_of
from ember_ml.backend.convert import check_equal_shapes as _check_equal_shapes
from ember_ml.backend.convert import common_dtype as _common_dtype
from ember_ml.backend.convert import is_mlx as _is_mlx
from ember_ml.backend.convert import scalar_kind as _scalar_kind
from ember_ml.backend.convert import to_host as _to_host
from ember_ml.backend.dtypes import ALL as _ALL
from ember_ml.backend.dtypes import name_of as _name_of
from ember_ml.backend.dtypes import unknown as _unknown
from ember_ml.backend.holder import ArrayHolder as _Holder

Axis = int | Sequence[int] | None

NATIVE: dict[Any, torch.dtype] = {name: getattr(torch, str(name)) for name in _ALL}
NAMES = {native: str(name) for name, native in NATIVE.items()}
NATIVE.update({native: native for native in NAMES})
NATIVE.update({np.dtype(str(name)): NATIVE[name] for name in _ALL})


def native_dtype(dtype: Any) -> torch.dtype:
    """The library's own dtype of anything that stands for one. Raises ValueError for anything else."""
    try:
        return NATIVE[dtype]
    except (KeyError, TypeError):
        name = _name_of(dtype)
        if name not in NATIVE:
            raise _unknown(dtype) from None
        return NATIVE[name]


def to_tensor(x: Any) -> Tensor:
    """Anything as an array of the library; an array of another library but numpy raises TypeError."""
    if isinstance(x, Tensor):
        return x
    if isinstance(x, _Holder):
        return to_tensor(x.data)
    if isinstance(x, np.ndarray | np.generic | float | int):
        return torch.tensor(_to_host(x))
    refuse_mlx(x)
    if isinstance(x, list | tuple) and _py.any(
        isinstance(item, Tensor | _Holder | list | tuple) for item in x
    ):
        parts = [to_tensor(item) for item in x]
        kinds = [_scalar_kind(item) for item in x]
        _check_equal_shapes([tuple(part.shape) for part in parts])
        return torch.stack(common(*(x if None in kinds else parts), booleans=True))
    return torch.from_numpy(np.array(_to_host(x)))


def from_list(data: list[Any], native: torch.dtype | None) -> Tensor:
    """A list as a tensor; the two common cases of a wanted dtype go without looking at every item twice."""
    if native is not None:
        if _py.all(isinstance(item, Tensor) for item in data) and data:
            if len(data) == 1:
                only: Tensor = data[0]
                return only.to(native, copy=True)[None]
        elif not _py.any(isinstance(item, list | Tensor | _Holder) for item in data):
            try:
                return torch.from_numpy(np.array(data, str(NAMES[native])))
            except (TypeError, ValueError):
                pass  # the slow path says what is wrong
    return to_tensor(data)


def refuse_mlx(x: Any) -> None:
    """Raises TypeError for an mlx array."""
    if _is_mlx(x):
        raise TypeError(
            "an mlx array cannot be mixed with torch's: convert it with tensor.convert_to_tensor first"
        )


def real(x: Any) -> Tensor:
    """As an array of floats: integers and booleans become float32."""
    tensor = to_tensor(x)
    return tensor if tensor.is_floating_point() else tensor.to(torch.float32)


def numeric(x: Any) -> Tensor:
    """As an array of numbers: booleans become int32."""
    tensor = to_tensor(x)
    return tensor.to(torch.int32) if tensor.dtype is torch.bool else tensor


def axes_of(axis: Any, x: Tensor) -> tuple[int, ...]:
    """The reduced axes, as numbers from 0."""
    return _axes_of(axis, x.ndim)


def common(*operands: Any, booleans: bool = False) -> list[Tensor]:
    """Operands as tensors of one dtype and device; Python numbers are weak, booleans become int32."""
    kinds = [_scalar_kind(x) for x in operands]
    tensors = [to_tensor(x) for x in operands]
    name = _common_dtype([NAMES[x.dtype] for x in tensors], kinds, booleans)
    device = next((x.device for x in operands if isinstance(x, Tensor)), None)
    return [
        tensor.to(NATIVE[name]) if isinstance(x, Tensor) else tensor.to(device=device, dtype=NATIVE[name])
        for x, tensor in zip(operands, tensors)
    ]
