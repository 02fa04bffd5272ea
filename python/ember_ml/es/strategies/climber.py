"""Climbs from the best member so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ember_ml.es.strategies.rows import RowStrategy
from ember_ml.es.strategies.size import members_of
from ember_ml.noise.stream import noise
from ember_ml.rollout import Float32, Float64


class Climber(RowStrategy):
    """(1 + members) evolution: the mean is the best member so far, tried again beside each generation's.

    Args:
        directions: half of the members; None takes 4 + 3 log(parameters) members.
        sigma: step size.
        members: instead of `directions`.
    """

    _size = "members"

    def __init__(
        self, directions: int | None = None, sigma: float = 0.1, *, members: int | None = None
    ) -> None:
        super().__init__(members_of(directions, members), sigma, least_directions=2)

    def _begin(self, theta0: Float32) -> None:
        self._centre = theta0.astype(np.float64)

    def _sample(self) -> Float64:
        d = self._centre.size
        z = np.stack([noise(self._seed, self._generation, k, d) for k in range(self.members)])
        z[0] = 0.0
        return self._centre + self._arguments["sigma"] * z.astype(np.float64)

    def _move(self, rows: Float64, fitness: Float64) -> None:
        self._centre = rows[int(np.argmax(fitness))]
        self._mean = self._centre.astype(np.float32)

    @property
    def sigma(self) -> Float32:
        """Deviation along each parameter, float32 (parameters,)."""
        self._need_start()
        return np.full(self._centre.size, self._arguments["sigma"], np.float32)

    def _state(self) -> dict[str, Any]:
        return {"centre": self._centre.copy()}

    def _restore(self, state: Mapping[str, Any]) -> None:
        self._restore_arrays(state, ("centre",))
