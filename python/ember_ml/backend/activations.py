"""The activations that layers apply by name: what each is outside of the native core.

The core has them in float32 (cpp/core/activations.h lists them, in the order of their numbers); here is what
float64 arrays, the other backends and the exported files need.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

_erf = np.vectorize(math.erf, otypes=[np.float64])


@dataclass(frozen=True)
class Activation:
    """Its name is also that of torch's function; with an underscore behind, of the one that works in place.

    `module` is its class in `torch.nn` and in `ember_ml.nn.modules`, `onnx` its operator. `float64` is a
    function of a numpy array, `mlx` one of mlx.core and an array of floats.
    """

    module: str
    onnx: str
    float64: Callable[[Any], Any]
    mlx: Callable[[Any, Any], Any]


def _sigmoid(x: Any) -> Any:
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, 1.0) / (1 + e)


#: By name, in the order of the core's numbers.
ACTIVATIONS = {
    "identity": Activation("Identity", "Identity", lambda x: x, lambda mx, x: x),
    "relu": Activation("ReLU", "Relu", lambda x: np.maximum(0, x), lambda mx, x: mx.maximum(x, 0)),
    "tanh": Activation("Tanh", "Tanh", np.tanh, lambda mx, x: mx.tanh(x)),
    "sigmoid": Activation("Sigmoid", "Sigmoid", _sigmoid, lambda mx, x: mx.sigmoid(x)),
    "elu": Activation(
        "ELU",
        "Elu",
        lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
        lambda mx, x: mx.where(x > 0, x, mx.expm1(mx.minimum(x, 0))),
    ),
    "gelu": Activation(
        "GELU",
        "Gelu",
        lambda x: 0.5 * x * (1 + _erf(x * math.sqrt(0.5))) if x.size else x,
        lambda mx, x: 0.5 * x * (1 + mx.erf(x * 0.5**0.5)),
    ),
    "softplus": Activation(
        "Softplus",
        "Softplus",
        lambda x: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))),
        lambda mx, x: mx.logaddexp(x, 0),
    ),
}

#: Those whose primitive has no option and takes integers as floats. (The operation tanh is listed with the
#: element-wise ones; relu leaves integers what they are, and elu has an alpha.)
PLAIN = tuple(name for name in ACTIVATIONS if name not in ("identity", "relu", "tanh", "elu"))


def of_torch(name: str, in_place: bool = False) -> Callable[[Any], Any]:
    """torch's function for tensors of floats, by preference one without Python around it."""
    import torch

    if name == "identity":
        return lambda x: x
    names = (f"{name}_", name) if in_place else (name,)
    found = (getattr(module, n, None) for n in names for module in (torch, torch.nn.functional))
    first: Callable[[Any], Any] = next(function for function in found if function is not None)
    return first
