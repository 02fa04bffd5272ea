"""A policy as data: a chain of dense layers and element-wise operations over one flat float32 vector.

It is what a traced Module compiles to, what the native core runs, what a checkpoint stores and what exporters read.
The meaning of each field is fixed in cpp/policy/policy.h.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

ACTIVATIONS = ("identity", "relu", "tanh", "sigmoid", "elu", "gelu", "softplus")


@dataclass(frozen=True)
class Elementwise:
    """An activation, or ``y = x * values``, or ``y = x + values`` (one number or one per element)."""

    kind: Literal["activation", "scale", "shift"]
    activation: str = "identity"
    values: tuple[float, ...] = ()


@dataclass(frozen=True)
class DenseLayer:
    """``y = x @ W + b`` with W (inputs, outputs) at `weight_offset` and b at `bias_offset` (-1: none), then `after`."""

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
