"""A policy as data: a chain of dense layers and element-wise operations over one flat float32 vector.

It is what a traced Module compiles to, what the native core runs, what a checkpoint stores and what exporters
read. The meaning of each field is fixed in cpp/policy/policy.h.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

ACTIVATIONS = ("identity", "relu", "tanh", "sigmoid", "elu", "gelu", "softplus")


@dataclass(frozen=True)
class Elementwise:
    """An activation, or ``y = x * values``, or ``y = x + values`` (one number or one per element)."""

    kind: Literal["activation", "scale", "shift"]
    activation: str = "identity"
    values: tuple[float, ...] = ()


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


@dataclass(frozen=True)
class PolicySpec:
    inputs: int
    outputs: int
    parameters: int
    before: tuple[Elementwise, ...] = ()
    layers: tuple[DenseLayer, ...] = field(default_factory=tuple)

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
                }
                for layer in self.layers
            ],
        }

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> PolicySpec:
        return PolicySpec(
            inputs=int(data["inputs"]),
            outputs=int(data["outputs"]),
            parameters=int(data["parameters"]),
            before=tuple(_elementwise(e) for e in data["before"]),
            layers=tuple(
                DenseLayer(
                    inputs=int(layer["inputs"]),
                    outputs=int(layer["outputs"]),
                    weight_offset=int(layer["weight_offset"]),
                    bias_offset=int(layer["bias_offset"]),
                    after=tuple(_elementwise(e) for e in layer["after"]),
                )
                for layer in data["layers"]
            ),
        )

    def describe(self) -> str:
        """The chain in one line: ``4 -> 16 tanh -> 2``."""
        parts = [str(self.inputs), *(_name(e) for e in self.before if _name(e))]
        for layer in self.layers:
            parts.append(" ".join([f"-> {layer.outputs}", *(_name(e) for e in layer.after if _name(e))]))
        return " ".join(parts)


def _operation(operation: Elementwise) -> dict[str, Any]:
    if operation.kind == "activation":
        return {"kind": "activation", "activation": operation.activation}
    return {"kind": operation.kind, "values": list(operation.values)}


def _elementwise(data: Mapping[str, Any]) -> Elementwise:
    if data["kind"] == "activation":
        if data["activation"] not in ACTIVATIONS:
            raise ValueError(
                f"policy: unknown activation {data['activation']!r}, known are {', '.join(ACTIVATIONS)}"
            )
        return Elementwise("activation", data["activation"])
    if data["kind"] not in ("scale", "shift"):
        raise ValueError(f"policy: unknown operation {data['kind']!r}")
    return Elementwise(data["kind"], values=tuple(float(v) for v in data["values"]))


def _name(operation: Elementwise) -> str:
    if operation.kind == "activation":
        return "" if operation.activation == "identity" else operation.activation
    sign = "x" if operation.kind == "scale" else "+"
    return (
        f"{sign}{operation.values[0]:g}" if len(operation.values) == 1 else f"{sign}({len(operation.values)})"
    )
