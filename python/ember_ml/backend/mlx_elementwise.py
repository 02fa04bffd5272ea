"""Element-wise primitives on mlx: mathematics, activations, comparisons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mlx.core as mx

from ember_ml import _core
from ember_ml.backend import activations as _activations
from ember_ml.backend.mlx_convert import Array
from ember_ml.backend.mlx_convert import common as _common
from ember_ml.backend.mlx_convert import is_float as _is_float
from ember_ml.backend.mlx_convert import numeric as _numeric
from ember_ml.backend.mlx_convert import real as _real
from ember_ml.backend.mlx_convert import to_array as _array

# -------------------------------------------------------------------------------------------- element-wise


def _unary(function: Callable[[Any], Any], prepare: Callable[[Any], Array]) -> Callable[[Any], Any]:
    return _core.Guard(function, lambda x: function(prepare(x)), Array, None, 1)


def _binary(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    slow = lambda x, y: function(*_common(x, y))  # noqa: E731
    return _core.Guard(function, slow, Array, None, 2, first_float=0)


exp: Callable[[Any], Any] = _unary(mx.exp, _real)
log: Callable[[Any], Any] = _unary(mx.log, _real)
log10: Callable[[Any], Any] = _unary(mx.log10, _real)
log2: Callable[[Any], Any] = _unary(mx.log2, _real)
log1p: Callable[[Any], Any] = _unary(mx.log1p, _real)
sqrt: Callable[[Any], Any] = _unary(mx.sqrt, _real)
sin: Callable[[Any], Any] = _unary(mx.sin, _real)
cos: Callable[[Any], Any] = _unary(mx.cos, _real)
tan: Callable[[Any], Any] = _unary(mx.tan, _real)
sinh: Callable[[Any], Any] = _unary(mx.sinh, _real)
cosh: Callable[[Any], Any] = _unary(mx.cosh, _real)
tanh: Callable[[Any], Any] = _unary(mx.tanh, _real)
square: Callable[[Any], Any] = _unary(mx.square, _numeric)
abs: Callable[[Any], Any] = _unary(mx.abs, _numeric)
negative: Callable[[Any], Any] = _unary(mx.negative, _numeric)
sign: Callable[[Any], Any] = _unary(mx.sign, _numeric)
floor: Callable[[Any], Any] = _unary(mx.floor, _numeric)
ceil: Callable[[Any], Any] = _unary(mx.ceil, _numeric)

add: Callable[[Any, Any], Any] = _binary(mx.add)
subtract: Callable[[Any, Any], Any] = _binary(mx.subtract)
multiply: Callable[[Any, Any], Any] = _binary(mx.multiply)
divide: Callable[[Any, Any], Any] = _binary(mx.divide)
power: Callable[[Any, Any], Any] = _binary(mx.power)
mod: Callable[[Any, Any], Any] = _binary(mx.remainder)
floor_divide: Callable[[Any, Any], Any] = _binary(mx.floor_divide)
minimum: Callable[[Any, Any], Any] = _binary(mx.minimum)
maximum: Callable[[Any, Any], Any] = _binary(mx.maximum)


def round(x: Any, decimals: int = 0) -> Array:
    x = _numeric(x)
    return mx.round(x, decimals) if _is_float(x) else x


def clip(x: Any, min_val: Any = None, max_val: Any = None) -> Any:
    if min_val is not None:
        x = maximum(x, min_val)
    return x if max_val is None else minimum(x, max_val)


# --------------------------------------------------------------------------------------------- activations


def relu(x: Any) -> Array:
    return mx.maximum(_numeric(x), 0)


def leaky_relu(x: Any, negative_slope: float = 0.01) -> Array:
    x = _real(x)
    return mx.where(x > 0, x, x * negative_slope)


def elu(x: Any, alpha: float = 1.0) -> Array:
    x = _real(x)
    return mx.where(x > 0, x, alpha * mx.expm1(mx.minimum(x, 0)))


def softmax(x: Any, axis: int = -1) -> Array:
    x = _real(x)
    return mx.softmax(x, axis=axis) if x.ndim else mx.ones_like(x)


def _plain(name: str) -> Callable[[Any], Any]:
    function = _activations.ACTIVATIONS[name].mlx
    return lambda x: function(mx, _real(x))


#: Those of the activations that have no option.
PLAIN = {name: _plain(name) for name in _activations.PLAIN}


# --------------------------------------------------------------------------------------------- comparisons


def _compare(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    slow = lambda x, y: function(*_common(x, y, booleans=True))  # noqa: E731
    return _core.Guard(function, slow, Array, None, 2, first_float=0)


equal: Callable[[Any, Any], Any] = _compare(mx.equal)
not_equal: Callable[[Any, Any], Any] = _compare(mx.not_equal)
less: Callable[[Any, Any], Any] = _compare(mx.less)
less_equal: Callable[[Any, Any], Any] = _compare(mx.less_equal)
greater: Callable[[Any, Any], Any] = _compare(mx.greater)
greater_equal: Callable[[Any, Any], Any] = _compare(mx.greater_equal)
logical_not: Callable[[Any], Any] = _unary(mx.logical_not, _array)
isnan: Callable[[Any], Any] = _unary(mx.isnan, _array)
isfinite: Callable[[Any], Any] = _unary(mx.isfinite, _array)


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
