"""The table of primitives on mlx. Signatures and meaning: see the functions of `ember_ml.ops`."""

from __future__ import annotations

import builtins as _py
from collections.abc import Callable, Sequence
from typing import Any

import mlx.core as mx
import numpy as np

from ember_ml import _core
from ember_ml.backend import numpy_backend as _host
from ember_ml.backend.convert import is_torch as _is_torch
from ember_ml.backend.convert import scalar_kind as _scalar_kind
from ember_ml.backend.convert import to_host as _to_host
from ember_ml.backend.dense_numpy import check_dense as _check_dense
from ember_ml.backend.dtypes import ALL as _ALL
from ember_ml.backend.dtypes import KIND as _KIND
from ember_ml.backend.dtypes import name_of as _name_of
from ember_ml.backend.dtypes import promote as _promote
from ember_ml.backend.dtypes import unknown as _unknown
from ember_ml.backend.holder import ArrayHolder as _Holder

Array = mx.array
Axis = int | Sequence[int] | None

_NATIVE: dict[Any, Any] = {name: getattr(mx, "bool_" if name == "bool" else str(name)) for name in _ALL}
_NAMES = {native: str(name) for name, native in _NATIVE.items()}
_NATIVE.update({native: native for native in _NAMES})
_NATIVE.update({np.dtype(str(name)): _NATIVE[name] for name in _ALL})
_DEFAULTS = ("bool", "int32", "float32")
_FLOATS = (mx.float16, mx.float32, mx.float64)


def _dtype(dtype: Any) -> Any:
    try:
        native = _NATIVE[dtype]
    except (KeyError, TypeError):
        name = _name_of(dtype)
        if name not in _NATIVE:
            raise _unknown(dtype) from None
        native = _NATIVE[name]
    # Apple's GPU has no float64: there the nearest is float32.
    return mx.float32 if native == mx.float64 and mx.default_device() == mx.gpu else native


def _array(x: Any) -> Array:
    if isinstance(x, mx.array):
        return x
    if isinstance(x, _Holder):
        return _array(x.data)
    if _is_torch(x):
        raise TypeError(
            "a torch tensor cannot be mixed with mlx's: convert it with tensor.convert_to_tensor first"
        )
    if isinstance(x, list | tuple) and _py.any(
        isinstance(item, mx.array | _Holder | list | tuple) for item in x
    ):
        parts = [_array(item) for item in x]
        kinds = [_scalar_kind(item) for item in x]
        if len({part.shape for part in parts}) > 1:
            shapes = ", ".join(str(part.shape) for part in parts)
            raise ValueError(f"a list of arrays must hold equal shapes, got {shapes}")
        return mx.stack(_common(*(x if None in kinds else parts), booleans=True))
    host = _to_host(x)
    return mx.array(host, _dtype(host.dtype))


def _is_float(x: Array) -> bool:
    return x.dtype in _FLOATS


def _real(x: Any) -> Array:
    x = _array(x)
    return x if _is_float(x) else x.astype(mx.float32)


def _numeric(x: Any) -> Array:
    x = _array(x)
    return x.astype(mx.int32) if x.dtype == mx.bool_ else x


def _axes(axis: Any, x: Array) -> tuple[int, ...]:
    """The reduced axes, as numbers from 0."""
    if axis is None:
        return tuple(range(x.ndim))
    found = (axis,) if isinstance(axis, int) else tuple(axis)
    for one in found:
        if not -x.ndim <= one < x.ndim:
            raise ValueError(f"axis {one} is out of bounds for an array of {x.ndim} axes")
    return tuple(one % x.ndim for one in found)


def _common(*operands: Any, booleans: bool = False) -> list[Array]:
    """Operands as arrays of one dtype; Python numbers are weak, booleans become int32."""
    kinds = [_scalar_kind(x) for x in operands]
    arrays = [_array(x) for x in operands]
    strong = [_NAMES[array.dtype] for array, kind in zip(arrays, kinds) if kind is None]
    weak = _py.max((kind for kind in kinds if kind is not None), default=-1)
    name = _promote(strong) if strong else _DEFAULTS[0]
    if weak > _KIND[name]:
        name = _DEFAULTS[weak]
    if name == "bool" and not booleans:
        name = "int32"
    return [array.astype(_NATIVE[name]) for array in arrays]


# ---------------------------------------------------------------------------------------- element-wise


def _unary(function: Callable[[Any], Any], prepare: Callable[[Any], Array]) -> Callable[[Any], Any]:
    return _core.Guard(function, lambda x: function(prepare(x)), Array, None, 1)  # type: ignore[no-any-return]


def _binary(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    slow = lambda x, y: function(*_common(x, y))  # noqa: E731
    return _core.Guard(function, slow, Array, None, 2, first_float=0)  # type: ignore[no-any-return]


exp = _unary(mx.exp, _real)
log = _unary(mx.log, _real)
log10 = _unary(mx.log10, _real)
log2 = _unary(mx.log2, _real)
log1p = _unary(mx.log1p, _real)
sqrt = _unary(mx.sqrt, _real)
sin = _unary(mx.sin, _real)
cos = _unary(mx.cos, _real)
tan = _unary(mx.tan, _real)
sinh = _unary(mx.sinh, _real)
cosh = _unary(mx.cosh, _real)
tanh = _unary(mx.tanh, _real)
square = _unary(mx.square, _numeric)
abs = _unary(mx.abs, _numeric)
negative = _unary(mx.negative, _numeric)
sign = _unary(mx.sign, _numeric)
floor = _unary(mx.floor, _numeric)
ceil = _unary(mx.ceil, _numeric)

add = _binary(mx.add)
subtract = _binary(mx.subtract)
multiply = _binary(mx.multiply)
divide = _binary(mx.divide)
power = _binary(mx.power)
mod = _binary(mx.remainder)
floor_divide = _binary(mx.floor_divide)
minimum = _binary(mx.minimum)
maximum = _binary(mx.maximum)


def round(x: Any, decimals: int = 0) -> Array:
    x = _numeric(x)
    return mx.round(x, decimals) if _is_float(x) else x


def clip(x: Any, min_val: Any = None, max_val: Any = None) -> Any:
    if min_val is not None:
        x = maximum(x, min_val)
    return x if max_val is None else minimum(x, max_val)


# ----------------------------------------------------------------------------------------- activations


def relu(x: Any) -> Array:
    return mx.maximum(_numeric(x), 0)


def leaky_relu(x: Any, negative_slope: float = 0.01) -> Array:
    x = _real(x)
    return mx.where(x > 0, x, x * negative_slope)


def elu(x: Any, alpha: float = 1.0) -> Array:
    x = _real(x)
    return mx.where(x > 0, x, alpha * mx.expm1(mx.minimum(x, 0)))


def gelu(x: Any) -> Array:
    x = _real(x)
    return 0.5 * x * (1 + mx.erf(x * 0.5**0.5))


def softmax(x: Any, axis: int = -1) -> Array:
    return mx.softmax(_real(x), axis=axis)


def softplus(x: Any) -> Array:
    return mx.logaddexp(_real(x), 0)


sigmoid = _unary(mx.sigmoid, _real)


# ------------------------------------------------------------------------------------------ reductions


def _summed(x: Any) -> Array:
    """Integers below the default's width would overflow: they are summed as int32, int64 stays."""
    x = _array(x)
    return x if _is_float(x) or x.dtype == mx.int64 else x.astype(mx.int32)


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
    x = _array(x)
    if descending:  # of equals the first stays first
        return x.shape[axis] - 1 - _flip(mx.argsort(_flip(x, axis), axis=axis), axis).astype(mx.int32)
    return mx.argsort(x, axis=axis).astype(mx.int32)


# ----------------------------------------------------------------------------------------- comparisons


def _compare(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    slow = lambda x, y: function(*_common(x, y, booleans=True))  # noqa: E731
    return _core.Guard(function, slow, Array, None, 2, first_float=0)  # type: ignore[no-any-return]


equal = _compare(mx.equal)
not_equal = _compare(mx.not_equal)
less = _compare(mx.less)
less_equal = _compare(mx.less_equal)
greater = _compare(mx.greater)
greater_equal = _compare(mx.greater_equal)
logical_not = _unary(mx.logical_not, _array)
isnan = _unary(mx.isnan, _array)
isfinite = _unary(mx.isfinite, _array)


def _bool(x: Any) -> Array:
    return _array(x).astype(mx.bool_)


def logical_and(x: Any, y: Any) -> Array:
    return mx.logical_and(_bool(x), _bool(y))


def logical_or(x: Any, y: Any) -> Array:
    return mx.logical_or(_bool(x), _bool(y))


def logical_xor(x: Any, y: Any) -> Array:
    return mx.not_equal(_bool(x), _bool(y))


def where(condition: Any, x: Any, y: Any) -> Array:
    return mx.where(_bool(condition), *_common(x, y, booleans=True))


# -------------------------------------------------------------------------------------------- creation


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


# ----------------------------------------------------------------------------------------------- shape


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


# -------------------------------------------------------------------------------------------- products


def _product(function: Callable[..., Array], host: Callable[..., Any]) -> Callable[..., Array]:
    """mlx multiplies matrices of floats only: whole numbers are multiplied on the host."""

    def product(*operands: Any) -> Array:
        arrays = _common(*operands)
        return function(*arrays) if _is_float(arrays[0]) else _array(host(*map(to_numpy, arrays)))

    return product


def _dot(x: Array, y: Array) -> Array:
    if x.ndim == 0 or y.ndim == 0:
        return x * y
    return mx.matmul(x, y) if y.ndim <= 2 else mx.tensordot(x, y, axes=[[x.ndim - 1], [y.ndim - 2]])


matmul = _product(mx.matmul, _host.matmul)
dot = _product(_dot, _host.dot)


def einsum(equation: str, *operands: Any) -> Array:
    return _product(
        lambda *arrays: mx.einsum(equation, *arrays), lambda *arrays: _host.einsum(equation, *arrays)
    )(*operands)


_ACTIVATIONS: dict[str, Callable[[Array], Array] | None] = {
    "identity": None,
    "relu": relu,
    "tanh": mx.tanh,
    "sigmoid": mx.sigmoid,
    "elu": elu,
    "gelu": gelu,
    "softplus": softplus,
}


def dense(x: Any, weight: Any, bias: Any, activation: str) -> Array:
    w = _array(weight)
    b = None if bias is None else _array(bias)
    x = _array(x)
    if x.dtype != w.dtype:
        x = x.astype(w.dtype)
    _check_dense(x.shape, w.shape, None if b is None else b.shape)
    y = mx.matmul(x, w) if b is None else mx.addmm(b, x, w)
    function = _ACTIVATIONS[activation]
    return y if function is None else function(y)


# -------------------------------------------------------------------------------------- linear algebra


def _on_host(function: Callable[..., Any]) -> Callable[..., Any]:
    """mlx has most decompositions on the CPU only and lacks lstsq: numpy's are used."""

    def call(*args: Any, **options: Any) -> Any:
        result = function(*(to_numpy(x) if isinstance(x, mx.array | _Holder) else x for x in args), **options)
        return tuple(_array(part) for part in result) if isinstance(result, tuple) else _array(result)

    return call


solve = _on_host(_host.solve)
lstsq = _on_host(_host.lstsq)
inv = _on_host(_host.inv)
det = _on_host(_host.det)
norm = _on_host(_host.norm)
svd = _on_host(_host.svd)
eigh = _on_host(_host.eigh)
qr = _on_host(_host.qr)
cholesky = _on_host(_host.cholesky)


# ------------------------------------------------------------------------------------------------ host


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
