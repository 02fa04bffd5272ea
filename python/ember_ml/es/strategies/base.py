"""What every strategy does: start, ask, tell. The arithmetic is the native core's (cpp/update/strategy.h)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from ember_ml import _core, validate
from ember_ml.es.strategies import optimizers
from ember_ml.es.strategies.arguments import as_array, as_fitness, plain, whole
from ember_ml.es.strategies.bounds import Bounds
from ember_ml.es.strategies.changes import Changes, change
from ember_ml.es.strategies.known import Known
from ember_ml.es.strategies.perturbed import Perturbed
from ember_ml.es.strategies.settings import Settings
from ember_ml.perturbation import Perturbation, ThetaShape
from ember_ml.rollout import Float32, Float64, Population

MAX_SEED = 2**64

#: Deviations by which float32 members differ and stay finite: normals reach 4.86.
_LEAST, _MOST = 2.0**-126, 2.0**125


class Strategy(Known, Perturbed, Settings):
    """A search distribution: a mean, a scale, and how a generation's fitness moves them.

    Fitness is maximised. Noise is a pure function of (seed, generation, direction), `ember_ml.es.noise`, so
    members are never stored. Rows of `ask()`, product and sum each rounded to float32::

        2k, 2k + 1 = mean + scale * eps_k, mean - scale * eps_k      (antithetic)
        k          = mean + scale * eps_k                            (else)

    `es.LowRank` says what eps_k is by low rank.
    """

    #: Name of the native strategy; a subclass in Python alone leaves it empty.
    native_name: ClassVar[str] = ""
    _kinds: ClassVar[dict[str, type[Strategy]]] = {}  # by name, as `strategies/__init__.py` lists them
    #: Whether the algorithm's paper normalises observations; None leaves the choice to the trainer.
    normalize_observations: bool | None = None
    #: Set by the trainer that started it last, so that two trainers cannot share one unnoticed.
    trainer: Any = None

    def __init__(
        self,
        arguments: Mapping[str, Any],
        optimizer: Any = None,
        bounds: Any = None,
        perturbation: Any = None,
    ) -> None:
        """
        Args:
            arguments: the constructor's, by name, without optimiser and bounds: what `config()` gives and
                what the native strategy is made from.
            optimizer: for strategies that use one.
            bounds: (low, high) of the parameters, each a number, None or one number a parameter.
            perturbation: `es.LowRank`, or None.
        """
        self._perturbation = self._fitting(perturbation)
        self._bound: Perturbation | None = None  # to the theta that it was started with
        # JSON cannot write numpy's numbers, so they become Python's
        self._arguments = {name: plain(value) for name, value in arguments.items()}
        sigma = self._arguments.get("sigma")
        if isinstance(sigma, int | float) and 0 < sigma < math.inf and not _LEAST <= sigma <= _MOST:
            raise ValueError(f"sigma: got {sigma}, wanted {_LEAST:.2g} to {_MOST:.2g}: members are float32")
        for name in ("directions", "members"):
            if self._arguments.get(name) is not None:
                self._arguments[name] = validate.positive_int(
                    name, self._arguments[name], validate.MOST_DIRECTIONS
                )
        self._bounds = Bounds.of(bounds)
        self._optimizer = None if optimizer is None else optimizers.check(optimizer)
        self._step: optimizers.PythonStep | None = None
        if self._optimizer is not None and not optimizers.is_native(self._optimizer):
            self._step = optimizers.PythonStep(self._optimizer)
        self._changed = False
        self._asked_in = -1
        #: Whose turn it is to change the strategy.
        self.changes = Changes()
        self._native = self._make()

    def _options(self) -> dict[str, Any]:
        """Options of the native strategy; None means that the core chooses."""
        return {name: 0 if value is None else value for name, value in self._arguments.items()}

    def _make(self) -> Any:
        if self._optimizer is None:
            return _core.Strategy(self.native_name, self._options())
        if self._step is not None:
            return _core.Strategy(self.native_name, self._options(), self._step)
        self._read = optimizers.reader(self._optimizer)
        self._applied = self._read()
        name, options = optimizers.native(self._optimizer)
        return _core.Strategy(self.native_name, self._options(), name, options)

    # ----------------------------------------------------------------------------------------- ask and tell

    @change
    def start(self, theta0: ArrayLike, seed: int = 0, shapes: Any = None) -> None:
        """Begins at `theta0` (parameters,), any real array, with generation 0 of the noise of `seed`.

        Args:
            shapes: of the arrays that theta0 is made of, in order, ``[(4, 64), (64,), (64, 2), (2,)]``: what
                `es.LowRank` needs to know, and nothing else does. A matrix is (inputs, outputs). Or a
                `ThetaShape`.

        Raises:
            ValueError: theta0 is not one-dimensional, is empty, is not finite or lies outside the bounds;
                seed is not in [0, 2**64); shapes do not add up to theta0, or are missing.
        """
        seed = whole("seed", seed, 0)
        if seed >= MAX_SEED:
            raise ValueError(f"seed: got {seed}, wanted less than 2**64")
        theta = as_array("theta0", theta0)
        if theta.ndim != 1:
            raise ValueError(f"theta0: got shape {theta.shape}, wanted one dimension, (parameters,)")
        if theta.dtype.kind not in "fiu":
            raise TypeError(f"theta0: got dtype {theta.dtype}, wanted real numbers")
        with np.errstate(over="ignore"):  # too large for float32 is then not finite, which the core refuses
            theta = theta.astype(np.float32) if self._bounds is None else self._bounds.begin(theta)
        bound = self._bind(theta.size, shapes)
        self._start(theta, seed, bound)
        self._bound = bound

    def _start(self, theta0: Float32, seed: int, bound: Perturbation | None = None) -> None:
        self._asked_in = -1
        self._native.start(theta0, seed, None if bound is None else bound.native)
        if self._step is not None:
            self._step.reset()

    @change
    def plan(self, generations: int | None) -> None:
        """Tells the schedules how many generations they span, from generation 0. None or 0: no decay."""
        self._native.plan(whole("generations", generations or 0, 0))

    @change
    def ask(self) -> Float32:
        """The members of this generation, float32 (members, parameters); the same until `tell`."""
        members = self._inside(self._native.ask())
        self._asked_in = self._native.generation
        return members

    @change
    def tell(self, fitness: ArrayLike) -> None:
        """Moves the distribution.

        Args:
            fitness: (members,) in the order of `ask()`, larger is better; -inf marks a failed member, which
                ranks last. If all are equal nothing moves.

        Raises:
            ValueError: wrong shape, NaN, +inf, or too large to be used unshaped; the strategy is as it was.
            OverflowError: the mean would not be finite any more; it stays as it was.
            RuntimeError: `start` has not been called, or the strategy is in the middle of another change.
        """
        self._apply_settings()
        self._tell(as_fitness(fitness), True)

    @change
    def skip(self, fitness: ArrayLike) -> None:
        """Counts a generation and its best member as `tell` does, without moving the distribution."""
        self._tell(as_fitness(fitness), False)

    def _tell(self, fitness: Float64, update: bool) -> None:
        before = None if self._step is None else self._step.held()
        try:
            self._native.tell(fitness, update)
        except BaseException:
            if self._step is not None:  # the user's optimiser may have gone half of its way
                self._step.restore(before)
            raise

    @change
    def population(self) -> Population:
        """The members of this generation as numbers, for an engine: nothing is written out, unless there are
        bounds."""
        native = self._native
        if not native.started:
            raise RuntimeError("the strategy has not been started: call start(theta0, seed) first")
        scale = native.scale
        if self._bounds is not None:
            return Population(
                mean=self.mean,
                scale=native.sigma,
                seed=native.seed,
                generation=native.generation,
                directions=native.members,
                antithetic=False,
                rows=self._inside(native.ask()),
            )
        return Population(
            mean=native.mean,
            scale=scale if native.scale_per_parameter else float(scale[0]),
            seed=native.seed,
            generation=native.generation,
            directions=native.directions,
            antithetic=native.antithetic,
            perturbation=self._bound,
        )

    @property
    def native(self) -> Any:
        """The `_core.Strategy` that the native run loop can drive, or None: see `why_not_native`."""
        self._apply_settings()
        return None if self.why_not_native else self._native

    @property
    def why_not_native(self) -> str:
        """Why only Python can drive this strategy; empty when the native run loop can."""
        if self._step is not None:
            return f"the optimizer {type(self._optimizer).__name__} is not one of ember_ml.training's own"
        if self._bounds is not None:
            return "members are folded into the bounds, which Python does"
        return ""

    # ------------------------------------------------------------------------------------------ checkpoints

    def config(self) -> dict[str, Any]:
        """The constructor's arguments, fit for JSON; `from_config` makes an equal strategy, not started."""
        config = {"type": type(self).__name__, **self._arguments}
        if self._optimizer is not None:
            config["optimizer"] = optimizers.config(self._optimizer)
        if self._bounds is not None:
            config["bounds"] = self._bounds.config()
        if self._perturbation is not None:
            config["perturbation"] = self._perturbation.config()
        return config

    @classmethod
    def _current(cls, arguments: dict[str, Any]) -> dict[str, Any]:
        """Arguments of an older `config()` as the constructor takes them now."""
        return arguments

    @staticmethod
    def from_config(config: Mapping[str, Any], optimizer: Any = None) -> Strategy:
        """Makes the strategy that `config()` describes.

        Args:
            optimizer: an instance of the user's optimiser class, where one was used.

        Raises:
            ValueError: unknown type or argument, or a user's optimiser is needed.
        """
        arguments = dict(config)
        name = arguments.pop("type", None)
        kind = Strategy._kinds.get(str(name))
        if kind is None:
            raise ValueError(f"strategy: {name!r} is not known to this version")
        if "optimizer" in arguments:
            described = arguments.pop("optimizer")
            arguments["optimizer"] = described if optimizer is None else optimizer
        try:
            return kind(**kind._current(arguments))
        except TypeError as error:
            raise ValueError(f"strategy: {name} does not take these arguments: {error}") from error

    def state_dict(self) -> dict[str, Any]:
        """Everything that `load_state_dict` needs to go on bit for bit: numpy arrays and numbers by name."""
        state = {**self._native.get_state(), **(self._step.state() if self._step is not None else {})}
        if self._bound is not None:
            state["matrices"] = self._bound.shape.to_array()
        return state

    @change
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on where `state_dict` was taken, from a strategy made with the same arguments, started or not.

        Raises:
            ValueError: an entry is missing or has the wrong size; the strategy is as it was.
        """
        if "mean" not in state or "seed" not in state:
            raise ValueError("state: 'mean' or 'seed' is missing")
        mean = np.asarray(state["mean"], np.float32)
        bound = None
        if self._perturbation is not None:
            if "matrices" not in state:
                raise ValueError("state: 'matrices' is missing")
            bound = self._bind(mean.size, ThetaShape.from_array(mean.size, state["matrices"]))
        fresh = self._make()
        fresh.threads = self._native.threads
        fresh.start(mean, int(state["seed"]) % MAX_SEED, None if bound is None else bound.native)
        fresh.set_state({name: plain(value) for name, value in state.items()})
        if self._step is not None:
            self._step.load(state)
        self._native, self._bound = fresh, bound

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError(
            f"{type(self).__name__}: a strategy cannot be copied or pickled; Strategy.from_config(s.config())"
            " makes an equal one, which load_state_dict(s.state_dict()) brings to where s stands"
        )

    def __repr__(self) -> str:
        shown = dict(self._arguments)
        if self._optimizer is not None:
            shown["optimizer"] = self._optimizer
        if self._bounds is not None:
            shown["bounds"] = self._bounds.config()
        if self._perturbation is not None:
            shown["perturbation"] = self._perturbation
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in shown.items())})"
