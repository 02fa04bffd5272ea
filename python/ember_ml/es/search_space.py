"""From the parameters of a strategy to those of a user's function."""

from __future__ import annotations

from typing import Any

import numpy as np

from ember_ml.es.strategies.arguments import as_array
from ember_ml.es.strategies.bounds import Bounds
from ember_ml.rollout import Float32, Float64


class SearchSpace:
    """``x = x0 + scale * u`` in float64, u float32 of the strategy; or x = u.

    Attributes:
        x0: float64 (parameters,).
        scale: units of u, float64 (parameters,).
        start: u at x0, float64 (parameters,).
    """

    def __init__(self, x0: Any, bounds: Any, sigma: Any, direct: bool) -> None:
        """
        Args:
            bounds: (low, high), as strategies take them, of x.
            sigma: `scale`; None takes a quarter of the width between finite bounds, else 0.5.
            direct: x = u.

        Raises:
            ValueError, TypeError: x0, bounds or sigma do not fit; the message names it.
        """
        array = as_array("x0", x0)
        if array.ndim != 1 or not array.size:
            raise ValueError(f"x0: got shape {array.shape}, wanted one dimension, (parameters,)")
        if array.dtype.kind not in "fiu":
            raise TypeError(f"x0: got dtype {array.dtype}, wanted real numbers")
        self.x0: Float64 = array.astype(np.float64)
        if not np.isfinite(self.x0).all():
            raise ValueError(f"x0: value {int(np.argmin(np.isfinite(self.x0)))} is not finite")
        self.parameters = self.x0.size
        self._bounds = Bounds.of(bounds)
        self.low, self.high = np.full(self.parameters, -np.inf), np.full(self.parameters, np.inf)
        if self._bounds is not None:
            self._bounds.begin(self.x0, "x0")
            self.low, self.high = self._bounds.arrays(self.parameters)
        nothing: Float64 = np.zeros(self.parameters)
        self._centre: Float64
        self.start: Float64
        self._centre, self.start = (nothing, self.x0) if direct else (self.x0, nothing)
        self.scale = np.ones(self.parameters) if direct else self._scale(sigma)

    def _scale(self, sigma: Any) -> Float64:
        if sigma is None:
            width = self.high - self.low
            return np.where(np.isfinite(width), width / 4, 0.5)
        array = as_array("sigma", sigma)
        if array.dtype.kind not in "fiu":
            raise TypeError(f"sigma: got {sigma!r}, wanted a number or one a parameter")
        if array.shape not in ((), (self.parameters,)):
            raise ValueError(f"sigma: got shape {array.shape}, wanted a number or ({self.parameters},)")
        scale: Float64 = np.broadcast_to(array.astype(np.float64), (self.parameters,)).copy()
        if not (np.isfinite(scale).all() and (scale > 0).all()):
            raise ValueError(f"sigma: got {sigma!r}, wanted numbers above 0")
        return scale

    def unit_bounds(self) -> tuple[Float64, Float64] | None:
        """(low, high) of u."""
        if self._bounds is None:
            return None
        return (self.low - self._centre) / self.scale, (self.high - self._centre) / self.scale

    def points(self, u: Float32) -> Float64:
        """x of each row, inside the bounds also where rounding would leave them."""
        inside: Float64 = np.clip(self._centre + self.scale * u.astype(np.float64), self.low, self.high)
        return inside
