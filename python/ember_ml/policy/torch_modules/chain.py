"""From a torch module that is a chain of Linear layers and activations to a PolicySpec."""

from __future__ import annotations

import copy
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from ember_ml.policy.chain import forward
from ember_ml.policy.spec import DenseLayer, Elementwise, PolicySpec
from ember_ml.policy.trace import TOLERANCE, NotCompiled

#: Layers and functions of one argument that the core has, by exact type: a subclass may do something else.
_LAYERS = {nn.Tanh: "tanh", nn.ReLU: "relu", nn.Sigmoid: "sigmoid", nn.Identity: "", nn.Dropout: ""}
_FUNCTIONS: dict[Any, str] = {
    torch.tanh: "tanh",
    torch.relu: "relu",
    torch.sigmoid: "sigmoid",
    functional.tanh: "tanh",
    functional.relu: "relu",
    functional.sigmoid: "sigmoid",
}
_METHODS = {"tanh": "tanh", "relu": "relu", "sigmoid": "sigmoid", "contiguous": "", "float": ""}
_ARITHMETIC: dict[Any, tuple[str, Callable[[float], float]]] = {
    operator.mul: ("scale", float),
    operator.truediv: ("scale", lambda value: 1 / value),
    operator.add: ("shift", float),
    operator.sub: ("shift", operator.neg),
}

_CHECKED_INPUTS = 8


def compile_chain(module: nn.Module, inputs: int) -> tuple[PolicySpec, set[str]]:
    """The spec of `module` for observations of `inputs` values, and the names of the weights that theta holds
    the other way round, as (inputs, outputs).

    Parameters lie in theta in the order of `module.parameters()`.

    Raises:
        NotCompiled: it is no such chain; the message names what it uses.
    """
    module = copy.deepcopy(module).eval()
    for name, part in module.named_modules():
        if part._forward_hooks or part._forward_pre_hooks:
            raise NotCompiled(f"it has a hook on {name or type(part).__name__}")
    try:
        graph = torch.fx.symbolic_trace(module).graph
    except Exception as error:  # whatever a forward does with the stand-in for a tensor
        raise NotCompiled(f"recording it raised {type(error).__name__}: {error}") from error
    spec, turned = _Chain(module, inputs).read(graph)
    _check(module, spec, turned)
    return spec, turned


class _Chain:
    def __init__(self, module: nn.Module, inputs: int) -> None:
        self.module = module
        self.inputs = self.width = inputs
        self.before: list[Elementwise] = []
        self.layers: list[tuple[int, int, int, int, list[Elementwise]]] = []
        self.turned: set[str] = set()
        self.offsets: dict[str, int] = {}
        self.total = 0
        for name, parameter in module.named_parameters():
            if parameter.requires_grad:
                self.offsets[name] = self.total
                self.total += parameter.numel()

    @property
    def _after(self) -> list[Elementwise]:
        return self.layers[-1][4] if self.layers else self.before

    def read(self, graph: torch.fx.Graph) -> tuple[PolicySpec, set[str]]:
        last: Any = None
        for node in graph.nodes:
            if node.op == "placeholder":
                if last is not None:
                    raise NotCompiled("its forward takes more than the observation")
                last = node
                continue
            if node.op == "output":
                if node.args[0] is not last:
                    raise NotCompiled("its forward gives more than one tensor")
                break
            if not node.args or node.args[0] is not last or last in node.args[1:]:
                raise NotCompiled(f"{node.target} is no link of a chain")
            self._link(node)
            last = node
        if not self.layers:
            raise NotCompiled("it has no Linear layer")
        layers = tuple(DenseLayer(i, o, w, b, tuple(after)) for i, o, w, b, after in self.layers)
        return PolicySpec(self.inputs, self.width, self.total, tuple(self.before), layers), self.turned

    def _link(self, node: Any) -> None:
        if node.op == "call_module":
            self._layer(node.target, self.module.get_submodule(node.target))
        elif node.op == "call_function" and node.target in _FUNCTIONS and len(node.args) == 1:
            self._activation(_FUNCTIONS[node.target])
        elif node.op == "call_method" and node.target in _METHODS and len(node.args) == 1:
            self._activation(_METHODS[node.target])
        elif node.op == "call_function" and node.target in _ARITHMETIC:
            kind, value = _ARITHMETIC[node.target]
            other = node.args[1]
            if (
                not isinstance(other, (int, float))
                or not math.isfinite(other)
                or (kind == "scale" and not other)
            ):
                raise NotCompiled(f"it uses {node.target.__name__} with {other}")
            self._after.append(Elementwise(kind, values=(value(float(other)),)))  # type: ignore[arg-type]
        else:
            raise NotCompiled(f"it uses {getattr(node.target, '__name__', node.target)}")

    def _activation(self, name: str) -> None:
        if name:
            self._after.append(Elementwise("activation", name))

    def _layer(self, name: str, layer: nn.Module) -> None:
        if type(layer) is nn.Linear:
            self._dense(name, layer)
        elif type(layer) in _LAYERS:
            self._activation(_LAYERS[type(layer)])
        elif type(layer) is nn.Flatten and (layer.start_dim, layer.end_dim) in ((1, -1), (1, 1)):
            pass  # observations are flat already
        elif type(layer) is nn.ELU and layer.alpha == 1:
            self._activation("elu")
        elif type(layer) is nn.GELU and layer.approximate == "none":
            self._activation("gelu")
        elif type(layer) is nn.Softplus and layer.beta == 1:
            self._activation("softplus")
        else:
            raise NotCompiled(f"it uses {layer}")

    def _dense(self, name: str, layer: nn.Linear) -> None:
        weight, bias = f"{name}.weight", f"{name}.bias"
        if weight in self.turned:
            raise NotCompiled(f"it uses {name} twice")
        for parameter in (weight, bias) if layer.bias is not None else (weight,):
            if parameter not in self.offsets:
                raise NotCompiled(f"{parameter} is shared or not trained")
        if layer.in_features != self.width:
            raise NotCompiled(f"{name} takes {layer.in_features} values and is given {self.width}")
        self.turned.add(weight)
        self.width = layer.out_features
        at = -1 if layer.bias is None else self.offsets[bias]
        self.layers.append((layer.in_features, layer.out_features, self.offsets[weight], at, []))


def _check(module: nn.Module, spec: PolicySpec, turned: set[str]) -> None:
    """The chain against the forward, with the module's parameters and with others."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for noise in (0.0, 0.3):
            parts = []
            for name, parameter in module.named_parameters():
                parameter.add_(noise * torch.randn(parameter.shape, generator=generator))
                if parameter.requires_grad:
                    parts.append((parameter.T if name in turned else parameter).reshape(-1))
            x = 2 * torch.randn(_CHECKED_INPUTS, spec.inputs, generator=generator)
            wanted = module.float()(x).numpy()
            got = forward(spec, torch.cat(parts).float().numpy(), x.numpy())
            if not np.all(np.abs(got - wanted) <= TOLERANCE * np.maximum(1, np.abs(wanted))):
                raise NotCompiled("the compiled chain does not agree with its forward on random inputs")
