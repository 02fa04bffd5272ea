"""The element-wise operations of a policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ember_ml import _core

#: In the order of their numbers.
ACTIVATIONS = tuple(_core.activation_names())


@dataclass(frozen=True)
class Elementwise:
    """An activation, or ``y = x * values``, or ``y = x + values`` (one number or one per element)."""

    kind: Literal["activation", "scale", "shift"]
    activation: str = "identity"
    values: tuple[float, ...] = ()
