"""Dense layers and activations on numpy, by the native core's definitions (contract "one neuron")."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ember_ml.backend.convert import to_host


def _real(x: Any) -> Any:
    x = to_host(x)
    return x if x.dtype.kind == "f" else x.astype(np.float32)


def sigmoid(x: Any) -> Any:
    x = _real(x)
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + e), e / (1 + e))


def softplus(x: Any) -> Any:
    x = _real(x)
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def elu(x: Any, alpha: float = 1.0) -> Any:
    x = _real(x)
    return np.where(x > 0, x, x.dtype.type(alpha) * np.expm1(np.minimum(x, 0)))


def gelu(x: Any) -> Any:
    x = _real(x)
    return 0.5 * x * (1 + np.tanh(0.7978845608 * (x + 0.044715 * x * x * x)))


_ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "identity": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "elu": elu,
    "gelu": gelu,
    "softplus": softplus,
}


def dense(x: Any, weight: Any, bias: Any, activation: str) -> Any:
    """activation(x @ weight + bias) for x (..., in), weight (in, out), bias (out,) or None."""
    x, weight = to_host(x), to_host(weight)
    y = x @ weight
    if bias is not None:
        y = y + to_host(bias)
    return _ACTIVATIONS[activation](y)
