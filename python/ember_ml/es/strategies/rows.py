"""Strategies in Python whose members are explicit rows, because they are not mean +- scale * noise."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ember_ml import validate
from ember_ml.es.strategies.arguments import whole
from ember_ml.es.strategies.base import MAX_SEED, Strategy
from ember_ml.es.strategies.changes import change
from ember_ml.perturbation import Perturbation
from ember_ml.rollout import Float32, Float64, Population

SIGMA_IS_ADAPTED = "sigma: this strategy adapts it together with more, so it cannot be set"


class RowStrategy(Strategy):
    """Ask and tell around three functions of a subclass: `_begin`, `_sample` and `_move`.

    The mean, the best member and the counters are here; `_move` sets `self._mean`.
    """

    least_parameters = 1
    only_full = "draws members that are not mean and noise"

    #: The constructor's argument that decides how many members there are.
    _size = "directions"

    def __init__(
        self,
        directions: int | None,
        sigma: float,
        least_directions: int = 1,
        bounds: Any = None,
        perturbation: Any = None,
    ) -> None:
        """
        Args:
            directions: `_directions` once started; None takes `_default_directions`.
            sigma: first step size.
            bounds: (low, high) of the parameters: what `_sample` gives is folded into them.
        """
        if (
            directions is not None
            and validate.positive_int(self._size, directions, validate.MOST_DIRECTIONS) < least_directions
        ):
            raise ValueError(f"{self._size}: got {directions}, wanted at least {least_directions}")
        super().__init__(
            {self._size: directions, "sigma": validate.positive("sigma", sigma)},
            bounds=bounds,
            perturbation=perturbation,
        )

    def _begin(self, theta0: Float32) -> None:
        """Starts at `theta0`; `_seed` and `_directions` are set."""
        raise NotImplementedError

    def _sample(self) -> Float64:
        """The members of generation `_generation`, (members, parameters)."""
        raise NotImplementedError

    def _move(self, rows: Float64, fitness: Float64) -> None:
        """One update; not all of `fitness` is equal, and -inf stands for failed members."""
        raise NotImplementedError

    def _default_directions(self, parameters: int) -> int:
        return 4 + int(3 * math.log(parameters))

    # ------------------------------------------------------------------------------------------- ask and tell

    def _make(self) -> Any:
        self._directions = self._arguments[self._size] or 0
        self._started = False
        self._generation, self._seed, self._threads = 0, 0, 0
        self._mean = np.zeros(0, np.float32)
        self._best, self._best_fitness, self._update_norm = self._mean, -math.inf, 0.0
        self._rows: Float64 | None = None
        return None

    def _start(self, theta0: Float32, seed: int, bound: Perturbation | None = None) -> None:
        if theta0.size < self.least_parameters:
            count = theta0.size or "no"
            raise ValueError(f"theta0: got {count} values, wanted at least {self.least_parameters}")
        if not np.isfinite(theta0).all():
            raise ValueError(f"theta0: value {int(np.argmin(np.isfinite(theta0)))} is not finite")
        self._directions = self._arguments[self._size] or self._default_directions(theta0.size)
        self._seed, self._generation, self._rows = seed, 0, None
        self._mean, self._best = theta0, theta0
        self._best_fitness, self._update_norm = -math.inf, 0.0
        self._begin(theta0)
        self._started = True

    def _need_start(self) -> None:
        if not self._started:
            raise RuntimeError("the strategy has not been started: call start(theta0, seed) first")

    def _asked(self) -> Float64:
        self._need_start()
        if self._rows is None:
            self._rows = self._sample()
        return self._rows

    @change
    def plan(self, generations: int | None) -> None:
        whole("generations", generations or 0, 0)

    @change
    def ask(self) -> Float32:
        return self._members()

    def _members(self) -> Float32:
        rows = self._asked()
        with np.errstate(over="ignore"):  # of a search that is leaving for infinity: `tell` will say so
            return rows.astype(np.float32) if self._bounds is None else self._bounds.fold(rows)

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
        row = self._members()[top]
        self._advance(fitness, update)
        if fitness[top] > self._best_fitness:
            self._best, self._best_fitness = row, float(fitness[top])

    def _advance(self, fitness: Float64, update: bool) -> None:
        before = self._mean
        if update and (fitness != fitness[0]).any():
            self._move_or_refuse(self._asked(), fitness)
        self._update_norm = float(np.linalg.norm(self._mean.astype(np.float64) - before))
        self._generation += 1
        self._rows = None

    def _move_or_refuse(self, rows: Float64, fitness: Float64) -> None:
        """`_move`, and the state as it was where that has no finite mean: an update makes new arrays."""
        before = dict(vars(self))
        try:
            with np.errstate(over="ignore"):
                self._move(rows, fitness)
            if not np.isfinite(self._mean).all():
                raise OverflowError
        except OverflowError:
            vars(self).clear()
            vars(self).update(before)
            raise OverflowError(
                f"the update of generation {self._generation} is not finite: the deviation has grown too"
                " large"
            ) from None

    @change
    def population(self) -> Population:
        rows = self._members()
        return Population(
            mean=self.mean,
            scale=self.sigma,
            seed=self._seed,
            generation=self._generation,
            directions=self.members,
            antithetic=False,
            rows=rows,
        )

    # ------------------------------------------------------------------------------------------ what it knows

    @property
    def mean(self) -> Float32:
        self._need_start()
        return self._inside(self._mean.copy())

    @property
    def mean_sigma(self) -> float:
        return float(np.mean(self.sigma)) if self._started else float(self._arguments["sigma"])

    @property
    def best(self) -> Float32:
        self._need_start()
        return self._best.copy()

    @property
    def best_fitness(self) -> float:
        return self._best_fitness

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
        return self._mean.size

    @property
    def generation(self) -> int:
        return self._generation

    @property
    def seed(self) -> int:
        return self._seed

    @property
    def update_norm(self) -> float:
        return self._update_norm

    @property
    def threads(self) -> int:
        """Kept, but without meaning here."""
        return self._threads

    @threads.setter
    def threads(self, value: int | None) -> None:
        self._threads = validate.thread_count("threads", value)

    @property
    def why_not_native(self) -> str:
        return f"{type(self).__name__} runs in Python"

    # -------------------------------------------------------------------------------------------- checkpoints

    def _state(self) -> dict[str, Any]:
        """What a subclass needs besides the common fields."""
        raise NotImplementedError

    def _restore(self, state: Mapping[str, Any]) -> None:
        """Sets it, after `start` from the mean, with the common fields set."""
        raise NotImplementedError

    def _restore_arrays(self, state: Mapping[str, Any], names: Iterable[str]) -> None:
        """Takes arrays of the attributes' own shapes, float64, from `state`.

        Raises:
            ValueError: one has another shape.
        """
        for name in names:
            values, wanted = np.asarray(state[name], np.float64), getattr(self, f"_{name}").shape
            if values.shape != wanted:
                raise ValueError(f"state: '{name}' has shape {values.shape}, wanted {wanted}")
            setattr(self, f"_{name}", values)

    def state_dict(self) -> dict[str, Any]:
        self._need_start()
        return {
            "mean": self._mean.copy(),
            "best": self.best,
            "best_fitness": self._best_fitness,
            "update_norm": self._update_norm,
            "generation": self._generation,
            "seed": np.uint64(self._seed),
            **self._state(),
        }

    @change
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        for name in ("mean", "best", "best_fitness", "update_norm", "generation", "seed"):
            if name not in state:
                raise ValueError(f"state: '{name}' is missing")
        mean, best = np.asarray(state["mean"], np.float32), np.asarray(state["best"], np.float32)
        if best.shape != mean.shape:
            raise ValueError(f"state: 'best' has {best.size} values, wanted {mean.size}")
        fresh = type(self)(**self._arguments)
        fresh._start(mean, int(state["seed"]) % MAX_SEED)
        fresh._bounds = self._bounds
        try:
            fresh._restore(state)
        except KeyError as error:
            raise ValueError(f"state: {error} is missing") from None
        fresh._mean, fresh._best, fresh._best_fitness = mean, best, float(state["best_fitness"])
        fresh._update_norm, fresh._generation = float(state["update_norm"]), int(state["generation"])
        fresh._threads, fresh._rows = self._threads, None
        fresh.changes, fresh.trainer = self.changes, self.trainer
        vars(self).update(vars(fresh))
