"""From a torch module that is a chain of Linear layers, cells and activations to a PolicySpec."""

from __future__ import annotations

import copy
import inspect
import math
import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from ember_ml.backend.activations import ACTIVATIONS, of_torch
from ember_ml.policy.cells import cell_of_torch
from ember_ml.policy.chain import forward
from ember_ml.policy.spec import CellLayer, DenseLayer, Elementwise, PolicySpec
from ember_ml.policy.torch_modules.states import States
from ember_ml.policy.trace import TOLERANCE, NotCompiled

#: Layers and functions of one argument that the core has, by exact type: a subclass may do something else.
_NAMES = [name for name in ACTIVATIONS if name != "identity"]
_LAYERS: dict[Any, str] = {getattr(nn, ACTIVATIONS[name].module): name for name in _NAMES}
_LAYERS |= {nn.Identity: "", nn.Dropout: ""}
_FUNCTIONS: dict[Any, str] = {of_torch(name): name for name in _NAMES}
_FUNCTIONS |= {functional.tanh: "tanh", functional.relu: "relu", functional.sigmoid: "sigmoid"}
_METHODS = {"tanh": "tanh", "relu": "relu", "sigmoid": "sigmoid", "contiguous": "", "float": ""}
_ARITHMETIC: dict[Any, tuple[str, Callable[[float], float]]] = {
    operator.mul: ("scale", float),
    operator.truediv: ("scale", lambda value: 1 / value),
    operator.add: ("shift", float),
    operator.sub: ("shift", operator.neg),
}

_CHECKED_INPUTS = 8


def _usual(layer: nn.Module) -> bool:
    """Whether an activation has no options but torch's defaults; where it writes to matters to nobody."""
    usual = vars(type(layer)())
    options = {name for name in usual if name[0] != "_"} - {"training", "inplace", "p"}
    return all(getattr(layer, name) == usual[name] for name in options)


def _alone(node: Any) -> bool:
    """Whether a function is called with its input and no options but its defaults."""
    try:
        usual = {name: part.default for name, part in inspect.signature(node.target).parameters.items()}
    except ValueError:  # one of torch's own, whose options are recorded only where they are given
        usual = {}
    given = {name: value for name, value in node.kwargs.items() if name != "inplace"}
    return len(node.args) == 1 and all(name in usual and usual[name] == given[name] for name in given)


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
    state = States(module) if callable(getattr(module, "initial_state", None)) else None
    spec, turned = _Chain(module, inputs, state).read(graph)
    _check(module, spec, turned)
    return spec, turned


class _Chain:
    def __init__(self, module: nn.Module, inputs: int, state: States | None) -> None:
        self.module, self.state = module, state
        self.inputs = self.width = inputs
        self.before: list[Elementwise] = []
        self.layers: list[tuple[DenseLayer | CellLayer, list[Elementwise]]] = []
        self.turned: set[str] = set()
        self.offsets: dict[str, int] = {}
        self.total = 0
        for name, parameter in module.named_parameters():
            if parameter.requires_grad:
                self.offsets[name] = self.total
                self.total += parameter.numel()

    @property
    def _after(self) -> list[Elementwise]:
        return self.layers[-1][1] if self.layers else self.before

    def read(self, graph: torch.fx.Graph) -> tuple[PolicySpec, set[str]]:
        last: Any = None
        for node in graph.nodes:
            if node.op == "placeholder":
                if last is None:
                    last = node
                elif self.state is None or not self.state.begin(node):
                    raise NotCompiled("its forward takes more than the observation")
                continue
            if node.op == "output":
                if (self.state.output(node.args[0]) if self.state else node.args[0]) is not last:
                    raise NotCompiled("its forward gives more than one tensor")
                break
            if self.state and self.state.look(node):
                if self.state.is_output(node, last):
                    last = node
                continue
            if not node.args or node.args[0] is not last or last in node.args[1:]:
                raise NotCompiled(f"{node.target} is no link of a chain")
            self._link(node)
            last = node
        if not self.layers:
            raise NotCompiled("it has no Linear layer and no cell")
        layers = tuple(replace(layer, after=tuple(after)) for layer, after in self.layers)
        return PolicySpec(self.inputs, self.width, self.total, tuple(self.before), layers), self.turned

    def _link(self, node: Any) -> None:
        if self.state and self.state.is_cell(node):
            self._cell(node)
        elif node.op == "call_module":
            self._layer(node.target, self.module.get_submodule(node.target))
        elif node.op == "call_function" and node.target in _FUNCTIONS and _alone(node):
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
        elif type(layer) in _LAYERS and _usual(layer):
            self._activation(_LAYERS[type(layer)])
        elif type(layer) is nn.Flatten and (layer.start_dim, layer.end_dim) in ((1, -1), (1, 1)):
            pass  # observations are flat already
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
        self.layers.append((DenseLayer(layer.in_features, layer.out_features, self.offsets[weight], at), []))

    def _cell(self, node: Any) -> None:
        name, state = str(node.target), self.state
        assert state is not None
        cell = self.module.get_submodule(name)
        if cell.input_size != self.width:
            raise NotCompiled(f"{name} takes {cell.input_size} values and is given {self.width}")
        state.step(node, cell)
        own = [part for part, _ in cell.named_parameters()]
        at = {part: self.offsets[f"{name}.{part}"] for part in own if f"{name}.{part}" in self.offsets}
        if len(at) != (4 if cell.bias else 2):
            raise NotCompiled(f"the weights of {name} are shared or not trained")
        layer, _ = cell_of_torch(cell)
        self.width = layer.outputs
        layer = replace(
            layer,
            weight_offset=at["weight_ih"],
            state_weight_offset=at["weight_hh"],
            bias_offset=at.get("bias_ih", -1),
            state_bias_offset=at.get("bias_hh", -1),
        )
        self.layers.append((layer, []))


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
            wanted = _outputs(module.float(), x).numpy()
            got = forward(spec, torch.cat(parts).float().numpy(), x.numpy())
            if not np.all(np.abs(got - wanted) <= TOLERANCE * np.maximum(1, np.abs(wanted))):
                raise NotCompiled("the compiled chain does not agree with its forward on random inputs")


def _outputs(module: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """For observations (n, inputs); with memory, those of the steps of one episode."""
    if not callable(getattr(module, "initial_state", None)):
        return module(x)  # type: ignore[no-any-return]
    state, found = module.initial_state(1), []  # type: ignore[operator]
    for step in x:
        y, state = module(step[None], state)
        found.append(y)
    return torch.cat(found)
