"""Ember modules as torch modules that compute the same. Imports torch: only `Module.to_torch` comes here."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from ember_ml.backend import active as _active
from ember_ml.backend.tracing import Entry, record
from ember_ml.nn.modules.parameter import Parameter
from ember_ml.ops import activations as _functions


class Affine(nn.Module):
    """x * values or x + values, with values that are not trained."""

    def __init__(self, kind: str, values: tuple[float, ...]) -> None:
        super().__init__()
        self.kind = kind
        self.register_buffer("values", torch.tensor(values, dtype=torch.float32))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.values if self.kind == "scale" else x + self.values  # type: ignore[operator]

    def extra_repr(self) -> str:
        return self.kind


def to_torch(module: Any) -> nn.Module:
    """A torch.nn.Module with copies of `module`'s parameters.

    Sequential, MLP and the built-in layers say their own form (`_torch`); any other Module must do nothing
    but call such layers, and multiply and add constants, in a chain.

    Raises:
        NotTraceable: `forward` is no such chain.
    """
    layers = layers_of(module)
    return nn.Sequential(*(layers or [nn.Identity()])).train(module.training)


def layers_of(layer: Any) -> list[nn.Module]:
    """A layer or a function as torch modules in a chain."""
    for kind in type(layer).__mro__:
        if "forward" in vars(kind):  # a form says what that class's forward does, not a subclass's
            return list(layer._torch(_SELF)) if "_torch" in vars(kind) else traced(layer)
    if layer is _functions.softmax:
        return softmax()
    if layer is _functions.leaky_relu:
        return leaky_relu()
    return traced(layer)


def traced(module: Any) -> list[nn.Module]:
    return [part for entry in record(module, _inputs(module)) for part in _entry(entry)]


def _inputs(module: Any) -> int:
    """Width of the input: that of the first dense layer."""
    for parameter in module.parameters() if hasattr(module, "parameters") else ():
        if len(parameter.shape) == 2:
            return int(parameter.shape[0])
    return 1


def _entry(entry: Entry) -> list[Any]:
    if entry[0] == "dense":
        return dense(entry[1], entry[2])
    if entry[0] == "activation":
        return activation(entry[1])
    return [Affine(entry[0], entry[1])]


def dense(weight: Parameter, bias: Parameter | None) -> list[Any]:
    inputs, outputs = weight.shape
    layer = nn.Linear(inputs, outputs, bias=bias is not None)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(np.array(_active.to_numpy(weight.data)).T.copy()))
        if bias is not None:
            layer.bias.copy_(torch.from_numpy(np.array(_active.to_numpy(bias.data))))
    return [layer]


def activation(name: str) -> list[Any]:
    made: dict[str, Callable[[], Any]] = {
        "identity": lambda: None,
        "relu": nn.ReLU,
        "tanh": nn.Tanh,
        "sigmoid": nn.Sigmoid,
        "elu": nn.ELU,
        "gelu": nn.GELU,
        "softplus": nn.Softplus,
    }
    layer = made[name]()
    return [] if layer is None else [layer]


def elu(alpha: float) -> list[nn.Module]:
    return [nn.ELU(alpha)]


def leaky_relu(slope: float = 0.01) -> list[nn.Module]:
    return [nn.LeakyReLU(slope)]


def softmax(axis: int = -1) -> list[nn.Module]:
    return [nn.Softmax(axis)]


#: What a layer's `_torch` is given: these functions.
_SELF = sys.modules[__name__]
