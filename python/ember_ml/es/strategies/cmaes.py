"""CMA-ES with a full covariance, by the package `cma` (extra `cma`), drawing this package's noise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ember_ml.errors import need
from ember_ml.es.strategies.rows import SIGMA_IS_ADAPTED, RowStrategy
from ember_ml.es.strategies.size import members_for_directions, members_of, refuse_matrices
from ember_ml.noise.stream import noise
from ember_ml.rollout import Float32, Float64


class _Draw:
    """pycma's random numbers: the standard normal vectors of the members, in order."""

    def __init__(self, seed: int) -> None:
        self.seed, self.generation, self.drawn = seed, 0, 0

    def __call__(self, count: int, size: int) -> Float64:
        first = self.drawn
        self.drawn += count
        rows = [noise(self.seed, self.generation, first + k, size) for k in range(count)]
        return np.stack(rows).astype(np.float64)


class CMAES(RowStrategy):
    """The CMA evolution strategy: a tutorial (Hansen 2016, arXiv 1604.00772), as implemented by pycma
    (Hansen, Akimoto and Baudis 2019), with active covariance adaptation.

    For small problems: time and memory grow with the square of the number of parameters. The standard normal
    vector of member k is ``noise(seed, generation, k)``, so a run is a function of its seed. Members are
    explicit rows. A checkpoint holds all fitnesses told, and loading it replays the updates.

    Args:
        directions: a generation has twice as many members, as those of other strategies; these are drawn
            one by one, not in pairs. None, without `members` too, takes 4 + 3 log(parameters) members.
        sigma: first step size.
        members: instead of `directions`, at least 2.
        bounds: (low, high) of the parameters, each a number, None or one number a parameter: members and mean
            are folded into them.

    Raises:
        MissingExtra: at `start`, when `cma` is not installed.
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

    @classmethod
    def _current(cls, arguments: dict[str, Any]) -> dict[str, Any]:
        return members_for_directions(arguments)

    def _begin(self, theta0: Float32) -> None:
        cma = need("cma", "cma")
        refuse_matrices(type(self).__name__, theta0.size, self.most_parameters)
        self._theta0 = theta0
        self._told: list[Float64] = []  # NaN where a generation made no update
        self._draw = _Draw(self._seed)
        self._cma = cma.CMAEvolutionStrategy(
            theta0.astype(np.float64),
            float(self._arguments["sigma"]),
            {
                "popsize": self._directions,
                "randn": self._draw,
                "seed": np.nan,
                "CMA_mirrors": 0,
                "verbose": -9,
                "verb_log": 0,
                "verb_disp": 0,
            },
        )

    def _sample(self) -> Float64:
        self._draw.generation, self._draw.drawn = self._generation, 0
        self._solutions = self._cma.ask()
        return np.stack(self._solutions)

    def _move(self, rows: Float64, fitness: Float64) -> None:
        cost = -fitness
        finite = cost[np.isfinite(cost)]
        cost[~np.isfinite(cost)] = finite.max() + abs(finite.max()) + 1.0  # only the rank counts
        self._cma.tell(self._solutions, cost)
        self._mean = np.asarray(self._cma.mean, np.float32)

    def _advance(self, fitness: Float64, update: bool) -> None:
        self._asked()  # pycma's state depends on having been asked
        super()._advance(fitness, update)
        self._told.append(fitness.copy() if update else np.full(self.members, np.nan))

    @property
    def sigma(self) -> Float32:
        """Deviation along each parameter, float32 (parameters,)."""
        self._need_start()
        return np.asarray(self._cma.stds, np.float32)

    @sigma.setter
    def sigma(self, value: Any) -> None:
        raise ValueError(SIGMA_IS_ADAPTED)

    @property
    def why_not_native(self) -> str:
        return "CMAES runs in the package cma, in Python"

    def _state(self) -> dict[str, Any]:
        told = np.array(self._told, np.float64).reshape(len(self._told), self.members)
        return {"theta0": self._theta0.copy(), "told": told}

    def _restore(self, state: Mapping[str, Any]) -> None:
        """Replays.

        Raises:
            ValueError: this version of `cma` replays to another mean.
        """
        told = np.asarray(state["told"], np.float64)
        if told.ndim != 2 or told.shape[1] != self.members:
            raise ValueError(f"state: 'told' has shape {told.shape}, wanted (generations, {self.members})")
        self._start(np.asarray(state["theta0"], np.float32), self._seed)
        for fitness in told:
            self._advance(fitness, not np.isnan(fitness).any())
        if not np.array_equal(self._mean, state["mean"]):
            raise ValueError("state: replaying it gives another mean: is this another version of cma?")
