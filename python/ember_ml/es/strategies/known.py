"""What a strategy knows: its distribution, the best member and its counters, read from the core."""

from __future__ import annotations

from typing import Any

from ember_ml import _core, validate
from ember_ml.es.strategies.bounds import Bounds
from ember_ml.rollout import Float32


class Known:
    """The read-only face of a strategy's state."""

    _native: _core.Strategy
    _bounds: Bounds | None

    def _inside(self, points: Float32) -> Float32:
        """What is given away of the distribution: folded into the bounds, where there are any."""
        return points if self._bounds is None else self._bounds.fold(points)

    @property
    def mean(self) -> Float32:
        """Centre of the search distribution, float32 (parameters,): the policy that is being trained."""
        return self._inside(self._native.mean)

    @property
    def mean_sigma(self) -> float:
        """`sigma` as one number: its mean over the parameters."""
        return self._native.sigma

    @property
    def best(self) -> Float32:
        """The member with the highest fitness told so far, float32 (parameters,); theta0 before the first."""
        return self._inside(self._native.best)

    @property
    def best_fitness(self) -> float:
        """Its fitness; -inf before the first. With a noisy objective this is a lucky draw: judge `mean`."""
        return self._native.best_fitness

    @property
    def members(self) -> int:
        """Rows of `ask()`. 0 before `start` where the number of parameters decides it."""
        return self._native.members

    @property
    def directions(self) -> int:
        """Noise vectors a generation. 0 before `start` where the number of parameters decides it."""
        return self._native.directions

    @property
    def antithetic(self) -> bool:
        return self._native.antithetic

    @property
    def parameters(self) -> int:
        """Length of theta; 0 before `start`."""
        return self._native.parameters

    @property
    def generation(self) -> int:
        """Generations told so far."""
        return self._native.generation

    @property
    def seed(self) -> int:
        return self._native.seed

    @property
    def update_norm(self) -> float:
        """Euclidean length of the mean's last step."""
        return self._native.update_norm

    @property
    def bounds(self) -> tuple[Any, Any] | None:
        """(low, high), float64, each 0-d or (parameters,) and infinite where there is none; None without."""
        return None if self._bounds is None else (self._bounds.low.copy(), self._bounds.high.copy())

    @property
    def threads(self) -> int:
        """Threads of the update, 0 = all cores. The results do not depend on it."""
        return self._native.threads

    @threads.setter
    def threads(self, value: int | None) -> None:
        self._native.threads = validate.thread_count("threads", value)
