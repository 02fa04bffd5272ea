"""A policy as data: a chain of dense layers, cells with memory and element-wise operations over one flat
float32 vector.

It is what a traced Module compiles to, what the native core runs, what a checkpoint stores and what exporters
read. The meaning of each field is fixed in cpp/policy/policy.h.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from ember_ml import _core, validate
from ember_ml.perturbation import Matrix
from ember_ml.policy.cells import KINDS, CellLayer
from ember_ml.policy.elementwise import ACTIVATIONS, Elementwise

__all__ = ["ACTIVATIONS", "CellLayer", "DenseLayer", "Elementwise", "PolicySpec"]

_KINDS = ("activation", "scale", "shift")


@dataclass(frozen=True)
class DenseLayer:
    """``y = x @ W + b`` with W (inputs, outputs) at `weight_offset` and b at `bias_offset` (-1: none), then
    `after`.
    """

    inputs: int
    outputs: int
    weight_offset: int
    bias_offset: int
    after: tuple[Elementwise, ...] = ()

    @property
    def matrices(self) -> tuple[Matrix, ...]:
        """Those of theta, as `ThetaShape` has them."""
        return (Matrix(self.weight_offset, self.inputs, self.outputs),)

    def weight(self, theta: NDArray[Any]) -> NDArray[Any]:
        """W in theta (parameters,), a view (inputs, outputs)."""
        end = self.weight_offset + self.inputs * self.outputs
        return theta[self.weight_offset : end].reshape(self.inputs, self.outputs)

    def bias(self, theta: NDArray[Any]) -> NDArray[Any] | None:
        """b in theta (parameters,), a view (outputs,), or None."""
        at = self.bias_offset
        return theta[at : at + self.outputs] if at >= 0 else None


@dataclass(frozen=True)
class PolicySpec:
    """The chain: `before` on the observation, then `layers`, over `parameters` values of theta.

    Raises:
        ValueError: widths, offsets or lengths do not fit together; the message names the field. So whoever
            holds a PolicySpec may index theta (parameters,) as it says.
    """

    inputs: int
    outputs: int
    parameters: int
    before: tuple[Elementwise, ...] = ()
    layers: tuple[DenseLayer | CellLayer, ...] = field(default_factory=tuple)

    def __post_init__(self) -> None:
        self.native()

    def native(self) -> Any:
        """The `_core.Policy` of this spec, which checks it (cpp/policy/policy.cpp)."""
        layers = [
            (
                _integer("inputs", layer.inputs, 32),
                _integer("outputs", layer.outputs, 32),
                _integer("weight_offset", layer.weight_offset, 64),
                _integer("bias_offset", layer.bias_offset, 64),
                _operations(layer.after),
            )
            for layer in self.layers
        ]
        inputs, outputs = _integer("inputs", self.inputs, 32), _integer("outputs", self.outputs, 32)
        parameters = _integer("parameters", self.parameters, 64)
        cells = [
            (
                number,
                KINDS.index(validate.choice("policy: kind", layer.kind, KINDS[1:])),
                _integer("state_weight_offset", layer.state_weight_offset, 64),
                _integer("state_bias_offset", layer.state_bias_offset, 64),
            )
            for number, layer in enumerate(self.layers)
            if isinstance(layer, CellLayer)
        ]
        return _core.Policy(inputs, outputs, parameters, _operations(self.before), layers, cells)

    @property
    def cells(self) -> tuple[CellLayer, ...]:
        """The layers with memory."""
        return tuple(layer for layer in self.layers if isinstance(layer, CellLayer))

    @property
    def dense_layers(self) -> tuple[DenseLayer, ...]:
        """The layers of a policy without memory.

        Raises:
            ValueError: it has memory.
        """
        dense = tuple(layer for layer in self.layers if isinstance(layer, DenseLayer))
        if len(dense) < len(self.layers):
            raise ValueError(f"policy: {self.describe()} has memory; wanted dense layers alone")
        return dense

    @property
    def memory(self) -> int:
        """Values that an episode remembers: of each cell in order its h, then an LSTM's c. 0: no memory."""
        return sum(layer.states * layer.outputs for layer in self.cells)

    def to_dict(self) -> dict[str, Any]:
        """Fit for JSON; `from_dict` gives an equal spec."""
        return {
            "inputs": self.inputs,
            "outputs": self.outputs,
            "parameters": self.parameters,
            "before": [_operation(e) for e in self.before],
            "layers": [
                {
                    "inputs": layer.inputs,
                    "outputs": layer.outputs,
                    "weight_offset": layer.weight_offset,
                    "bias_offset": layer.bias_offset,
                    "after": [_operation(e) for e in layer.after],
                    **(layer.own_fields() if isinstance(layer, CellLayer) else {}),
                }
                for layer in self.layers
            ],
        }

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> PolicySpec:
        """The spec that `to_dict` described.

        Raises:
            ValueError, TypeError: it is no description of a spec, or a part is missing (KeyError).
        """
        sizes = [
            validate.whole(f"policy: {name}", data[name]) for name in ("inputs", "outputs", "parameters")
        ]
        layers = tuple(_layer(layer) for layer in _items("layers", data["layers"]))
        return PolicySpec(sizes[0], sizes[1], sizes[2], _elementwise("before", data["before"]), layers)

    def describe(self) -> str:
        """The chain in one line: ``4 -> 16 tanh -> 2``, ``2 -> GRU 16 -> 2``."""
        parts = [str(self.inputs), *(_name(e) for e in self.before if _name(e))]
        for layer in self.layers:
            width = f"{layer.name} {layer.outputs}" if isinstance(layer, CellLayer) else str(layer.outputs)
            parts.append(" ".join([f"-> {width}", *(_name(e) for e in layer.after if _name(e))]))
        return " ".join(parts)


def _operation(operation: Elementwise) -> dict[str, Any]:
    if operation.kind == "activation":
        return {"kind": "activation", "activation": operation.activation}
    return {"kind": operation.kind, "values": list(operation.values)}


def _integer(name: str, value: Any, bits: int) -> int:
    """`value` as the core takes it: so many bits, sign included."""
    number = validate.whole(f"policy: {name}", value)
    if not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
        raise ValueError(f"policy: {name}: got {number}, wanted a number of {bits} bits")
    return number


def _operations(operations: tuple[Elementwise, ...]) -> list[tuple[int, int, tuple[float, ...]]]:
    return [
        (
            _KINDS.index(validate.choice("policy: kind", op.kind, _KINDS)),
            ACTIVATIONS.index(validate.choice("policy: activation", op.activation, ACTIVATIONS)),
            tuple(op.values),
        )
        for op in operations
    ]


def _items(name: str, values: Any) -> list[Any]:
    if not isinstance(values, (list, tuple)):
        raise TypeError(f"policy: {name}: got {type(values).__name__}, wanted a list")
    return list(values)


def _layer(data: Any) -> DenseLayer | CellLayer:
    if not isinstance(data, Mapping):
        raise TypeError(f"policy: layers: got {type(data).__name__}, wanted fields by name")
    names = ("inputs", "outputs", "weight_offset", "bias_offset")
    inputs, outputs, weight, bias = (validate.whole(f"policy: {name}", data[name]) for name in names)
    after = _elementwise("after", data["after"])
    if "kind" not in data:  # a dense layer, as in files from before there were cells
        return DenseLayer(inputs, outputs, weight, bias, after)
    kind = validate.choice("policy: kind", data["kind"], KINDS[1:])
    own = ("state_weight_offset", "state_bias_offset")
    state_weight, state_bias = (validate.whole(f"policy: {name}", data[name]) for name in own)
    return CellLayer(inputs, outputs, weight, bias, after, kind, state_weight, state_bias)


def _elementwise(name: str, operations: Any) -> tuple[Elementwise, ...]:
    made = []
    for data in _items(name, operations):
        if not isinstance(data, Mapping):
            raise TypeError(f"policy: {name}: got {type(data).__name__}, wanted fields by name")
        if data["kind"] == "activation":
            made.append(
                Elementwise(
                    "activation", validate.choice("policy: activation", data["activation"], ACTIVATIONS)
                )
            )
            continue
        kind: Any = validate.choice("policy: kind", data["kind"], _KINDS)
        values = tuple(validate.real("policy: values", v) for v in _items("values", data["values"]))
        made.append(Elementwise(kind, values=values))
    return tuple(made)


def _name(operation: Elementwise) -> str:
    if operation.kind == "activation":
        return "" if operation.activation == "identity" else operation.activation
    sign = "x" if operation.kind == "scale" else "+"
    return (
        f"{sign}{operation.values[0]:g}" if len(operation.values) == 1 else f"{sign}({len(operation.values)})"
    )
