"""Dropout."""

from __future__ import annotations

from typing import Any

from ember_ml.backend import active as _active
from ember_ml.nn.modules.module import Module
from ember_ml.ops.random import random_bernoulli


class Dropout(Module):
    """In training mode sets each element to 0 with probability `rate` and divides the rest by 1 - rate; in
    evaluation mode passes x on. Srivastava et al. 2014.

    Raises:
        ValueError: rate is outside [0, 1).
    """

    def __init__(self, rate: float = 0.5) -> None:
        if not 0 <= rate < 1:
            raise ValueError(f"rate must lie in [0, 1), got {rate}")
        self.rate = rate

    def forward(self, x: Any) -> Any:
        if not self.training or self.rate == 0:
            return _active.convert_to_tensor(x)
        kept = random_bernoulli(_active.shape(x), 1 - self.rate)
        return _active.divide(_active.multiply(x, kept), 1 - self.rate)

    def _torch(self, to: Any) -> list[Any]:
        return [to.nn.Dropout(self.rate)]

    def extra_repr(self) -> str:
        return f"{self.rate}"
