"""Activation functions. They are element-wise (but for softmax), and integers give float32."""

from __future__ import annotations

from typing import Any

from ember_ml.backend import active as _active

__all__ = ["elu", "gelu", "identity", "leaky_relu", "relu", "sigmoid", "softmax", "softplus", "tanh"]


def relu(x: Any) -> Any:
    """max(x, 0); integers stay integers."""
    return _active.relu(x)


def leaky_relu(x: Any, negative_slope: float = 0.01) -> Any:
    """x above zero, negative_slope * x below."""
    return _active.leaky_relu(x, negative_slope)


def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x))."""
    return _active.sigmoid(x)


def tanh(x: Any) -> Any:
    """The hyperbolic tangent."""
    return _active.tanh(x)


def softmax(x: Any, axis: int = -1) -> Any:
    """exp(x) / sum(exp(x)) along `axis`, without overflow."""
    return _active.softmax(x, axis)


def softplus(x: Any) -> Any:
    """log(1 + exp(x)), without overflow."""
    return _active.softplus(x)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x above zero, alpha * (exp(x) - 1) below. Clevert et al. 2015."""
    return _active.elu(x, alpha)


def gelu(x: Any) -> Any:
    """x (1 + erf(x / sqrt 2)) / 2, the exact form. Hendrycks & Gimpel 2016."""
    return _active.gelu(x)


def identity(x: Any) -> Any:
    """x as an array."""
    return _active.convert_to_tensor(x)
