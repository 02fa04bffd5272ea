"""Activations as modules, and as the names that layers take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ember_ml.backend.activations import ACTIVATIONS
from ember_ml.nn.modules.module import ActivationLike, Module
from ember_ml.ops import activations as _functions

__all__ = [
    "ELU",
    "GELU",
    "Activation",
    "Identity",
    "LeakyReLU",
    "ReLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
]

_OTHERS: dict[str, Callable[..., Any]] = {"leaky_relu": _functions.leaky_relu, "softmax": _functions.softmax}
_ALIASES = {"linear": "identity", "none": "identity"}
_BY_FUNCTION = {getattr(_functions, name): name for name in ACTIVATIONS}


def resolve(activation: ActivationLike) -> tuple[str, Callable[[Any], Any] | None]:
    """(name of a fused activation, function to apply after it or None).

    Raises:
        ValueError: the name is unknown.
        TypeError: it is neither name nor function.
    """
    if activation is None:
        return "identity", None
    if isinstance(activation, str):
        name = _ALIASES.get(activation, activation)
        if name in ACTIVATIONS:
            return name, None
        if name in _OTHERS:
            return "identity", _OTHERS[name]
        known = ", ".join((*ACTIVATIONS, *_OTHERS))
        raise ValueError(f"unknown activation {activation!r}: use one of {known} or a function")
    if not callable(activation):
        raise TypeError(f"activation must be a name, a function or None, got {type(activation).__name__}")
    try:
        return _BY_FUNCTION[activation], None
    except (KeyError, TypeError):
        return "identity", activation


class Activation(Module):
    """An activation by name or function: ``Activation("tanh")``.

    Raises:
        ValueError: the name is unknown.
    """

    def __init__(self, activation: ActivationLike) -> None:
        self.activation, self._function = resolve(activation)

    def forward(self, x: Any) -> Any:
        return getattr(_functions, self.activation)(x) if self._function is None else self._function(x)

    def _torch(self, to: Any) -> list[Any]:
        own = self._function
        layers: list[Any] = to.activation(self.activation) if own is None else to.layers_of(own)
        return layers

    def extra_repr(self) -> str:
        return repr(self.activation)


class _Fused(Module):
    """One of the activations that layers apply by name."""

    _name = ""

    def forward(self, x: Any) -> Any:
        return getattr(_functions, self._name)(x)

    def _torch(self, to: Any) -> list[Any]:
        layers: list[Any] = to.activation(self._name)
        return layers


class Identity(_Fused):
    """Passes x on."""

    _name = "identity"


class ReLU(_Fused):
    """max(x, 0)."""

    _name = "relu"


class Tanh(_Fused):
    """The hyperbolic tangent."""

    _name = "tanh"


class Sigmoid(_Fused):
    """1 / (1 + exp(-x))."""

    _name = "sigmoid"


class Softplus(_Fused):
    """log(1 + exp(x))."""

    _name = "softplus"


class GELU(_Fused):
    """x (1 + erf(x / sqrt 2)) / 2."""

    _name = "gelu"


class ELU(Module):
    """x above zero, alpha * (exp(x) - 1) below."""

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def forward(self, x: Any) -> Any:
        return _functions.elu(x, self.alpha)

    def _torch(self, to: Any) -> list[Any]:
        layers: list[Any] = to.elu(self.alpha)
        return layers


class LeakyReLU(Module):
    """x above zero, negative_slope * x below."""

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = negative_slope

    def forward(self, x: Any) -> Any:
        return _functions.leaky_relu(x, self.negative_slope)

    def _torch(self, to: Any) -> list[Any]:
        layers: list[Any] = to.leaky_relu(self.negative_slope)
        return layers


class Softmax(Module):
    """exp(x) / sum(exp(x)) along `axis`."""

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Any:
        return _functions.softmax(x, self.axis)

    def _torch(self, to: Any) -> list[Any]:
        layers: list[Any] = to.softmax(self.axis)
        return layers
