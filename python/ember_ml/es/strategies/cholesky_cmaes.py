"""CMA-ES with a full covariance that is kept as its Cholesky factor; numpy alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ember_ml import _core
from ember_ml.es.strategies.rows import SIGMA_IS_ADAPTED, RowStrategy
from ember_ml.es.strategies.size import members_of, refuse_matrices
from ember_ml.noise.stream import noise
from ember_ml.rollout import Float32, Float64


class CholeskyCMAES(RowStrategy):
    """CMA-ES with optimal covariance update and storage complexity (Krause, Arbones and Igel 2016, NIPS 29).

    With C = A A' and A triangular, member k is ``mean + sigma * A @ noise(seed, generation, k)``, and the
    path that controls the step size lives in the coordinates of the noise, so no matrix is decomposed into
    eigenvectors. Constants are those of Hansen's tutorial (arXiv 1604.00772) without negative weights. Needs
    no extra, unlike `CMAES`, which is the reference implementation; the default of `es.optimize` for up to
    100 parameters. Time and memory grow with the square of the number of parameters, and the factor is made
    anew, cubic, once in so many generations that it does not count.

    Args:
        directions: a generation has twice as many members, as those of other strategies; these are drawn
            one by one, not in pairs. None, without `members` too, takes 4 + 3 log(parameters) members.
        sigma: first step size.
        members: instead of `directions`, at least 2.
        bounds: (low, high) of the parameters, each a number, None or one number a parameter: members and mean
            are folded into them.

    Raises:
        ValueError: at `start`, more parameters than fit a matrix (20,000).
    """

    _size = "members"
    most_parameters = 20_000

    def __init__(
        self,
        directions: int | None = None,
        sigma: float = 0.5,
        *,
        members: int | None = None,
        bounds: Any = None,
        perturbation: None = None,
    ) -> None:
        super().__init__(
            members_of(directions, members),
            sigma,
            least_directions=2,
            bounds=bounds,
            perturbation=perturbation,
        )

    def _begin(self, theta0: Float32) -> None:
        refuse_matrices(type(self).__name__, theta0.size, self.most_parameters)
        d, n = theta0.size, self.members
        weights = np.maximum(0.0, math.log((n + 1) / 2) - np.log(np.arange(1, n + 1)))
        self._weights = weights / weights.sum()
        mu = self._mu = 1.0 / float(np.square(self._weights).sum())
        self._c_sigma = (mu + 2) / (d + mu + 5)
        self._damping = 1 + 2 * max(0.0, math.sqrt((mu - 1) / (d + 1)) - 1) + self._c_sigma
        self._c_c = (4 + mu / d) / (d + 4 + 2 * mu / d)
        self._c_1 = 2 / ((d + 1.3) ** 2 + mu)
        self._c_mu = min(1 - self._c_1, 2 * (mu - 2 + 1 / mu) / ((d + 2) ** 2 + mu))
        self._length = math.sqrt(d) * (1 - 1 / (4 * d) + 1 / (21 * d * d))
        self._every = max(1, int(1 / (10 * d * (self._c_1 + self._c_mu))))  # generations between factors
        self._sigma = float(self._arguments["sigma"])
        self._centre = theta0.astype(np.float64)
        self._c: Float64 = np.eye(d)
        self._a: Float64 = np.eye(d)
        self._p_sigma, self._p_c = np.zeros(d), np.zeros(d)

    def _sample(self) -> Float64:
        d = self._centre.size
        z = np.stack([noise(self._seed, self._generation, k, d) for k in range(self.members)])
        self._z = z.astype(np.float64)
        self._y = self._z @ self._a.T
        return self._centre + self._sigma * self._y

    def _move(self, rows: Float64, fitness: Float64) -> None:
        d = self._centre.size
        weights = np.asarray(_core.shape_by_table(fitness, self._weights))
        self._centre = self._centre + self._sigma * (weights @ self._y)
        self._mean = self._centre.astype(np.float32)
        self._p_sigma = (1 - self._c_sigma) * self._p_sigma + math.sqrt(
            self._c_sigma * (2 - self._c_sigma) * self._mu
        ) * (weights @ self._z)
        length = float(np.linalg.norm(self._p_sigma))
        expected = math.sqrt(1 - (1 - self._c_sigma) ** (2 * (self._generation + 1)))
        moving = length / expected < (1.4 + 2 / (d + 1)) * self._length
        spread = math.sqrt(self._c_c * (2 - self._c_c) * self._mu) if moving else 0.0
        self._p_c = (1 - self._c_c) * self._p_c + spread * (weights @ self._y)
        missing = 0.0 if moving else self._c_1 * self._c_c * (2 - self._c_c)
        self._c = (
            (1 - self._c_1 - self._c_mu + missing) * self._c
            + self._c_1 * np.outer(self._p_c, self._p_c)
            + self._c_mu * (self._y.T * weights) @ self._y
        )
        self._sigma *= math.exp(min(1.0, self._c_sigma / self._damping * (length / self._length - 1)))
        if (self._generation + 1) % self._every == 0:
            self._factor()

    def _factor(self) -> None:
        """A of C. A covariance so flat that rounding makes it indefinite keeps the A it had."""
        try:
            self._a = np.linalg.cholesky(self._c).astype(np.float64)
        except np.linalg.LinAlgError:
            self._c = self._a @ self._a.T

    @property
    def sigma(self) -> Float32:
        """Deviation along each parameter, float32 (parameters,)."""
        self._need_start()
        with np.errstate(over="ignore"):
            deviations: Float32 = (self._sigma * np.linalg.norm(self._a, axis=1)).astype(np.float32)
            return deviations

    @sigma.setter
    def sigma(self, value: Any) -> None:
        raise ValueError(SIGMA_IS_ADAPTED)

    def _state(self) -> dict[str, Any]:
        return {
            "step": self._sigma,
            "centre": self._centre.copy(),
            "p_sigma": self._p_sigma.copy(),
            "p_c": self._p_c.copy(),
            "c": self._c.copy(),
            "a": self._a.copy(),
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        self._restore_arrays(state, ("centre", "p_sigma", "p_c", "c", "a"))
        self._sigma = float(state["step"])
