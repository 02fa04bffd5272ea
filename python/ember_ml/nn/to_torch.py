"""Ember modules as torch modules that compute the same. Imports torch: only `Module.to_torch` comes here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from ember_ml.backend import active as _active
from ember_ml.backend.tracing import Entry, record
from ember_ml.nn.modules.activations import (
    ELU,
    GELU,
    Activation,
    Identity,
    LeakyReLU,
    ReLU,
    Sigmoid,
    Softmax,
    Softplus,
    Tanh,
)
from ember_ml.nn.modules.containers import MLP, Sequential
from ember_ml.nn.modules.dense import Dense
from ember_ml.nn.modules.dropout import Dropout
from ember_ml.nn.modules.module import Module
from ember_ml.nn.modules.parameter import Parameter
from ember_ml.ops import activations as _functions

_BY_CLASS = {
    ReLU: "relu",
    Tanh: "tanh",
    Sigmoid: "sigmoid",
    Softplus: "softplus",
    GELU: "gelu",
    Identity: "identity",
}


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


def to_torch(module: Module) -> nn.Module:
    """A torch.nn.Module with copies of `module`'s parameters.

    Sequential, MLP and the built-in layers are translated one by one; any other Module must do nothing but
    call such layers, and multiply and add constants, in a chain.

    Raises:
        NotTraceable: `forward` is no such chain.
    """
    layers = _translate(module)
    return nn.Sequential(*(layers or [nn.Identity()])).train(module.training)


def _translate(module: Any) -> list[Any]:
    if isinstance(module, Sequential | MLP):
        return [part for layer in module.layers for part in _translate(layer)]
    if type(module) is Dense:
        after = module._function
        parts = _dense(module.weight, module.bias) + _activation(module.activation)
        return parts if after is None else parts + _translate(after)
    if type(module) is Activation:
        if module._function is not None:
            return _translate(module._function)
        return _activation(module.activation)
    if type(module) is Dropout:
        return [nn.Dropout(module.rate)]
    if type(module) is Softmax or module is _functions.softmax:
        return [nn.Softmax(getattr(module, "axis", -1))]
    if type(module) is LeakyReLU or module is _functions.leaky_relu:
        return [nn.LeakyReLU(getattr(module, "negative_slope", 0.01))]
    if type(module) is ELU:
        return [nn.ELU(module.alpha)]
    if type(module) in _BY_CLASS:
        return _activation(_BY_CLASS[type(module)])
    return [part for entry in record(module, _inputs(module)) for part in _entry(entry)]


def _inputs(module: Any) -> int:
    """Width of the input: that of the first dense layer."""
    for parameter in module.parameters() if isinstance(module, Module) else ():
        if len(parameter.shape) == 2:
            return int(parameter.shape[0])
    return 1


def _entry(entry: Entry) -> list[Any]:
    if entry[0] == "dense":
        return _dense(entry[1], entry[2])
    if entry[0] == "activation":
        return _activation(entry[1])
    return [Affine(entry[0], entry[1])]


def _dense(weight: Parameter, bias: Parameter | None) -> list[Any]:
    inputs, outputs = weight.shape
    layer = nn.Linear(inputs, outputs, bias=bias is not None)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(np.array(_active.to_numpy(weight.data)).T.copy()))
        if bias is not None:
            layer.bias.copy_(torch.from_numpy(np.array(_active.to_numpy(bias.data))))
    return [layer]


def _activation(name: str) -> list[Any]:
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
