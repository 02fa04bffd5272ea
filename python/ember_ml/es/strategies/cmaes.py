"""CMA-ES with a full covariance, by the package `cma` (extra `cma`), drawing this package's noise."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ember_ml.engines.base import Float32, Float64, Population
from ember_ml.errors import need
from ember_ml.es.noise import noise
from ember_ml.es.strategies.base import MAX_SEED, Strategy, _fitness, _whole

_NOT_STARTED = "the strategy has not been started: call start(theta0, seed) first"


class CMAES(Strategy):
    """The CMA evolution strategy: a tutorial (Hansen 2016, arXiv 1604.00772), as implemented by pycma
    (Hansen, Akimoto and Baudis 2019), with active covariance adaptation.

    For small problems: time and memory grow with the square of the number of parameters. The standard normal
    vector of member k is ``noise(seed, generation, k)``, so a run is a function of its seed. Members are
    explicit rows; it runs in Python. A checkpoint holds the fitnesses told, and loading it replays the
    updates.

    Args:
        directions: members a generation; None takes 4 + 3 log(parameters).
        sigma: first step size.

    Raises:
        MissingExtra: at `start`, when `cma` is not installed.
    """

    def __init__(self, directions: int | None = None, sigma: float = 0.5) -> None:
        if directions is not None:
            _whole("directions", directions, 2)
        if not (isinstance(sigma, (int, float)) and math.isfinite(sigma) and sigma > 0):
            raise ValueError(f"sigma: got {sigma!r}, wanted a positive number")
        super().__init__({"directions": directions, "sigma": sigma})

    def _make(self) -> Any:
        self._cma: Any = None
        self._directions = self._arguments["directions"] or 0
        self._threads = 0
        return None

    def _start(self, theta0: Float32, seed: int) -> None:
        if theta0.size < 2:
            raise ValueError("theta0: got fewer than 2 values, which pycma cannot adapt a covariance for")
        if not np.isfinite(theta0).all():
            raise ValueError(f"theta0: value {int(np.argmin(np.isfinite(theta0)))} is not finite")
        cma = need("cma", "cma")
        self._directions = self._arguments["directions"] or 4 + int(3 * math.log(theta0.size))
        self._seed, self._generation, self._drawn = seed, 0, 0
        self._theta0 = theta0
        self._mean = theta0
        self._best, self._best_fitness, self._update_norm = theta0, -math.inf, 0.0
        self._told: list[Float64] = []  # NaN where a generation was skipped
        self._solutions: list[Float64] | None = None
        self._cma = cma.CMAEvolutionStrategy(
            theta0.astype(np.float64),
            float(self._arguments["sigma"]),
            {
                "popsize": self._directions,
                "randn": self._randn,
                "seed": np.nan,
                "CMA_mirrors": 0,
                "verbose": -9,
                "verb_log": 0,
                "verb_disp": 0,
            },
        )

    def _randn(self, count: int, size: int) -> Float64:
        first = self._drawn
        self._drawn += count
        rows = [noise(self._seed, self._generation, first + k, size) for k in range(count)]
        return np.stack(rows).astype(np.float64)

    def _need_start(self) -> None:
        if self._cma is None:
            raise RuntimeError(_NOT_STARTED)

    def _asked(self) -> list[Float64]:
        self._need_start()
        if self._solutions is None:
            self._drawn = 0
            self._solutions = self._cma.ask()
        return self._solutions

    def plan(self, generations: int | None) -> None:
        _whole("generations", generations or 0, 0)

    def ask(self) -> Float32:
        return np.stack(self._asked()).astype(np.float32)

    def tell(self, fitness: ArrayLike) -> None:
        self._tell(_fitness(fitness), True)

    def skip(self, fitness: ArrayLike) -> None:
        self._tell(_fitness(fitness), False)

    def _tell(self, fitness: Float64, update: bool) -> None:
        self._need_start()
        if fitness.shape != (self.members,):
            raise ValueError(f"fitness: got shape {fitness.shape}, wanted ({self.members},)")
        wrong = np.isnan(fitness) | (fitness == np.inf)
        if wrong.any():
            member = int(np.argmax(wrong))
            what = "NaN" if np.isnan(fitness[member]) else "inf"
            raise ValueError(
                f"fitness: member {member} has {what}, wanted a finite number, or -inf for a failed member"
            )
        top = int(np.argmax(fitness))
        row = self.ask()[top]
        self._advance(fitness if update else np.full(self.members, np.nan))
        if fitness[top] > self._best_fitness:
            self._best, self._best_fitness = row, float(fitness[top])

    def _advance(self, fitness: Float64) -> None:
        solutions = self._asked()
        before = self._mean
        if not np.isnan(fitness).any() and (fitness != fitness[0]).any():
            cost = -fitness
            finite = cost[np.isfinite(cost)]
            cost[~np.isfinite(cost)] = finite.max() + abs(finite.max()) + 1.0  # only the rank counts
            self._cma.tell(solutions, cost)
            self._mean = np.asarray(self._cma.mean, np.float32)
        self._told.append(fitness.copy())
        self._update_norm = float(np.linalg.norm(self._mean.astype(np.float64) - before))
        self._generation += 1
        self._solutions = None

    def population(self) -> Population:
        rows = self.ask()
        return Population(
            mean=self.mean,
            scale=self.sigma,
            seed=self._seed,
            generation=self._generation,
            directions=self.members,
            antithetic=False,
            rows=rows,
        )

    @property
    def mean(self) -> Float32:
        self._need_start()
        return self._mean.copy()

    @property
    def sigma(self) -> Float32:
        """Deviation along each parameter, float32 (parameters,): pycma's step size and covariance diagonal.
        """
        self._need_start()
        return np.asarray(self._cma.stds, np.float32)

    @property
    def mean_sigma(self) -> float:
        return float(np.mean(self._cma.stds)) if self._cma is not None else float(self._arguments["sigma"])

    @property
    def best(self) -> Float32:
        self._need_start()
        return self._best.copy()

    @property
    def best_fitness(self) -> float:
        return self._best_fitness if self._cma is not None else -math.inf

    @property
    def members(self) -> int:
        return self._directions

    @property
    def directions(self) -> int:
        return self._directions

    @property
    def antithetic(self) -> bool:
        return False

    @property
    def parameters(self) -> int:
        return self._theta0.size if self._cma is not None else 0

    @property
    def generation(self) -> int:
        return self._generation if self._cma is not None else 0

    @property
    def seed(self) -> int:
        return self._seed if self._cma is not None else 0

    @property
    def update_norm(self) -> float:
        return self._update_norm if self._cma is not None else 0.0

    @property
    def threads(self) -> int:
        """Kept, but without meaning here: pycma decides."""
        return self._threads

    @threads.setter
    def threads(self, value: int | None) -> None:
        self._threads = _whole("threads", value or 0, 0)

    @property
    def why_not_native(self) -> str:
        return "CMAES runs in the package cma, in Python"

    def state_dict(self) -> dict[str, Any]:
        self._need_start()
        told: NDArray[np.float64] = np.array(self._told).reshape(len(self._told), self.members)
        return {
            "theta0": self._theta0.copy(),
            "seed": np.uint64(self._seed),
            "told": told,
            "mean": self.mean,
            "best": self.best,
            "best_fitness": self._best_fitness,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Replays the updates, milliseconds each.

        Raises:
            ValueError: an entry is missing or has the wrong size, or this version of `cma` replays to another
            mean.
        """
        for name in ("theta0", "seed", "told", "mean", "best", "best_fitness"):
            if name not in state:
                raise ValueError(f"state: '{name}' is missing")
        fresh = CMAES(**self._arguments)
        fresh.start(np.asarray(state["theta0"]), int(state["seed"]) % MAX_SEED)
        told = np.asarray(state["told"], np.float64)
        if told.ndim != 2 or told.shape[1] != fresh.members:
            raise ValueError(f"state: 'told' has shape {told.shape}, wanted (generations, {fresh.members})")
        for fitness in told:
            fresh._advance(fitness)
        if not np.array_equal(fresh._mean, state["mean"]):
            raise ValueError("state: replaying it gives another mean: is this another version of cma?")
        fresh._best = np.asarray(state["best"], np.float32)
        fresh._best_fitness = float(state["best_fitness"])
        fresh._threads = self._threads
        vars(self).update(vars(fresh))
        self._cma.opts.set({"randn": self._randn})
        self._cma.sm.randn = self._randn
