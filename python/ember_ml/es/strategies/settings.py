"""What of a strategy may be changed between generations, and how it reaches the core."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from ember_ml import _core, validate
from ember_ml.es.strategies import optimizers
from ember_ml.es.strategies.arguments import as_array
from ember_ml.es.strategies.changes import Changes
from ember_ml.rollout import Float32


class Settings:
    """The arguments of a strategy's constructor as attributes: read, and set where that has a meaning.

    A new value holds from the next generation on, is in `config()` and in saved files, and schedules go on
    from it. What cannot change says so.
    """

    #: Arguments of the constructor, numbers, that may be set between generations.
    settable: ClassVar[tuple[str, ...]] = ()

    _arguments: dict[str, Any]
    _optimizer: Any
    _step: Any
    _native: _core.Strategy
    _read: Any
    _applied: Any
    _changed: bool
    changes: Changes
    _asked_in: int

    def __getattr__(self, name: str) -> Any:
        arguments = self.__dict__.get("_arguments", {})
        if name not in arguments:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return arguments[name]

    def __setattr__(self, name: str, value: Any) -> None:
        arguments = self.__dict__.get("_arguments")
        fixed = arguments is not None and (
            name in arguments or name in ("optimizer", "bounds", "perturbation")
        )
        if not fixed:
            super().__setattr__(name, value)
            return
        if name == "sigma":
            with self.changes.one(name):
                super().__setattr__(name, value)
            return
        if name not in self.settable:
            own = "" if self._optimizer is None else ", and the optimizer's settings"
            may = ", ".join([*self.settable, "sigma"])
            raise AttributeError(
                f"{name}: {type(self).__name__} cannot change it once it is made, only {may}{own}"
            )
        number = validate.real(name, value)
        with self.changes.one(name):
            self._native.set(name, number)
            self._arguments[name] = number
            self._changed = True

    def _apply_settings(self) -> None:
        """Hands the core what was changed of a built-in optimiser's settings since the last time.

        Raises:
            ValueError, TypeError: a setting that does not fit; the core keeps what it has.
        """
        if self._optimizer is None or self._step is not None:
            return
        settings = self._read()
        if settings != self._applied:
            optimizers.check(self._optimizer)
            self._native.set_optimizer(optimizers.native(self._optimizer)[1])
            self._applied, self._changed = settings, True

    @property
    def changed(self) -> bool:
        """Whether something that `config()` gives was changed after the constructor."""
        return self._changed

    @property
    def sigma(self) -> float | Float32:
        """Deviation of the search distribution: a number, or float32 (parameters,) where each has its own;
        before members are folded into bounds.

        May be set between generations, to one positive number or one for each parameter that has its own:
        that is the next generation's, and a schedule goes on from it in proportion. Strategies that adapt it
        together with more (the CMA family, CRFMNES) refuse.
        """
        native = self._native
        return native.scale if native.scale_per_parameter else native.sigma

    @sigma.setter
    def sigma(self, value: ArrayLike) -> None:
        native = self._native
        given = as_array("sigma", value)
        if given.dtype.kind not in "fiu" or given.ndim > 1:
            raise TypeError(f"sigma: got {value!r}, wanted a positive number, or one a parameter")
        if native.started and self._asked_in == native.generation:
            raise RuntimeError(
                "sigma: the members of this generation are asked for already; set it after tell"
            )
        native.set_sigma(given.astype(np.float64))
        self._changed = True
        if not native.scale_per_parameter:
            self._arguments["sigma"] = native.first_sigma

    @property
    def optimizer(self) -> Any:
        """The optimiser it was given, or None. Of a built-in one only the settings count; they may be set
        between generations (``strategy.optimizer.learning_rate = 0.01``) and hold from the next update on.
        The learning rate is what the schedule's factor multiplies.
        """
        return self._optimizer
