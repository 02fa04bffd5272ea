"""Element-wise primitives on torch: mathematics, activations, comparisons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ember_ml import _core
from ember_ml.backend import activations as _activations
from ember_ml.backend.torch_convert import common as _common
from ember_ml.backend.torch_convert import numeric as _numeric
from ember_ml.backend.torch_convert import real as _real
from ember_ml.backend.torch_convert import to_tensor as _tensor

_f = torch.nn.functional

# -------------------------------------------------------------------------------------------- element-wise


def _unary(function: Callable[[Any], Any], prepare: Callable[[Any], Tensor]) -> Callable[[Any], Any]:
    return _core.Guard(function, lambda x: function(prepare(x)), Tensor, None, 1)


def _binary(function: Callable[[Any, Any], Any], floats: bool = False) -> Callable[[Any, Any], Any]:
    """`floats`: torch's function takes a Python float as its second operand."""
    slow = lambda x, y: function(*_common(x, y))  # noqa: E731
    return _core.Guard(function, slow, Tensor, None, 2, first_float=1 if floats else 2)


def _whole(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def slow(x: Any) -> Any:
        x = _numeric(x)
        return function(x) if x.is_floating_point() else x.clone()

    return _core.Guard(function, slow, Tensor, None, 1)


exp: Callable[[Any], Any] = _unary(torch.exp, _real)
log: Callable[[Any], Any] = _unary(torch.log, _real)
log10: Callable[[Any], Any] = _unary(torch.log10, _real)
log2: Callable[[Any], Any] = _unary(torch.log2, _real)
log1p: Callable[[Any], Any] = _unary(torch.log1p, _real)
sqrt: Callable[[Any], Any] = _unary(torch.sqrt, _real)
sin: Callable[[Any], Any] = _unary(torch.sin, _real)
cos: Callable[[Any], Any] = _unary(torch.cos, _real)
tan: Callable[[Any], Any] = _unary(torch.tan, _real)
sinh: Callable[[Any], Any] = _unary(torch.sinh, _real)
cosh: Callable[[Any], Any] = _unary(torch.cosh, _real)
tanh: Callable[[Any], Any] = _unary(torch.tanh, _real)
abs: Callable[[Any], Any] = _unary(torch.abs, _numeric)
negative: Callable[[Any], Any] = _unary(torch.neg, _numeric)
sign: Callable[[Any], Any] = _unary(torch.sign, _numeric)
floor: Callable[[Any], Any] = _whole(torch.floor)
ceil: Callable[[Any], Any] = _whole(torch.ceil)

add: Callable[[Any, Any], Any] = _binary(torch.add, floats=True)
subtract: Callable[[Any, Any], Any] = _binary(torch.sub, floats=True)
multiply: Callable[[Any, Any], Any] = _binary(torch.mul, floats=True)
divide: Callable[[Any, Any], Any] = _binary(torch.div, floats=True)
power: Callable[[Any, Any], Any] = _binary(torch.pow, floats=True)
mod: Callable[[Any, Any], Any] = _binary(torch.remainder, floats=True)
floor_divide: Callable[[Any, Any], Any] = _binary(torch.floor_divide, floats=True)
minimum: Callable[[Any, Any], Any] = _binary(torch.minimum)
maximum: Callable[[Any, Any], Any] = _binary(torch.maximum)


def square(x: Any) -> Tensor:
    tensor = _numeric(x)
    return tensor * tensor


def round(x: Any, decimals: int = 0) -> Tensor:
    tensor = _numeric(x)
    return torch.round(tensor, decimals=decimals) if tensor.is_floating_point() else tensor.clone()


def clip(x: Any, min_val: Any = None, max_val: Any = None) -> Any:
    if min_val is not None:
        x = maximum(x, min_val)
    return x if max_val is None else minimum(x, max_val)


# --------------------------------------------------------------------------------------------- activations


def relu(x: Any) -> Tensor:
    return torch.relu(_numeric(x))


def leaky_relu(x: Any, negative_slope: float = 0.01) -> Tensor:
    return _f.leaky_relu(_real(x), negative_slope)


def elu(x: Any, alpha: float = 1.0) -> Tensor:
    return _f.elu(_real(x), alpha)


def softmax(x: Any, axis: int = -1) -> Tensor:
    return torch.softmax(_real(x), axis)


def _plain(name: str) -> Callable[[Any], Any]:
    function = _activations.of_torch(name)
    # What stands in torch itself takes integers too.
    return _unary(function, _real) if hasattr(torch, name) else lambda x: function(_real(x))


#: Those of the activations that have no option.
PLAIN = {name: _plain(name) for name in _activations.PLAIN}


# --------------------------------------------------------------------------------------------- comparisons


def _compare(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    slow = lambda x, y: function(*_common(x, y, booleans=True))  # noqa: E731
    return _core.Guard(function, slow, Tensor, None, 2, first_float=1)


def _logical(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda x, y: function(*_common(x, y, booleans=True))


equal: Callable[[Any, Any], Any] = _compare(torch.eq)
not_equal: Callable[[Any, Any], Any] = _compare(torch.ne)
less: Callable[[Any, Any], Any] = _compare(torch.lt)
less_equal: Callable[[Any, Any], Any] = _compare(torch.le)
greater: Callable[[Any, Any], Any] = _compare(torch.gt)
greater_equal: Callable[[Any, Any], Any] = _compare(torch.ge)
logical_and: Callable[[Any, Any], Any] = _logical(torch.logical_and)
logical_or: Callable[[Any, Any], Any] = _logical(torch.logical_or)
logical_xor: Callable[[Any, Any], Any] = _logical(torch.logical_xor)
logical_not: Callable[[Any], Any] = _unary(torch.logical_not, _tensor)
isnan: Callable[[Any], Any] = _unary(torch.isnan, _tensor)
isfinite: Callable[[Any], Any] = _unary(torch.isfinite, _tensor)


def where(condition: Any, x: Any, y: Any) -> Tensor:
    x, y = _common(x, y, booleans=True)
    return torch.where(_tensor(condition).to(device=x.device, dtype=torch.bool), x, y)
