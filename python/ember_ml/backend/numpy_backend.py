"""The table of primitives on numpy. Signatures and meaning: see the functions of `ember_ml.ops`."""

from __future__ import annotations

import builtins as _py
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ember_ml.backend import dense_numpy as _dense_numpy
from ember_ml.backend.convert import scalar_kind as _scalar_kind
from ember_ml.backend.convert import to_host as _to_host
from ember_ml.backend.dtypes import ALL as _ALL
from ember_ml.backend.dtypes import name_of as _name_of
from ember_ml.backend.dtypes import promote as _promote
from ember_ml.backend.dtypes import unknown as _unknown
from ember_ml.backend.guard import numpy_guard as _guard

Array = NDArray[Any]
Axis = int | Sequence[int] | None

_f32 = np.dtype(np.float32)
_i32 = np.dtype(np.int32)
_NATIVE: dict[Any, np.dtype[Any]] = {np.dtype(name): np.dtype(name) for name in _ALL}
_NATIVE.update({name: np.dtype(name) for name in _ALL})
_DEFAULTS = (np.dtype(np.bool_), _i32, _f32)

dense = _dense_numpy.dense
cell = _dense_numpy.cell


def _dtype(dtype: Any) -> np.dtype[Any]:
    try:
        return _NATIVE[dtype]
    except (KeyError, TypeError):
        name = _name_of(dtype)
        if name not in _NATIVE:
            raise _unknown(dtype) from None
        return _NATIVE[name]


def _array(x: Any) -> Array:
    return x if type(x) is np.ndarray and x.dtype in _NATIVE else _to_host(x)


def _real(x: Any) -> Array:
    x = _array(x)
    return x if x.dtype.kind == "f" else x.astype(_f32)


def _numeric(x: Any) -> Array:
    x = _array(x)
    return x if x.dtype.kind != "b" else x.astype(_i32)


def _axis(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


def _check_device(device: Any) -> None:
    if device not in (None, "cpu"):
        raise ValueError(f"device={device!r}: the numpy backend has only 'cpu'")


def _common(*operands: Any, booleans: bool = False) -> list[Array]:
    """Operands as arrays of their common dtype; Python numbers are weak, booleans become int32."""
    kinds = [_scalar_kind(x) for x in operands]
    arrays = [_array(x) for x in operands]
    strong = [array.dtype for array, kind in zip(arrays, kinds) if kind is None]
    weak = _py.max((kind for kind in kinds if kind is not None), default=-1)
    if strong and _py.all(dtype == strong[0] for dtype in strong):
        dtype = strong[0]
    elif strong:
        dtype = np.dtype(_promote([d.name for d in strong]))
    else:
        dtype = _DEFAULTS[0]
    if weak > "biuf".index(dtype.kind) - (dtype.kind in "uf"):
        dtype = _DEFAULTS[weak]
    if dtype.kind == "b" and not booleans:
        dtype = _i32
    return [array.astype(dtype, copy=False) for array in arrays]


# ------------------------------------------------------------------------------------------ element-wise


def _unary(function: Callable[[Any], Any], prepare: Callable[[Any], Array]) -> Callable[[Any], Any]:
    return _guard(function, lambda x: function(prepare(x)), 1)


def _binary(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return _guard(function, lambda x, y: function(*_common(x, y)), 2)


def _whole(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Rounding to whole numbers: integers are already there."""

    def slow(x: Any) -> Any:
        x = _numeric(x)
        return function(x) if x.dtype.kind == "f" else x.copy()

    return _guard(function, slow, 1)


exp = _unary(np.exp, _real)
log = _unary(np.log, _real)
log10 = _unary(np.log10, _real)
log2 = _unary(np.log2, _real)
log1p = _unary(np.log1p, _real)
sqrt = _unary(np.sqrt, _real)
sin = _unary(np.sin, _real)
cos = _unary(np.cos, _real)
tan = _unary(np.tan, _real)
sinh = _unary(np.sinh, _real)
cosh = _unary(np.cosh, _real)
square = _unary(np.square, _numeric)
abs = _unary(np.absolute, _numeric)
negative = _unary(np.negative, _numeric)
sign = _unary(np.sign, _numeric)
floor = _whole(np.floor)
ceil = _whole(np.ceil)

add = _binary(np.add)
subtract = _binary(np.subtract)
multiply = _binary(np.multiply)
power = _binary(np.power)
mod = _binary(np.remainder)
floor_divide = _binary(np.floor_divide)
minimum = _binary(np.minimum)
maximum = _binary(np.maximum)


def _divide(x: Any, y: Any) -> Any:
    x, y = _common(x, y)
    return np.true_divide(x, y) if x.dtype.kind == "f" else np.true_divide(x.astype(_f32), y.astype(_f32))


divide = _guard(np.true_divide, _divide, 2)


def round(x: Any, decimals: int = 0) -> Any:
    x = _numeric(x)
    if x.dtype.kind != "f":
        return x.copy()
    return np.rint(x) if decimals == 0 else np.round(x, decimals)


def clip(x: Any, min_val: Any = None, max_val: Any = None) -> Any:
    if min_val is not None:
        x = maximum(x, min_val)
    return x if max_val is None else minimum(x, max_val)


# ------------------------------------------------------------------------------------------- activations


tanh = _dense_numpy.activation("tanh")
sigmoid = _dense_numpy.activation("sigmoid")
gelu = _dense_numpy.activation("gelu")
softplus = _dense_numpy.activation("softplus")
_relu = _dense_numpy.activation("relu")
_elu = _dense_numpy.activation("elu")


def relu(x: Any) -> Any:
    if type(x) is not np.ndarray or x.dtype is not _f32:
        x = _numeric(x)
        if x.dtype.kind != "f":
            return np.maximum(x, 0)
    return _relu(x)


def elu(x: Any, alpha: float = 1.0) -> Any:
    if alpha == 1:
        return _elu(x)
    x = _real(x)
    return np.where(x > 0, x, x.dtype.type(alpha) * _elu(np.minimum(x, 0)))


def leaky_relu(x: Any, negative_slope: float = 0.01) -> Any:
    x = _real(x)
    return np.where(x > 0, x, x * x.dtype.type(negative_slope))


def softmax(x: Any, axis: int = -1) -> Any:
    x = _real(x)
    e = np.exp(x - x.max(axis=axis, keepdims=True)) if x.size else x
    return e / e.sum(axis=axis, keepdims=True)


# -------------------------------------------------------------------------------------------- reductions


def _sum_like(function: Callable[..., Any]) -> Callable[..., Any]:
    def reduce(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
        x = _array(x)
        # Integers below the default's width would overflow: they are summed as int32, int64 stays.
        dtype = x.dtype if x.dtype.kind == "f" or x.dtype.itemsize == 8 else _i32
        return function(x, axis=_axis(axis), keepdims=keepdims, dtype=dtype)

    return reduce


def _real_reduction(function: Callable[..., Any]) -> Callable[..., Any]:
    def reduce(x: Any, axis: Axis = None, keepdims: bool = False, **options: Any) -> Any:
        return function(_real(x), _axis(axis), keepdims, **options)

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
    return np.max(_array(x), axis=_axis(axis), keepdims=keepdims)


def min(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    return np.min(_array(x), axis=_axis(axis), keepdims=keepdims)


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    return np.argmax(_array(x), axis=axis, keepdims=keepdims).astype(_i32)


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    return np.argmin(_array(x), axis=axis, keepdims=keepdims).astype(_i32)


def all(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    return np.all(_array(x), axis=_axis(axis), keepdims=keepdims)


def any(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    return np.any(_array(x), axis=_axis(axis), keepdims=keepdims)


def cumsum(x: Any, axis: int | None = None) -> Any:
    x = _array(x)
    dtype = x.dtype if x.dtype.kind == "f" or x.dtype.itemsize == 8 else _i32
    return np.cumsum(x, axis=axis, dtype=dtype)


def sort(x: Any, axis: int = -1, descending: bool = False) -> Any:
    result = np.sort(_array(x), axis=axis, kind="stable")
    return np.flip(result, axis) if descending else result


def argsort(x: Any, axis: int = -1, descending: bool = False) -> Any:
    x = _array(x)
    if descending:  # of equals the first stays first
        return (
            x.shape[axis] - 1 - np.flip(np.argsort(np.flip(x, axis), axis=axis, kind="stable"), axis)
        ).astype(_i32)
    return np.argsort(x, axis=axis, kind="stable").astype(_i32)


# ------------------------------------------------------------------------------------------- comparisons


def _compare(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return _guard(function, lambda x, y: function(*_common(x, y, booleans=True)), 2)


def _logical(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda x, y: function(_array(x), _array(y))


equal = _compare(np.equal)
not_equal = _compare(np.not_equal)
less = _compare(np.less)
less_equal = _compare(np.less_equal)
greater = _compare(np.greater)
greater_equal = _compare(np.greater_equal)
logical_and = _logical(np.logical_and)
logical_or = _logical(np.logical_or)
logical_xor = _logical(np.logical_xor)


def logical_not(x: Any) -> Any:
    return np.logical_not(_array(x))


def isnan(x: Any) -> Any:
    return np.isnan(_array(x))


def isfinite(x: Any) -> Any:
    return np.isfinite(_array(x))


def where(condition: Any, x: Any, y: Any) -> Any:
    return np.where(_array(condition), *_common(x, y, booleans=True))


# ---------------------------------------------------------------------------------------------- creation


def convert_to_tensor(data: Any, dtype: Any = None, device: Any = None) -> Array:
    if device is not None:
        _check_device(device)
    if dtype is None:
        return _array(data)
    native = _dtype(dtype)
    kind = type(data)
    if kind is np.ndarray:
        return data if data.dtype is native else _array(data).astype(native, copy=False)
    if kind is list:
        try:
            return np.array(data, native)
        except (TypeError, ValueError):
            pass  # ragged, or arrays of another backend: the slow path says what is wrong
    return _to_host(data).astype(native, copy=False)


def full(shape: Sequence[int], value: Any, dtype: Any = None, device: Any = None) -> Array:
    _check_device(device)
    value = _array(value) if dtype is None else convert_to_tensor(value, dtype)
    return np.full(shape, value, value.dtype)


def zeros_like(x: Any, dtype: Any = None) -> Array:
    if type(x) is np.ndarray and dtype is None:
        return np.zeros_like(x)
    x = _array(x)
    return np.zeros_like(x, x.dtype if dtype is None else _dtype(dtype))


def eye(n: int, m: int | None = None, dtype: Any = None, device: Any = None) -> Array:
    _check_device(device)
    return np.eye(n, m, dtype=_dtype(dtype or "float32"))


def arange(start: float, stop: float, step: float, dtype: Any, device: Any = None) -> Array:
    _check_device(device)
    return np.arange(start, stop, step).astype(_dtype(dtype))


def linspace(start: float, stop: float, num: int, endpoint: bool, dtype: Any, device: Any = None) -> Array:
    _check_device(device)
    return np.linspace(start, stop, num, endpoint=endpoint).astype(_dtype(dtype))


# ------------------------------------------------------------------------------------------------- shape


def shape(x: Any) -> tuple[int, ...]:
    return x.shape if type(x) is np.ndarray else _array(x).shape


def cast(x: Any, dtype: Any) -> Array:
    return _array(x).astype(_dtype(dtype), copy=False)


def copy(x: Any) -> Array:
    return np.array(_array(x))


def reshape(x: Any, shape: Sequence[int]) -> Array:
    return np.reshape(_array(x), shape)


def broadcast_to(x: Any, shape: Sequence[int]) -> Array:
    return np.array(np.broadcast_to(_array(x), shape))


def transpose(x: Any, axes: Sequence[int] | None = None) -> Array:
    return np.transpose(_array(x), axes)


def concatenate(arrays: Sequence[Any], axis: int = 0) -> Array:
    return np.concatenate(_common(*arrays, booleans=True), axis=axis)


def stack(arrays: Sequence[Any], axis: int = 0) -> Array:
    return np.stack(_common(*arrays, booleans=True), axis=axis)


def split(x: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Array]:
    return list(np.split(_array(x), indices_or_sections, axis))


def expand_dims(x: Any, axis: int) -> Array:
    return np.expand_dims(_array(x), axis)


def squeeze(x: Any, axis: Axis = None) -> Array:
    return np.squeeze(_array(x), _axis(axis))


def tile(x: Any, reps: Sequence[int]) -> Array:
    return np.tile(_array(x), reps)


def pad(x: Any, paddings: Sequence[tuple[int, int]], constant_values: Any = 0) -> Array:
    return np.pad(_array(x), paddings, constant_values=constant_values) if len(paddings) else copy(x)


def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    return np.take(_array(x), _array(indices), axis=axis)


def scatter(data: Any, indices: Any, size: int, aggr: str) -> Array:
    """Combines rows of `data` (n, ...) that share an index; `start` is what an untouched row of the result
    holds.
    """
    data, indices = _array(data), _array(indices)
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
    result[index] = _array(updates)
    return result


def nonzero(x: Any) -> tuple[Array, ...]:
    return tuple(index.astype(_i32) for index in np.nonzero(np.atleast_1d(_array(x))))


# ---------------------------------------------------------------------------------------------- products


def _product(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return _guard(function, lambda x, y: function(*_common(x, y)), 2)


matmul = _product(np.matmul)
dot = _product(np.dot)


def einsum(equation: str, *operands: Any) -> Any:
    return np.einsum(equation, *_common(*operands))


# ---------------------------------------------------------------------------------------- linear algebra


def solve(a: Any, b: Any) -> Array:
    a, b = _common(_real(a), _real(b))
    # numpy 1 and 2 read a stack of vectors differently: only a 1-D b is a vector (the array API's rule)
    return np.linalg.solve(a, b[:, None])[..., 0] if b.ndim == 1 else np.linalg.solve(a, b)


def lstsq(a: Any, b: Any) -> Array:
    a, b = _common(_real(a), _real(b))
    return np.linalg.lstsq(a, b, rcond=None)[0]


def inv(x: Any) -> Array:
    return np.linalg.inv(_real(x))


def det(x: Any) -> Any:
    return np.linalg.det(_real(x))


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    return np.linalg.norm(_real(x), ord=ord, axis=_axis(axis), keepdims=keepdims)


def svd(x: Any, full_matrices: bool = True) -> tuple[Array, Array, Array]:
    u, s, vh = np.linalg.svd(_real(x), full_matrices=full_matrices)
    return u, s, vh


def eigh(x: Any) -> tuple[Array, Array]:
    values, vectors = np.linalg.eigh(_real(x))
    return values, vectors


def qr(x: Any) -> tuple[Array, Array]:
    q, r = np.linalg.qr(_real(x))
    return q, r


def cholesky(x: Any) -> Array:
    return np.linalg.cholesky(_real(x))


# -------------------------------------------------------------------------------------------------- host


def is_native(x: Any) -> bool:
    return isinstance(x, np.ndarray)


def dtype_name(x: Any) -> str:
    return _array(x).dtype.name


def to_numpy(x: Any) -> Array:
    return x if type(x) is np.ndarray else _to_host(x)


def item(x: Any) -> bool | int | float:
    return _array(x).item()  # type: ignore[no-any-return]


def to_device(x: Any, device: str) -> Array:
    _check_device(device)
    return _array(x)
