"""The element-wise operations of a policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ACTIVATIONS = ("identity", "relu", "tanh", "sigmoid", "elu", "gelu", "softplus")


@dataclass(frozen=True)
class Elementwise:
    """An activation, or ``y = x * values``, or ``y = x + values`` (one number or one per element)."""

    kind: Literal["activation", "scale", "shift"]
    activation: str = "identity"
    values: tuple[float, ...] = ()
