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

    def __init__(self, name: str) -> None:
        self.name = name
        self._first: NDArray[Any] | None = None
        self.differ = False

    def look(self, observations: NDArray[np.float32]) -> None:
        """`observations`: float32 (episodes, n), of episodes that have just been started."""
        if self.differ:
            return
        if self._first is None:
            self._first = observations[0].copy()
        if (observations != self._first).any():
            self.differ = True
            warn(
                f"{self.name} starts its episodes by chance and takes no seed, so this training cannot be"
                " repeated and the members of a generation do not start alike; let reset take `seed` (or add"
                " a method seed(number)) and draw from np.random.default_rng(seed)",
            )
