"""The table of primitives on torch. Signatures and meaning: see the functions of `ember_ml.ops`."""

from __future__ import annotations

import builtins as _py
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ember_ml import _core
from ember_ml.backend.convert import is_mlx as _is_mlx
from ember_ml.backend.convert import scalar_kind as _scalar_kind
from ember_ml.backend.convert import to_host as _to_host
from ember_ml.backend.dense_numpy import check_dense as _check_dense
from ember_ml.backend.dtypes import ALL as _ALL
from ember_ml.backend.dtypes import KIND as _KIND
from ember_ml.backend.dtypes import name_of as _name_of
from ember_ml.backend.dtypes import promote as _promote
from ember_ml.backend.dtypes import unknown as _unknown
from ember_ml.backend.holder import ArrayHolder as _Holder

Axis = int | Sequence[int] | None

_NATIVE: dict[Any, torch.dtype] = {name: getattr(torch, str(name)) for name in _ALL}
_NAMES = {native: str(name) for name, native in _NATIVE.items()}
_NATIVE.update({native: native for native in _NAMES})
_NATIVE.update({np.dtype(str(name)): _NATIVE[name] for name in _ALL})
_DEFAULTS = ("bool", "int32", "float32")
_f = torch.nn.functional


def _dtype(dtype: Any) -> torch.dtype:
    try:
        return _NATIVE[dtype]
    except (KeyError, TypeError):
        name = _name_of(dtype)
        if name not in _NATIVE:
            raise _unknown(dtype) from None
        return _NATIVE[name]


def _tensor(x: Any) -> Tensor:
    if isinstance(x, Tensor):
        return x
    if isinstance(x, _Holder):
        return _tensor(x.data)
    if isinstance(x, np.ndarray | np.generic | float | int):
        return torch.tensor(_to_host(x))
    _refuse_mlx(x)
    if isinstance(x, list | tuple) and _py.any(
        isinstance(item, Tensor | _Holder | list | tuple) for item in x
    ):
        parts = [_tensor(item) for item in x]
        kinds = [_scalar_kind(item) for item in x]
        if len({part.shape for part in parts}) > 1:
            shapes = ", ".join(str(tuple(part.shape)) for part in parts)
            raise ValueError(f"a list of arrays must hold equal shapes, got {shapes}")
        return torch.stack(_common(*(x if None in kinds else parts), booleans=True))
    return torch.from_numpy(np.array(_to_host(x)))


def _list(data: list[Any], native: torch.dtype | None) -> Tensor:
    """A list as a tensor; the two common cases of a wanted dtype go without looking at every item twice."""
    if native is not None:
        if _py.all(isinstance(item, Tensor) for item in data) and data:
            if len(data) == 1:
                return data[0].to(native, copy=True)[None]
        elif not _py.any(isinstance(item, list | Tensor | _Holder) for item in data):
            try:
                return torch.from_numpy(np.array(data, str(_NAMES[native])))
            except (TypeError, ValueError):
                pass  # the slow path says what is wrong
    return _tensor(data)


def _refuse_mlx(x: Any) -> None:
    if _is_mlx(x):
        raise TypeError(
            "an mlx array cannot be mixed with torch's: convert it with tensor.convert_to_tensor first"
        )


def _real(x: Any) -> Tensor:
    x = _tensor(x)
    return x if x.is_floating_point() else x.to(torch.float32)


def _numeric(x: Any) -> Tensor:
    x = _tensor(x)
    return x.to(torch.int32) if x.dtype is torch.bool else x


def _axes(axis: Any, x: Tensor) -> tuple[int, ...]:
    """The reduced axes, as numbers from 0."""
    if axis is None:
        return tuple(range(x.ndim))
    found = (axis,) if isinstance(axis, int) else tuple(axis)
    for one in found:
        if not -x.ndim <= one < x.ndim:
            raise ValueError(f"axis {one} is out of bounds for an array of {x.ndim} axes")
    return tuple(one % x.ndim for one in found)


def _common(*operands: Any, booleans: bool = False) -> list[Tensor]:
    """Operands as tensors of one dtype and device; Python numbers are weak, booleans become int32."""
    kinds = [_scalar_kind(x) for x in operands]
    tensors = [_tensor(x) for x in operands]
    strong = [_NAMES[tensor.dtype] for tensor, kind in zip(tensors, kinds) if kind is None]
    weak = _py.max((kind for kind in kinds if kind is not None), default=-1)
    name = _promote(strong) if strong else _DEFAULTS[0]
    if weak > _KIND[name]:
        name = _DEFAULTS[weak]
    if name == "bool" and not booleans:
        name = "int32"
    device = next((x.device for x in operands if isinstance(x, Tensor)), None)
    return [
        tensor.to(_NATIVE[name]) if isinstance(x, Tensor) else tensor.to(device=device, dtype=_NATIVE[name])
        for x, tensor in zip(operands, tensors)
    ]


# ---------------------------------------------------------------------------------------- element-wise


def _unary(function: Callable[[Any], Any], prepare: Callable[[Any], Tensor]) -> Callable[[Any], Any]:
    return _core.Guard(function, lambda x: function(prepare(x)), Tensor, None, 1)  # type: ignore[no-any-return]


def _binary(function: Callable[[Any, Any], Any], floats: bool = False) -> Callable[[Any, Any], Any]:
    """`floats`: torch's function takes a Python float as its second operand."""
    slow = lambda x, y: function(*_common(x, y))  # noqa: E731
    return _core.Guard(function, slow, Tensor, None, 2, first_float=1 if floats else 2)  # type: ignore[no-any-return]


def _whole(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def slow(x: Any) -> Any:
        x = _numeric(x)
        return function(x) if x.is_floating_point() else x.clone()

    return _core.Guard(function, slow, Tensor, None, 1)  # type: ignore[no-any-return]


exp = _unary(torch.exp, _real)
log = _unary(torch.log, _real)
log10 = _unary(torch.log10, _real)
log2 = _unary(torch.log2, _real)
log1p = _unary(torch.log1p, _real)
sqrt = _unary(torch.sqrt, _real)
sin = _unary(torch.sin, _real)
cos = _unary(torch.cos, _real)
tan = _unary(torch.tan, _real)
sinh = _unary(torch.sinh, _real)
cosh = _unary(torch.cosh, _real)
tanh = _unary(torch.tanh, _real)
abs = _unary(torch.abs, _numeric)
negative = _unary(torch.neg, _numeric)
sign = _unary(torch.sign, _numeric)
floor = _whole(torch.floor)
ceil = _whole(torch.ceil)

add = _binary(torch.add, floats=True)
subtract = _binary(torch.sub, floats=True)
multiply = _binary(torch.mul, floats=True)
divide = _binary(torch.div, floats=True)
power = _binary(torch.pow, floats=True)
mod = _binary(torch.remainder, floats=True)
floor_divide = _binary(torch.floor_divide, floats=True)
minimum = _binary(torch.minimum)
maximum = _binary(torch.maximum)


def square(x: Any) -> Tensor:
    x = _numeric(x)
    return x * x


def round(x: Any, decimals: int = 0) -> Tensor:
    x = _numeric(x)
    return torch.round(x, decimals=decimals) if x.is_floating_point() else x.clone()


def clip(x: Any, min_val: Any = None, max_val: Any = None) -> Any:
    if min_val is not None:
        x = maximum(x, min_val)
    return x if max_val is None else minimum(x, max_val)


# ----------------------------------------------------------------------------------------- activations


def relu(x: Any) -> Tensor:
    return torch.relu(_numeric(x))


def leaky_relu(x: Any, negative_slope: float = 0.01) -> Tensor:
    return _f.leaky_relu(_real(x), negative_slope)


def elu(x: Any, alpha: float = 1.0) -> Tensor:
    return _f.elu(_real(x), alpha)


def gelu(x: Any) -> Tensor:
    return _f.gelu(_real(x))


def softplus(x: Any) -> Tensor:
    return _f.softplus(_real(x))


def softmax(x: Any, axis: int = -1) -> Tensor:
    return torch.softmax(_real(x), axis)


sigmoid = _unary(torch.sigmoid, _real)


# ------------------------------------------------------------------------------------------ reductions


def _sum_dtype(x: Tensor) -> torch.dtype:
    """Integers below the default's width would overflow: they are summed as int32, int64 stays."""
    return x.dtype if x.is_floating_point() or x.dtype is torch.int64 else torch.int32


def _not_empty(name: str, x: Tensor, axes: tuple[int, ...]) -> None:
    if not _py.all(x.shape[axis] for axis in axes):
        raise ValueError(f"{name} of nothing: shape {tuple(x.shape)} is empty along {axes}")


def sum(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    x = _tensor(x)
    axes = _axes(axis, x)
    if not axes:
        return x.to(_sum_dtype(x), copy=True)
    return torch.sum(x, dim=axes, keepdim=keepdims, dtype=_sum_dtype(x))


def prod(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    x = _tensor(x)
    result = x.to(_sum_dtype(x), copy=True)
    for one in sorted(_axes(axis, x), reverse=True):
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


# ----------------------------------------------------------------------------------------- comparisons


def _compare(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    slow = lambda x, y: function(*_common(x, y, booleans=True))  # noqa: E731
    return _core.Guard(function, slow, Tensor, None, 2, first_float=1)  # type: ignore[no-any-return]


def _logical(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda x, y: function(*_common(x, y, booleans=True))


equal = _compare(torch.eq)
not_equal = _compare(torch.ne)
less = _compare(torch.lt)
less_equal = _compare(torch.le)
greater = _compare(torch.gt)
greater_equal = _compare(torch.ge)
logical_and = _logical(torch.logical_and)
logical_or = _logical(torch.logical_or)
logical_xor = _logical(torch.logical_xor)
logical_not = _unary(torch.logical_not, _tensor)
isnan = _unary(torch.isnan, _tensor)
isfinite = _unary(torch.isfinite, _tensor)


def where(condition: Any, x: Any, y: Any) -> Tensor:
    x, y = _common(x, y, booleans=True)
    return torch.where(_tensor(condition).to(device=x.device, dtype=torch.bool), x, y)


# -------------------------------------------------------------------------------------------- creation


def convert_to_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    native = None if dtype is None else _dtype(dtype)
    if isinstance(data, Tensor):
        if device is None and (native is None or data.dtype is native):
            return data
        return data.to(device=device, dtype=native)
    if isinstance(data, list):
        result = _list(data, native)
    else:
        result = _tensor(_to_host(data) if _is_mlx(data) else data)
    return result.to(device=device, dtype=native) if native is not None or device is not None else result


def full(shape: Sequence[int], value: Any, dtype: Any = None, device: Any = None) -> Tensor:
    value = convert_to_tensor(value, dtype, device)
    return value.expand(tuple(shape)).clone()


def zeros_like(x: Any, dtype: Any = None) -> Tensor:
    return torch.zeros_like(_tensor(x), dtype=None if dtype is None else _dtype(dtype))


def eye(n: int, m: int | None = None, dtype: Any = None, device: Any = None) -> Tensor:
    return torch.eye(n, n if m is None else m, dtype=_dtype(dtype or "float32"), device=device)


def arange(start: float, stop: float, step: float, dtype: Any, device: Any = None) -> Tensor:
    return torch.from_numpy(np.arange(start, stop, step)).to(device=device, dtype=_dtype(dtype))


def linspace(start: float, stop: float, num: int, endpoint: bool, dtype: Any, device: Any = None) -> Tensor:
    values = torch.from_numpy(np.linspace(start, stop, num, endpoint=endpoint))
    return values.to(dtype=_dtype(dtype)).to(device=device)  # "mps" has no float64


# ----------------------------------------------------------------------------------------------- shape


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
    x = _tensor(x)
    return x.permute(tuple(range(x.ndim - 1, -1, -1)) if axes is None else tuple(axes))


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
    x = _tensor(x)
    chosen = _tensor(indices).to(device=x.device, dtype=torch.int64)
    if axis is None:
        return x.reshape(-1)[chosen]
    return x[(slice(None),) * _axes(axis, x)[0] + (chosen,)]


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
    return tuple(
        index.to(torch.int32) for index in torch.nonzero(torch.atleast_1d(_tensor(x)), as_tuple=True)
    )


# -------------------------------------------------------------------------------------------- products


def matmul(x: Any, y: Any) -> Tensor:
    return torch.matmul(*_common(x, y))


def dot(x: Any, y: Any) -> Tensor:
    x, y = _common(x, y)
    if x.ndim == 0 or y.ndim == 0:
        return x * y
    return torch.matmul(x, y) if y.ndim <= 2 else torch.tensordot(x, y, dims=([-1], [y.ndim - 2]))


def einsum(equation: str, *operands: Any) -> Tensor:
    return torch.einsum(equation, *_common(*operands))


_ACTIVATIONS: dict[str, Callable[[Tensor], Tensor] | None] = {
    "identity": None,
    "relu": torch.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "elu": _f.elu,
    "gelu": _f.gelu,
    "softplus": _f.softplus,
}


def dense(x: Any, weight: Any, bias: Any, activation: str) -> Tensor:
    w = _tensor(weight)
    b = None if bias is None else _tensor(bias)
    x = _tensor(x)
    if x.dtype is not w.dtype:
        x = x.to(w.dtype)
    _check_dense(x.shape, w.shape, None if b is None else b.shape)
    y = torch.addmm(b, x, w) if b is not None and x.ndim == 2 else torch.matmul(x, w)
    if b is not None and x.ndim != 2:
        y = y + b
    function = _ACTIVATIONS[activation]
    return y if function is None else function(y)


# -------------------------------------------------------------------------------------- linear algebra


def _linear_algebra(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **options: Any) -> Any:
        try:
            return function(*args, **options)
        except torch.linalg.LinAlgError as error:
            raise np.linalg.LinAlgError(str(error)) from error

    return call


@_linear_algebra
def solve(a: Any, b: Any) -> Tensor:
    a, b = _common(_real(a), _real(b))
    return torch.linalg.solve(a, b[:, None])[..., 0] if b.ndim == 1 else torch.linalg.solve(a, b)


@_linear_algebra
def lstsq(a: Any, b: Any) -> Tensor:
    a, b = _common(_real(a), _real(b))
    driver = "gelsd" if a.device.type == "cpu" else None
    if b.ndim == 1:
        return torch.linalg.lstsq(a, b[:, None], driver=driver).solution[..., 0]
    return torch.linalg.lstsq(a, b, driver=driver).solution


@_linear_algebra
def inv(x: Any) -> Tensor:
    return torch.linalg.inv(_real(x))


@_linear_algebra
def det(x: Any) -> Tensor:
    return torch.linalg.det(_real(x))


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Tensor:
    return torch.linalg.norm(_real(x), ord=ord, dim=axis, keepdim=keepdims)


@_linear_algebra
def svd(x: Any, full_matrices: bool = True) -> tuple[Tensor, Tensor, Tensor]:
    u, s, vh = torch.linalg.svd(_real(x), full_matrices=full_matrices)
    return u, s, vh


@_linear_algebra
def eigh(x: Any) -> tuple[Tensor, Tensor]:
    values, vectors = torch.linalg.eigh(_real(x))
    return values, vectors


@_linear_algebra
def qr(x: Any) -> tuple[Tensor, Tensor]:
    q, r = torch.linalg.qr(_real(x))
    return q, r


@_linear_algebra
def cholesky(x: Any) -> Tensor:
    return torch.linalg.cholesky(_real(x))


# ------------------------------------------------------------------------------------------------ host


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
