"""Optimisers inside a strategy: those of `ember_ml.training` run natively, a user's own subclass through
Python.

A strategy takes an `Optimizer`, or a mapping that describes a built-in one:
``{"name": "Adam", "learning_rate": 0.1}``, as its `config()` does.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

import numpy as np

from ember_ml.rollout import Float32

#: Prefix of the optimiser's entries in a strategy's state.
PREFIX = "optimizer."

#: The native optimisers (cpp/update/optimizer.h) with the defaults of `ember_ml.training`; None: twice the
#: learning rate.
NATIVE: dict[str, dict[str, Any]] = {
    "SGD": {"learning_rate": 0.01, "momentum": 0.0, "nesterov": False, "weight_decay": 0.0},
    "Adam": {"learning_rate": 0.001, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0},
    "AdamW": {"learning_rate": 0.001, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.01},
    "ClipUp": {"learning_rate": 0.15, "momentum": 0.9, "max_speed": None},
}


class Described(dict[str, Any]):
    """A built-in optimiser by its name and settings, which are read and set as keys or as attributes."""

    def __getattr__(self, name: str) -> Any:
        name = "learning_rate" if name == "lr" else name
        if name not in self:
            raise AttributeError(f"optimizer: {self.get('name')} has no setting {name!r}")
        return self[name]

    def __setattr__(self, name: str, value: Any) -> None:
        self["learning_rate" if name == "lr" else name] = value

    def __setitem__(self, name: str, value: Any) -> None:
        if name not in NATIVE[self["name"]]:
            known = ", ".join(NATIVE[self["name"]])
            raise AttributeError(f"optimizer: {self['name']} has no setting {name!r} to change, only {known}")
        super().__setitem__(name, value)

    def __reduce__(self) -> Any:
        return Described, (dict(self),)


def check(optimizer: Any) -> Any:
    """The optimiser, if it fits a strategy; a mapping comes back with the defaults filled in.

    Raises:
        ValueError: unknown type or option, or it was built with ``maximize=True``.
        TypeError: neither an optimiser nor a mapping.
    """
    if isinstance(optimizer, Mapping):
        kind = optimizer.get("name")
        if not isinstance(kind, str) or kind not in NATIVE:
            return check(_in_python(optimizer))
        given = {name: value for name, value in optimizer.items() if name not in ("name", "maximize")}
        for name in given:
            if name not in NATIVE[kind]:
                raise ValueError(f"optimizer: {kind} has no option {name!r}, only {', '.join(NATIVE[kind])}")
        maximize = optimizer.get("maximize", False)
        optimizer = Described({"name": kind, **NATIVE[kind], **given})
    elif hasattr(optimizer, "apply_gradients"):
        maximize = getattr(optimizer, "maximize", False)
    else:
        raise TypeError(f"optimizer: got {type(optimizer).__name__}, wanted one of ember_ml.training")
    if maximize:
        raise ValueError(
            "optimizer: got maximize=True, wanted one that descends: a strategy maximises fitness with either"
        )
    return optimizer


def _in_python(described: Mapping[str, Any]) -> Any:
    """The optimiser of `ember_ml.training` that is described and has no native form."""
    from ember_ml import training

    options = dict(described)
    kind = options.pop("name", None)
    known = [name for name in training.__all__ if hasattr(getattr(training, name), "defaults")]
    if kind not in known or kind == "Optimizer":
        raise ValueError(f"optimizer: got {kind!r}, wanted one of {', '.join(NATIVE)}")
    return getattr(training, kind)(**options)


def is_native(optimizer: Any) -> bool:
    """Whether it is exactly a built-in one: a subclass may do anything."""
    kind = type(optimizer)
    return isinstance(optimizer, Mapping) or (
        kind.__name__ in NATIVE and kind.__module__.startswith("ember_ml.training")
    )


def config(optimizer: Any) -> dict[str, Any]:
    """Its name and settings, fit for JSON where they are a built-in one's."""
    settings = optimizer if isinstance(optimizer, Mapping) else optimizer.config()
    return {
        name: value.item() if isinstance(value, np.generic) else value
        for name, value in settings.items()
        if name != "maximize"
    }


def reader(optimizer: Any) -> Callable[[], tuple[Any, ...]]:
    """A function that looks at the settings of a built-in optimiser, which its user may change: quick enough
    to be called for every native run.
    """
    if isinstance(optimizer, Mapping):
        return lambda: tuple(optimizer.values())
    read = attrgetter(*optimizer.defaults, "maximize")
    return lambda: tuple(read(optimizer))


def native(optimizer: Any) -> tuple[str, dict[str, Any]]:
    """Name and options of a built-in optimiser, as `_core.Strategy` takes them."""
    options = {name: value for name, value in config(optimizer).items() if name not in ("name", "maximize")}
    kind = config(optimizer)["name"]
    if "betas" in options:
        options["beta1"], options["beta2"] = options.pop("betas")
    if kind == "ClipUp" and options["max_speed"] is None:
        options["max_speed"] = 2.0 * options["learning_rate"]
    return kind.lower(), options


class PythonStep:
    """A user's optimiser as the native strategies call it: (gradient, factor, theta) -> new theta.

    Its state belongs to one Parameter, and a new one begins with `reset`.
    """

    def __init__(self, optimizer: Any) -> None:
        self.optimizer = optimizer
        self.reset()

    def reset(self) -> None:
        from ember_ml.nn.modules import Parameter

        self.parameter = Parameter(np.zeros(0, np.float32))

    def __call__(self, gradient: Float32, factor: float, theta: Float32) -> Float32:
        from ember_ml.nn import tensor

        optimizer = self.optimizer
        rate = getattr(optimizer, "learning_rate", None)
        self.parameter.data = tensor.convert_to_tensor(theta)
        try:
            if factor != 1.0 and rate is not None:
                optimizer.learning_rate = rate * factor
            optimizer.apply_gradients([(tensor.convert_to_tensor(gradient), self.parameter)])
        finally:
            if factor != 1.0 and rate is not None:
                if optimizer.learning_rate == rate * factor:
                    optimizer.learning_rate = rate
                elif factor != 0.0:  # it has set another rate itself: the base of the schedule from now on
                    optimizer.learning_rate /= factor
        return np.asarray(tensor.to_numpy(self.parameter.data), np.float32)

    def held(self) -> Any:
        """What the optimiser keeps of the parameter now, a copy: for `restore`."""
        states = getattr(self.optimizer, "_state", {})
        return copy.deepcopy(states.get(self.parameter))

    def restore(self, held: Any) -> None:
        """As it was when `held` was taken."""
        states = getattr(self.optimizer, "_state", {})
        if held is None:
            states.pop(self.parameter, None)
        else:
            states[self.parameter] = held

    def state(self) -> dict[str, Any]:
        """Flat: arrays and numbers by name."""
        from ember_ml.nn import tensor

        held = self.optimizer._state.get(self.parameter, {})
        return {
            f"{PREFIX}{name}": value if isinstance(value, (int, float)) else tensor.to_numpy(value)
            for name, value in held.items()
        }

    def load(self, state: Mapping[str, Any]) -> None:
        from ember_ml.nn import tensor

        held = {}
        for name, value in state.items():
            if name.startswith(PREFIX):
                array = np.asarray(value)
                held[name[len(PREFIX) :]] = tensor.convert_to_tensor(array) if array.ndim else array.item()
        self.reset()
        if held:
            self.optimizer._state[self.parameter] = held
