"""Running mean and deviation of observations, float64, frozen while a generation is evaluated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ember_ml import _core
from ember_ml.policy.normalizer import Normalizer
from ember_ml.rollout import Float64, ObservationSums

#: Largest numbers that a float32 mean and finite float32 observations give.
_MOST = {"mean": float(np.finfo(np.float32).max), "squares": float(np.finfo(np.float64).max)}


class ObservationStatistics:
    """Count, mean and sum of squared deviations of everything observed so far (Chan, Golub and LeVeque 1979).

    A policy sees observations through `normalizer`. Sums come from engines in leaves of 16 directions,
    relative to its float32 mean, and are combined by a fixed binary tree, so that the result does not depend
    on how many threads or machines added them up.
    """

    def __init__(self, size: int) -> None:
        #: The native core's (cpp/run/observation_statistics.h), which holds the numbers and does the
        #: arithmetic.
        self.native = _core.ObservationStatistics(size)
        self.size = size
        self._frozen: tuple[float, Normalizer] | None = None

    @property
    def count(self) -> float:
        """Observations so far."""
        return float(self.native.count)

    @property
    def mean(self) -> Float64:
        mean: Float64 = self.native.mean
        return mean

    @property
    def normalizer(self) -> Normalizer:
        """Mean and deviation of everything so far, as engines and policies use them."""
        count = self.native.count
        if self._frozen is None or self._frozen[0] != count:
            self._frozen = (count, Normalizer(*self.native.freeze()))
        return self._frozen[1]

    def add(self, leaves: Sequence[ObservationSums]) -> None:
        """Merges one generation's sums, taken relative to `normalizer.mean`."""
        total = combine_leaves(leaves)
        if total is not None:
            self.native.merge(total.count, total.sum, total.sum_of_squares, self.normalizer.mean)

    def state_dict(self) -> dict[str, Any]:
        native = self.native
        return {"count": np.float64(native.count), "mean": native.mean, "squares": native.squares}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on where `state_dict` was taken. Raises ValueError for another size, or numbers that are none
        of a mean and squares, with everything as it was.
        """
        for name in ("mean", "squares", "count"):
            if name not in state:
                raise ValueError(f"state: {name!r} is missing")
        for name in ("mean", "squares"):
            if np.shape(state[name]) != (self.size,):
                raise ValueError(f"state: '{name}' has shape {np.shape(state[name])}, wanted ({self.size},)")
            values = np.asarray(state[name])
            if values.dtype.kind not in "fiu" or not (np.abs(values.astype(np.float64)) <= _MOST[name]).all():
                raise ValueError(f"state: {name!r} holds numbers that no observations give")
        if (np.asarray(state["squares"]) < 0).any():
            raise ValueError("state: 'squares' holds a negative number")
        if np.shape(state["count"]) != () or not 0 <= float(state["count"]) < 2**63:
            raise ValueError(f"state: 'count' is {state['count']!r:.50}, wanted a number of observations")
        native = self.native
        native.mean, native.squares, native.count = state["mean"], state["squares"], float(state["count"])
        self._frozen = None


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
