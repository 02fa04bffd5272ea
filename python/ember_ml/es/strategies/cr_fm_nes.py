"""Cost-reduced fast-moving natural evolution strategy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ember_ml import _core
from ember_ml.es.strategies.rows import SIGMA_IS_ADAPTED, RowStrategy
from ember_ml.es.strategies.size import directions_of
from ember_ml.noise.stream import noise
from ember_ml.rollout import Float32, Float64


class CRFMNES(RowStrategy):
    """Fast moving natural evolution strategy for high-dimensional problems (Nomura and Ono 2022, arXiv
    2201.11422), CR-FM-NES.

    The covariance is sigma^2 D (I + v v') D with D diagonal and one direction v: cost is linear in the
    number of parameters, and steps along a ridge. Members are in pairs of noise z and -z, explicit rows
    ``mean + sigma * D * (z + (sqrt(1 + |v|^2) - 1) (z . v) v / |v|^2)``, computed in float64. The first v is
    ``noise(seed, 0, 0, purpose="init") / sqrt(parameters)``. All symbols are the paper's.

    Args:
        directions: pairs a generation; None takes (4 + 3 log d) / 2, rounded up, for d parameters.
        sigma: first step size.
        members: instead of `directions`: how many are evaluated, an even number.
        bounds: (low, high) of the parameters, each a number, None or one number a parameter: members and mean
            are folded into them.
    """

    def __init__(
        self,
        directions: int | None = None,
        sigma: float = 0.5,
        *,
        members: int | None = None,
        bounds: Any = None,
        perturbation: None = None,
    ) -> None:
        super().__init__(directions_of(directions, members), sigma, bounds=bounds, perturbation=perturbation)

    def _default_directions(self, parameters: int) -> int:
        return (super()._default_directions(parameters) + 1) // 2

    @property
    def members(self) -> int:
        return 2 * self._directions

    def _begin(self, theta0: Float32) -> None:
        d, n = theta0.size, self.members
        ranks = np.arange(1, n + 1)
        self._rank_hat = np.maximum(0.0, np.log(n / 2 + 1) - np.log(ranks))
        self._rank = self._rank_hat / self._rank_hat.sum() - 1.0 / n
        mu = 1.0 / np.square(self._rank + 1.0 / n).sum()
        self._mu = mu
        self._c_sigma = (mu + 2) / (d + mu + 5)
        self._c_c = (4 + mu / d) / (d + 4 + 2 * mu / d)
        self._length = math.sqrt(d) * (1 - 1 / (4 * d) + 1 / (21 * d * d))
        self._inverse_h = _inverse_h(d)
        self._sigma = float(self._arguments["sigma"])
        self._centre = theta0.astype(np.float64)
        self._d = np.ones(d)
        self._v = noise(self._seed, 0, 0, d, purpose="init").astype(np.float64) / math.sqrt(d)
        self._p_sigma, self._p_c = np.zeros(d), np.zeros(d)

    def _sample(self) -> Float64:
        d = self._centre.size
        z = np.stack([noise(self._seed, self._generation, k, d) for k in range(self._directions)])
        self._z = np.stack([z, -z], axis=1).reshape(-1, d).astype(np.float64)
        if d == 1:  # the step size says all of a line: no D, no v
            self._y = self._z
            return self._centre + self._sigma * self._y
        v2 = self._v @ self._v
        self._y = self._z + np.outer((math.sqrt(1 + v2) - 1) / v2 * (self._z @ self._v), self._v)
        return self._centre + self._sigma * self._d * self._y

    def _move(self, rows: Float64, fitness: Float64) -> None:
        z, n, d = self._z, self.members, self._centre.size
        whole = int(np.isfinite(fitness).sum())  # the paper's lambda_F: learning rates count whole members
        if whole < n:
            fitness = _with_failed_last(fitness, np.square(z).sum(1))
        w_rank = _core.shape_by_table(fitness, self._rank)
        self._p_sigma = (1 - self._c_sigma) * self._p_sigma + math.sqrt(
            self._c_sigma * (2 - self._c_sigma) * self._mu
        ) * (w_rank @ z)
        length = float(np.linalg.norm(self._p_sigma))
        if length >= self._length:  # moving: weights also by distance
            alpha = self._inverse_h * min(1.0, math.sqrt(n / d)) * math.sqrt(whole / n)
            distance = np.exp(alpha * np.linalg.norm(z, axis=1))
            w = _core.shape_by_table(fitness, self._rank_hat) * distance
            w, eta_sigma = w / w.sum() - 1.0 / n, 1.0
        else:
            w = w_rank
            eta_sigma = math.tanh((0.024 * whole + 0.7 * d + 20) / (d + 12))  # stagnating
            if length < 0.1 * self._length:  # converging
                eta_sigma = 2 * math.tanh((0.025 * whole + 0.75 * d + 10) / (d + 4))
        step = w @ (rows - self._centre)
        self._p_c = (1 - self._c_c) * self._p_c + math.sqrt(self._c_c * (2 - self._c_c) * self._mu) * (
            step / self._sigma
        )
        self._centre = self._centre + step
        self._mean = self._centre.astype(np.float32)
        if d > 1:
            eta_b = math.tanh((min(0.02 * whole, 3 * math.log(d)) + 5) / (0.23 * d + 25))
            c_1 = 2 / ((d + 1.3) ** 2 + self._mu) * (d - 5) / 6 * (whole / n)
            with np.errstate(all="ignore"):  # `_turn` looks at what comes out
                self._turn(np.append(eta_b * w, c_1), np.vstack([self._y, self._p_c / self._d]))
        self._sigma *= math.exp(eta_sigma / 2 * float(w @ (z * z - 1).sum(1)) / d)

    def _turn(self, weights: Float64, y: Float64) -> None:
        """The natural gradient of D and v at fixed determinant, as written by Akimoto, Auger and Hansen 2014
        (comparison-based natural gradient optimization in high dimension)."""
        v2 = float(self._v @ self._v)
        bar = self._v / math.sqrt(v2)
        bar2, gamma, along = bar * bar, 1 + v2, y @ bar
        alpha = min(1.0, math.sqrt(v2 * v2 + (2 * gamma - math.sqrt(gamma)) / float(bar2.max())) / (2 + v2))
        t = y * along[:, None] - np.outer((along**2 + gamma) / 2, bar)
        b = -(1 - alpha**2) * v2 * v2 / gamma + 2 * alpha**2
        inverse = 1 / (2 - (b + 2 * alpha**2) * bar2)
        s = y * y - v2 / gamma * (y * bar * along[:, None]) - 1
        s = s - alpha / gamma * ((2 + v2) * (t * bar) - v2 * np.outer(t @ bar, bar2))
        scaled = inverse * bar2
        s = s * inverse - b / (1 + b * (bar2 @ scaled)) * np.outer(s @ scaled, scaled)
        t = t - alpha * ((2 + v2) * (s * bar) - np.outer(s @ bar2, bar))
        v = self._v + (weights @ t) / math.sqrt(v2)
        # A step of -1 and below, which few parameters can give, has no meaning for a scale, and no logarithm.
        scale = self._d * np.maximum(1 + weights @ s, 0.1)
        volume = np.log(scale).sum() + np.log1p(v @ v) / 2
        scale = scale * np.exp(-volume / scale.size)
        # Where parameters are few and slopes far apart, D or v can run away until there are no numbers.
        if np.isfinite(v).all() and 0 < v @ v < 1e15 and 0 < scale.max() < 1e15 * scale.min():
            self._v, self._d = v, scale

    @property
    def sigma(self) -> Float32:
        """Deviation along each parameter, float32 (parameters,)."""
        self._need_start()
        v = self._v if self._v.size > 1 else 0.0
        with np.errstate(over="ignore"):
            deviations: Float32 = (self._sigma * self._d * np.sqrt(1 + np.square(v))).astype(np.float32)
            return deviations

    @sigma.setter
    def sigma(self, value: Any) -> None:
        raise ValueError(SIGMA_IS_ADAPTED)

    def _state(self) -> dict[str, Any]:
        return {
            "step": self._sigma,
            "centre": self._centre.copy(),
            "d": self._d.copy(),
            "v": self._v.copy(),
            "p_sigma": self._p_sigma.copy(),
            "p_c": self._p_c.copy(),
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        self._restore_arrays(state, ("centre", "d", "v", "p_sigma", "p_c"))
        self._sigma = float(state["step"])
        if not (self._d > 0).all() or not self._v.any() or not self._sigma > 0:
            raise ValueError("state: 'd' and 'step' must be positive, and 'v' not zero")


def _with_failed_last(fitness: Float64, distance: Float64) -> Float64:
    """Ranks instead of the fitness: failed members (-inf) last, the farther the worse, as the authors do."""
    failed = np.isneginf(fitness)
    ranks = np.unique(fitness, return_inverse=True)[1].astype(np.float64)
    ranks[failed] = -1.0 - np.unique(distance[failed], return_inverse=True)[1]
    return ranks


def _inverse_h(d: int) -> float:
    """The a > 0 with (1 + a^2) exp(a^2 / 2) / 0.24 = 10 + d, by Newton steps on the logarithms of both sides.

    The logarithm is finite for any d and nearly a parabola in a, so a few steps end at a's last place; the
    equation itself overflows on the way, and from d = 2,002 its rounding is above any fixed tolerance.
    """
    wanted, a = math.log(0.24 * (10 + d)), 1.0
    for _ in range(100):
        step = (math.log1p(a * a) + a * a / 2 - wanted) / (2 * a / (1 + a * a) + a)
        a -= step
        if abs(step) <= 1e-15 * a:
            break
    return a
