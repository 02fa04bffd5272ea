"""Element-wise operations, activations and comparisons on numpy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ember_ml.backend.activations import PLAIN
from ember_ml.backend.dense_numpy import activation
from ember_ml.backend.guard import numpy_guard
from ember_ml.backend.numpy_convert import F32, Array, as_array, common, numeric, real


def _unary(function: Callable[[Any], Any], prepare: Callable[[Any], Array]) -> Callable[[Any], Any]:
    return numpy_guard(function, lambda x: function(prepare(x)), 1)


def _binary(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return numpy_guard(function, lambda x, y: function(*common(x, y)), 2)


def _whole(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Rounding to whole numbers: integers are already there."""

    def slow(x: Any) -> Any:
        x = numeric(x)
        return function(x) if x.dtype.kind == "f" else x.copy()

    return numpy_guard(function, slow, 1)


exp: Callable[[Any], Any] = _unary(np.exp, real)
log: Callable[[Any], Any] = _unary(np.log, real)
log10: Callable[[Any], Any] = _unary(np.log10, real)
log2: Callable[[Any], Any] = _unary(np.log2, real)
log1p: Callable[[Any], Any] = _unary(np.log1p, real)
sqrt: Callable[[Any], Any] = _unary(np.sqrt, real)
sin: Callable[[Any], Any] = _unary(np.sin, real)
cos: Callable[[Any], Any] = _unary(np.cos, real)
tan: Callable[[Any], Any] = _unary(np.tan, real)
sinh: Callable[[Any], Any] = _unary(np.sinh, real)
cosh: Callable[[Any], Any] = _unary(np.cosh, real)
square: Callable[[Any], Any] = _unary(np.square, numeric)
abs: Callable[[Any], Any] = _unary(np.absolute, numeric)
negative: Callable[[Any], Any] = _unary(np.negative, numeric)
sign: Callable[[Any], Any] = _unary(np.sign, numeric)
floor: Callable[[Any], Any] = _whole(np.floor)
ceil: Callable[[Any], Any] = _whole(np.ceil)

add: Callable[[Any, Any], Any] = _binary(np.add)
subtract: Callable[[Any, Any], Any] = _binary(np.subtract)
multiply: Callable[[Any, Any], Any] = _binary(np.multiply)
power: Callable[[Any, Any], Any] = _binary(np.power)
mod: Callable[[Any, Any], Any] = _binary(np.remainder)
floor_divide: Callable[[Any, Any], Any] = _binary(np.floor_divide)
minimum: Callable[[Any, Any], Any] = _binary(np.minimum)
maximum: Callable[[Any, Any], Any] = _binary(np.maximum)


def _divide(x: Any, y: Any) -> Any:
    x, y = common(x, y)
    return np.true_divide(x, y) if x.dtype.kind == "f" else np.true_divide(x.astype(F32), y.astype(F32))


divide = numpy_guard(np.true_divide, _divide, 2)


def round(x: Any, decimals: int = 0) -> Any:
    x = numeric(x)
    if x.dtype.kind != "f":
        return x.copy()
    return np.rint(x) if decimals == 0 else np.round(x, decimals)


def clip(x: Any, min_val: Any = None, max_val: Any = None) -> Any:
    if min_val is not None:
        x = maximum(x, min_val)
    return x if max_val is None else minimum(x, max_val)


tanh = activation("tanh")
globals().update({name: activation(name) for name in PLAIN})
_relu = activation("relu")
_elu = activation("elu")


def relu(x: Any) -> Any:
    if type(x) is not np.ndarray or x.dtype is not F32:
        x = numeric(x)
        if x.dtype.kind != "f":
            return np.maximum(x, 0)
    return _relu(x)


def elu(x: Any, alpha: float = 1.0) -> Any:
    if alpha == 1:
        return _elu(x)
    x = real(x)
    return np.where(x > 0, x, x.dtype.type(alpha) * _elu(np.minimum(x, 0)))


def leaky_relu(x: Any, negative_slope: float = 0.01) -> Any:
    x = real(x)
    return np.where(x > 0, x, x * x.dtype.type(negative_slope))


def softmax(x: Any, axis: int = -1) -> Any:
    x = real(x)
    e = np.exp(x - x.max(axis=axis, keepdims=True)) if x.size else x
    return e / e.sum(axis=axis, keepdims=True)


def _compare(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return numpy_guard(function, lambda x, y: function(*common(x, y, booleans=True)), 2)


def _logical(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda x, y: function(as_array(x), as_array(y))


equal: Callable[[Any, Any], Any] = _compare(np.equal)
not_equal: Callable[[Any, Any], Any] = _compare(np.not_equal)
less: Callable[[Any, Any], Any] = _compare(np.less)
less_equal: Callable[[Any, Any], Any] = _compare(np.less_equal)
greater: Callable[[Any, Any], Any] = _compare(np.greater)
greater_equal: Callable[[Any, Any], Any] = _compare(np.greater_equal)
logical_and: Callable[[Any, Any], Any] = _logical(np.logical_and)
logical_or: Callable[[Any, Any], Any] = _logical(np.logical_or)
logical_xor: Callable[[Any, Any], Any] = _logical(np.logical_xor)


def logical_not(x: Any) -> Any:
    return np.logical_not(as_array(x))


def isnan(x: Any) -> Any:
    return np.isnan(as_array(x))


def isfinite(x: Any) -> Any:
    return np.isfinite(as_array(x))


def where(condition: Any, x: Any, y: Any) -> Any:
    return np.where(as_array(condition), *common(x, y, booleans=True))
