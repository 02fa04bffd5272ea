"""Noticing an environment whose episodes cannot be repeated."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ember_ml.errors import warn


class Starts:
    """Watches the first observations of an environment that takes no seed, and warns once if they differ.

    Nothing is asked of the environment for it. One that starts alike each time passes as repeatable, though
    its `step` might still draw numbers of its own.
    """

    def __init__(self, name: str, vector: bool = False) -> None:
        self.name = name
        self.vector = vector  # whose lanes may start each in its own way
        self._first: NDArray[Any] | None = None
        self.differ = False

    def look(self, observations: NDArray[np.float32]) -> None:
        """`observations`: float32 (episodes, n), of episodes that have just been started, lane by lane."""
        if self.differ:
            return
        if self._first is None or len(self._first) < len(observations):
            former, self._first = self._first, observations.copy()
            if former is not None:
                self._first[: len(former)] = former
        first = self._first[: len(observations)] if self.vector else self._first[:1]
        # What is not finite is a start that failed (engines with on_error), which says nothing.
        if ((observations != first) & np.isfinite(observations) & np.isfinite(first)).any():
            self.differ = True
            warn(
                f"{self.name} starts its episodes by chance and takes no seed, so this training cannot be"
                " repeated and the members of a generation do not start alike; let reset take `seed` (or add"
                " a method seed(number)) and draw from np.random.default_rng(seed)",
            )
