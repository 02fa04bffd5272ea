"""Policies for a population on a device: members are the leading axis, of the weights too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ember_ml.backend.nested import parts, rebuilt
from ember_ml.backend.select import using_backend
from ember_ml.engines.device_arrays import Arrays
from ember_ml.engines.device_cells import DeviceCell, cell_weights
from ember_ml.engines.device_low_rank import LowRankRows, LowRankWeight
from ember_ml.policy.forward import is_torch_policy
from ember_ml.policy.spec import CellLayer, DenseLayer, Elementwise, PolicySpec


class DevicePolicy(Protocol):
    """`weights` cuts rows (M, P) to what `forward` takes; `forward` maps (M, E, D) to (M, E, A).

    `memory` gives what E episodes of each of M members remember at their start, arrays (M, E, ...), none
    without memory; `forward` puts there what they remember next.
    """

    inputs: int | None
    outputs: int | None

    def weights(self, rows: Any) -> list[Any]: ...

    def memory(self, weights: list[Any], x: Any) -> list[Any]: ...

    def forward(self, weights: list[Any], x: Any, memory: list[Any]) -> Any: ...

    def explain(self) -> str: ...


def device_policy(arrays: Arrays, policy: Any) -> DevicePolicy:
    """Raises TypeError for what is neither a PolicySpec nor a Module."""
    if is_torch_policy(policy):
        from ember_ml.engines.device_torch_module import TorchModulePolicy

        return TorchModulePolicy(policy, arrays.device)
    return SpecPolicy(arrays, policy) if isinstance(policy, PolicySpec) else ModulePolicy(arrays, policy)


class SpecPolicy:
    """A compiled policy: one batched matrix product a layer."""

    def __init__(self, arrays: Arrays, spec: PolicySpec) -> None:
        self.arrays = arrays
        self.spec = spec
        self.inputs: int | None = spec.inputs
        self.outputs: int | None = spec.outputs
        with arrays.session():
            self.before = self._operations(spec.before)
            self.after = [self._operations(layer.after) for layer in spec.layers]
        products = [
            arrays.product(layer.inputs, layer.bias_offset >= 0)
            if isinstance(layer, DenseLayer)
            else DeviceCell(arrays, layer)
            for layer in spec.layers
        ]
        self._layers = list(zip(products, self.after))
        # An in-place activation may not write over the observation, which is also the state.
        self._copy = bool(spec.before) and spec.before[0].kind == "activation"

    def _operations(self, operations: tuple[Elementwise, ...]) -> list[tuple[str, Any]]:
        found: list[tuple[str, Any]] = []
        for operation in operations:
            if operation.kind == "activation":
                if operation.activation != "identity":
                    found.append(("activation", self.arrays.activations[operation.activation]))
            else:
                values = np.asarray(operation.values, np.float32)
                found.append(
                    (operation.kind, float(values[0]) if len(values) == 1 else self.arrays.array(values))
                )
        return found

    def weights(self, rows: Any) -> list[Any]:
        cut: list[Any] = []
        for layer in self.spec.layers:
            if isinstance(rows, LowRankRows):
                found = rows.weights(layer)
                cut.extend([found, None] if isinstance(layer, CellLayer) else found)
                continue
            if isinstance(layer, CellLayer):
                cut.append(cell_weights(self.arrays, layer, rows))
                cut.append(None)
                continue
            at, size = layer.weight_offset, layer.inputs * layer.outputs
            weight = rows[:, at : at + size].reshape(-1, layer.inputs, layer.outputs)
            cut.append(self.arrays.contiguous(weight))
            if layer.bias_offset < 0:
                cut.append(None)
                continue
            bias = rows[:, layer.bias_offset : layer.bias_offset + layer.outputs]
            cut.append(self.arrays.contiguous(bias.reshape(-1, 1, layer.outputs)))
        return cut

    def memory(self, weights: list[Any], x: Any) -> list[Any]:
        members, episodes = x.shape[0], x.shape[1]
        return [
            self.arrays.array(np.zeros((members, episodes, cell.outputs), np.float32))
            for cell in self.spec.cells
            for _ in range(cell.states)
        ]

    def forward(self, weights: list[Any], x: Any, memory: list[Any]) -> Any:
        if self.before:
            x = apply_operations(self.before, x + 0.0 if self._copy else x)
        at = 0
        for (product, after), weight, bias in zip(self._layers, weights[::2], weights[1::2]):
            if isinstance(product, DeviceCell):
                states = slice(at, at + product.states)
                at += product.states
                memory[states] = product(weight, x, memory[states])
                x = memory[states.start]
                if after and after[0][0] == "activation":
                    x = x + 0.0  # an in-place activation may not write over what is remembered
            elif isinstance(weight, LowRankWeight):
                x = weight.product(bias, x)
            else:
                x = product(bias, x, weight)
            for kind, value in after:
                if kind == "activation":
                    x = value(x)
                else:
                    x = x * value if kind == "scale" else x + value
        return x

    def within(self, low: NDArray[np.float32], high: NDArray[np.float32]) -> bool:
        """Whether the outputs end in a tanh that the bounds contain: nothing is left to clip."""
        after = self.spec.layers[-1].after if self.spec.layers else ()
        if not after or after[-1].activation != "tanh":
            return False
        return bool((low <= -1).all() and (high >= 1).all())

    def explain(self) -> str:
        return "one batched matrix product a layer" + (", two a cell" if self.spec.cells else "")


def apply_operations(
    operations: list[tuple[str, Any]], x: Any, spread: Callable[[Any], Any] | None = None
) -> Any:
    """`spread` gives the vector of a scale or shift the shape that meets x, where x's last axis is not it."""
    for kind, value in operations:
        if kind == "activation":
            x = value(x)
        else:
            value = value if spread is None else spread(value)
            x = x * value if kind == "scale" else x + value
    return x


class ModulePolicy:
    """A Module that has no compiled form: its own `forward`, mapped over members by the backend's vmap.

    Its Parameters hold one member's slice each while `forward` runs.
    """

    inputs: int | None = None
    outputs: int | None = None

    def __init__(self, arrays: Arrays, module: Any) -> None:
        if not (callable(module) and hasattr(module, "trainable_variables")):
            raise TypeError(f"policy is {type(module).__name__}; wanted a PolicySpec or a Module")
        self.arrays = arrays
        self.module = module
        self._own = list(module.trainable_variables)
        self._all = list(getattr(module, "variables", None) or self._own)
        self._shapes = [tuple(parameter.shape) for parameter in self._own]
        self._stateful = bool(getattr(module, "stateful", False))
        self._state: Any = None  # how its state is put together
        self._forward = arrays.batched(self._one)
        self._start = arrays.batched(self._first)

    def weights(self, rows: Any) -> list[Any]:
        return [rows]

    def memory(self, weights: list[Any], x: Any) -> list[Any]:
        return list(self._on_device(self._start, weights[0], x)) if self._stateful else []

    def _first(self, row: Any, x: Any) -> tuple[Any, ...]:
        self._load(row)
        self._state = self.module.initial_state(x.shape[0])
        return tuple(part + 0.0 * row[0] for part in parts(self._state))  # of this member, for vmap

    def _one(self, row: Any, x: Any, *memory: Any) -> tuple[Any, ...]:
        self._load(row)
        if not self._stateful:
            return (self.module(x),)
        y, after = self.module(x, rebuilt(self._state, list(memory)))
        return (y, *parts(after))

    def _load(self, row: Any) -> None:
        at = 0
        for parameter, shape in zip(self._own, self._shapes):
            size = int(np.prod(shape))
            parameter.data = row[at : at + size].reshape(shape)
            at += size

    def forward(self, weights: list[Any], x: Any, memory: list[Any]) -> Any:
        y, *memory[:] = self._on_device(self._forward, weights[0], x, *memory)
        return y.reshape(x.shape[0], x.shape[1], -1)

    def _on_device(self, function: Any, *arguments: Any) -> Any:
        held = [(parameter, parameter.data) for parameter in self._all]
        try:
            with using_backend(self.arrays.backend):
                for parameter in self._all:
                    if not any(parameter is own for own in self._own):
                        parameter.data = self.arrays.array(np.asarray(parameter.numpy()))
                return function(*arguments)
        except Exception as error:
            raise ValueError(
                f"policy: the {self.arrays.backend} engine cannot run {type(self.module).__name__}.forward"
                f" over a population: {type(error).__name__}: {error}"
            ) from error
        finally:
            for parameter, data in held:
                object.__setattr__(parameter, "data", data)

    def explain(self) -> str:
        return f"{type(self.module).__name__}.forward mapped over members (vmap)"
