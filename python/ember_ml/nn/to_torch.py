"""Ember modules as torch modules that compute the same. Imports torch: only `Module.to_torch` comes here."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from ember_ml.backend import active as _active
from ember_ml.backend.activations import ACTIVATIONS
from ember_ml.backend.nested import parts, rebuilt
from ember_ml.backend.traced import Entry
from ember_ml.backend.tracing import record
from ember_ml.backend.tracing_cells import record_with_state
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


class Cell(nn.Module):
    """A torch cell, ``forward(x, state) -> (y, state)``; the state is h (batch, units), or (h, c) of an LSTM.

    Args:
        kind: of `backend.cells.GATES`.
        values: weights over input and state, biases over input and state or None, float32.
    """

    def __init__(self, kind: str, values: Sequence[Any]) -> None:
        super().__init__()
        inputs, units = values[0].shape[1], values[1].shape[1]
        biased = values[2] is not None or values[3] is not None
        if kind.startswith("rnn"):
            self.cell: Any = nn.RNNCell(inputs, units, biased, nonlinearity=kind.partition("_")[2])
        else:
            self.cell = (nn.GRUCell if kind == "gru" else nn.LSTMCell)(inputs, units, biased)
        self.pair = kind == "lstm"
        with torch.no_grad():
            for parameter, value in zip(self.cell.parameters(), values):
                if value is None:
                    parameter.zero_()
                else:
                    parameter.copy_(torch.from_numpy(value))

    def initial_state(self, batch: int = 1) -> Any:
        zeros = self.cell.weight_hh.new_zeros(batch, self.cell.hidden_size)
        return (zeros, zeros) if self.pair else zeros

    def forward(self, x: torch.Tensor, state: Any) -> tuple[torch.Tensor, Any]:
        after = self.cell(x, state)
        return (after[0] if self.pair else after), after


class WithMemory(nn.Module):
    """Layers in a chain, some of them cells: ``forward(x, state) -> (y, state)``, the state being a tuple of
    the cells' own in order.
    """

    def __init__(self, layers: Sequence[nn.Module]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def initial_state(self, batch: int = 1) -> tuple[Any, ...]:
        """Zeros."""
        return tuple(layer.initial_state(batch) for layer in self.layers if isinstance(layer, Cell))

    def forward(self, x: torch.Tensor, state: tuple[Any, ...]) -> tuple[torch.Tensor, tuple[Any, ...]]:
        after: list[Any] = []
        for layer in self.layers:
            if isinstance(layer, Cell):
                x, one = layer(x, state[len(after)])
                after.append(one)
            else:
                x = layer(x)
        return x, tuple(after)


def to_torch(module: Any) -> nn.Module:
    """A torch.nn.Module with copies of `module`'s parameters.

    Sequential, MLP and the built-in layers say their own form (`_torch`); any other Module must do nothing
    but call such layers, and multiply and add constants, in a chain. What has memory becomes a `Cell` or a
    `WithMemory`, with the same `initial_state` and ``forward(x, state)``.

    Raises:
        NotTraceable: `forward` is no such chain.
    """
    layers = layers_of(module)
    if any(isinstance(layer, Cell) for layer in layers):
        whole = layers[0] if _is_cell(module) else WithMemory(layers)
        return whole.train(module.training)
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
    inputs = _inputs(module)
    if not getattr(module, "stateful", False):
        return [part for entry in record(module, inputs) for part in _entry(entry)]
    state = module.initial_state(1)
    shapes = [tuple(part.shape) for part in parts(state)]
    entries = record_with_state(module, inputs, shapes, lambda arrays: rebuilt(state, arrays), parts)
    return [part for entry in entries for part in _entry(entry)]


def _inputs(module: Any) -> int:
    """Width of the input: that of the first dense layer or cell."""
    cells = {id(part.weight_ih) for part in _modules(module) if _is_cell(part)}
    for parameter in module.parameters() if hasattr(module, "parameters") else ():
        if len(parameter.shape) == 2:
            return int(parameter.shape[1 if id(parameter) in cells else 0])
    return 1


def _is_cell(module: Any) -> bool:
    return isinstance(getattr(module, "weight_ih", None), Parameter)


def _modules(module: Any) -> list[Any]:
    return list(module.modules()) if hasattr(module, "modules") else []


def _entry(entry: Entry) -> list[Any]:
    if entry[0] == "dense":
        return dense(entry[1], entry[2])
    if entry[0] == "activation":
        return activation(entry[1])
    if entry[0] == "cell":
        return cell(*entry[1:4])
    return [Affine(entry[0], entry[1])]


def dense(weight: Parameter, bias: Parameter | None) -> list[Any]:
    inputs, outputs = weight.shape
    layer = nn.Linear(inputs, outputs, bias=bias is not None)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(np.array(_active.to_numpy(weight.data)).T.copy()))
        if bias is not None:
            layer.bias.copy_(torch.from_numpy(np.array(_active.to_numpy(bias.data))))
    return [layer]


def cell(kind: str, weights: Sequence[Any], biases: Sequence[Any]) -> list[nn.Module]:
    """A torch cell of weights (gates * units, inputs), (gates * units, units) and biases (gates * units,) or
    None, Parameters or arrays.
    """
    given = [
        None if part is None else np.array(_active.to_numpy(part), np.float32) for part in (*weights, *biases)
    ]
    return [Cell(kind, given)]


def activation(name: str) -> list[Any]:
    return [] if name == "identity" else [getattr(nn, ACTIVATIONS[name].module)()]


def elu(alpha: float) -> list[nn.Module]:
    return [nn.ELU(alpha)]


def leaky_relu(slope: float = 0.01) -> list[nn.Module]:
    return [nn.LeakyReLU(slope)]


def softmax(axis: int = -1) -> list[nn.Module]:
    return [nn.Softmax(axis)]


#: What a layer's `_torch` is given: these functions.
_SELF = sys.modules[__name__]
