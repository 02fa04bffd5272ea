"""Running mean and deviation of observations, float64, frozen while a generation is evaluated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ember_ml.engines.base import Float32, Float64, ObservationSums

#: Normalised observations are clipped to plus and minus this.
CLIP = 10.0

#: A feature with a smaller standard deviation is only centred: 1 / deviation is taken as 1.
LEAST_DEVIATION = 1e-6


class ObservationStatistics:
    """Count, mean and sum of squared deviations of everything observed so far (Chan, Golub and LeVeque 1979).

    A policy sees ``clip((x - mean) * inverse_deviation, -10, 10)`` in float32. Sums come from engines in
    leaves of 16 directions, relative to the frozen float32 mean, and are combined by a fixed binary tree, so
    that the result does not depend on how many threads or machines added them up.
    """

    def __init__(self, size: int) -> None:
        self.count = 0.0
        self.mean: Float64 = np.zeros(size)
        self.squares: Float64 = np.zeros(size)
        self._freeze()

    @property
    def size(self) -> int:
        return self.mean.size

    def add(self, leaves: Sequence[ObservationSums]) -> None:
        """Merges one generation's sums, taken relative to `mean32`."""
        total = combine_leaves(leaves)
        if total is None or total.count <= 0:
            return
        # The operations and their order are cpp/es/observation_statistics.cpp's.
        count = self.count + total.count
        difference = total.sum / total.count
        other_squares = np.maximum(total.sum_of_squares - total.sum * difference, 0.0)
        delta = (self.mean32.astype(np.float64) + difference) - self.mean
        self.mean = self.mean + delta * (total.count / count)
        self.squares = self.squares + (other_squares + delta * delta * (self.count * total.count / count))
        self.count = count
        self._freeze()

    def _freeze(self) -> None:
        """Sets what engines use until the next merge: float32 (size,) arrays `mean32` and `inverse32`."""
        self.mean32: Float32 = self.mean.astype(np.float32)
        deviation = np.sqrt(self.squares / self.count) if self.count > 0 else np.ones(self.size)
        usable = ~(deviation < LEAST_DEVIATION)
        self.inverse32: Float32 = np.where(usable, 1.0 / np.where(usable, deviation, 1.0), 1.0).astype(
            np.float32
        )

    def state_dict(self) -> dict[str, Any]:
        return {"count": np.float64(self.count), "mean": self.mean.copy(), "squares": self.squares.copy()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        mean, squares = np.asarray(state["mean"], np.float64), np.asarray(state["squares"], np.float64)
        if mean.shape != (self.size,) or squares.shape != (self.size,):
            raise ValueError(f"state: observation statistics of {mean.size} values, wanted {self.size}")
        self.count, self.mean, self.squares = float(state["count"]), mean.copy(), squares.copy()
        self._freeze()

    def copy(self) -> ObservationStatistics:
        other = ObservationStatistics(self.size)
        other.load_state_dict(self.state_dict())
        return other


def combine_leaves(leaves: Sequence[ObservationSums]) -> ObservationSums | None:
    """Adds leaves by the fixed binary tree: pairs (0, 1), (2, 3), ... level by level, an odd last one carried
    up.
    """
    level = list(leaves)
    while len(level) > 1:
        paired = [
            ObservationSums(a.count + b.count, a.sum + b.sum, a.sum_of_squares + b.sum_of_squares)
            for a, b in zip(level[::2], level[1::2])
        ]
        level = paired + level[len(paired) * 2 :]
    return level[0] if level else None


def normalize(observations: Float32, mean32: Float32, inverse32: Float32) -> Float32:
    """``clip((x - mean) * inverse, -10, 10)``, each operation rounded to float32."""
    clipped: Float32 = np.clip((observations - mean32) * inverse32, np.float32(-CLIP), np.float32(CLIP))
    return clipped
