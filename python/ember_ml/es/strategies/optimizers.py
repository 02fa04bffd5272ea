"""Optimisers inside a strategy: those of `ember_ml.training` run natively, a user's own subclass through
Python.

A strategy takes an `Optimizer`, or a mapping that describes a built-in one:
``{"type": "Adam", "learning_rate": 0.1}``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ember_ml.engines.base import Float32

#: The native optimisers (cpp/es/optimizer.h) with the defaults of `ember_ml.training`; None: see `_options`.
NATIVE: dict[str, dict[str, Any]] = {
    "SGD": {"learning_rate": 0.01, "momentum": 0.0, "nesterov": False, "weight_decay": 0.0},
    "Adam": {"learning_rate": 0.001, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0},
    "AdamW": {"learning_rate": 0.001, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.01},
    "ClipUp": {"learning_rate": 0.075, "max_speed": None, "momentum": 0.9},
}


def check(optimizer: Any) -> Any:
    """The optimiser, if it fits a strategy; a mapping comes back with the defaults filled in.

    Raises:
        ValueError: unknown type or option, or it was built with ``maximize=True``.
        TypeError: neither an optimiser nor a mapping.
    """
    if isinstance(optimizer, Mapping):
        kind = optimizer.get("type")
        if kind not in NATIVE:
            raise ValueError(f"optimizer: got type {kind!r}, wanted one of {', '.join(NATIVE)}")
        given = {name: value for name, value in optimizer.items() if name not in ("type", "maximize")}
        for name in given:
            if name not in NATIVE[kind]:
                raise ValueError(f"optimizer: {kind} has no option {name!r}, only {', '.join(NATIVE[kind])}")
        maximize = optimizer.get("maximize", False)
        optimizer = {"type": kind, **NATIVE[kind], **given}
    elif hasattr(optimizer, "apply_gradients"):
        maximize = getattr(optimizer, "maximize", False)
    else:
        raise TypeError(f"optimizer: got {type(optimizer).__name__}, wanted one of ember_ml.training")
    if maximize:
        raise ValueError(
            "optimizer: got maximize=True, wanted one that descends: a strategy maximises fitness with either"
        )
    return optimizer


def is_native(optimizer: Any) -> bool:
    """Whether it is exactly a built-in one: a subclass may do anything."""
    kind = type(optimizer)
    return isinstance(optimizer, Mapping) or (
        kind.__name__ in NATIVE and kind.__module__.startswith("ember_ml.training")
    )


def config(optimizer: Any) -> dict[str, Any]:
    """Its settings with its class's name as "type", fit for JSON where they are a built-in one's."""
    if isinstance(optimizer, Mapping):
        return {**optimizer}
    settings = dict(optimizer.config()) if hasattr(optimizer, "config") else {}
    return {**settings, "type": type(optimizer).__name__}


def native(optimizer: Any) -> tuple[Any, dict[str, Any]]:
    """What `_core.Strategy` takes: name and options of a native optimiser, or a function and nothing."""
    if not is_native(optimizer):
        return _stepper(optimizer), {}
    options = {name: value for name, value in config(optimizer).items() if name not in ("type", "maximize")}
    kind = config(optimizer)["type"]
    if "betas" in options:
        options["beta1"], options["beta2"] = options.pop("betas")
    if kind == "ClipUp" and options["max_speed"] is None:
        options["max_speed"] = 2.0 * options["learning_rate"]
    return kind.lower(), options


def _stepper(optimizer: Any) -> Callable[[Float32, float, Float32], Float32]:
    """step(gradient, factor, theta) -> new theta, by the optimiser's own `apply_gradients`."""
    from ember_ml.nn import Parameter, tensor

    parameter = Parameter(np.zeros(0, np.float32))  # one object: the optimiser's state is keyed by it

    def step(gradient: Float32, factor: float, theta: Float32) -> Float32:
        rate = getattr(optimizer, "learning_rate", None)
        parameter.data = tensor.convert_to_tensor(theta)
        try:
            if factor != 1.0 and rate is not None:
                optimizer.learning_rate = rate * factor
            optimizer.apply_gradients([(tensor.convert_to_tensor(gradient), parameter)])
        finally:
            if factor != 1.0 and rate is not None:
                optimizer.learning_rate = rate
        return np.asarray(tensor.to_numpy(parameter.data), np.float32)

    return step
