"""`make`: from a name or a user's object to an EnvSpec."""

from __future__ import annotations

import difflib
import importlib
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ember_ml import _core
from ember_ml.envs import messages
from ember_ml.envs.objects import describe, from_maker, from_object, refuse_options
from ember_ml.envs.robots import locomotion
from ember_ml.envs.spec import EnvSpec, resolved
from ember_ml.errors import MissingExtra, is_installed, need, pip_install


def registry() -> dict[str, EnvSpec]:
    """The native environments by name, alphabetical. Any gymnasium id is a name for `make` as well."""
    return {info.name: _builtin(info, {}) for info in sorted(_builtins(), key=lambda i: i.name)}


def _builtins() -> list[Any]:
    return list(_core.builtin_environments())


def make(env: Any, *, reset_options: Mapping[str, Any] | None = None, **kwargs: Any) -> EnvSpec:
    """Resolves an environment.

    Args:
        env: the name of a native environment, a gymnasium id, or one of these objects: a class or a function
            that makes an environment, an environment (gymnasium's, or written like the notebook's: `reset()
            -> state`, `step(action) -> state, reward, done, info`), a gymnasium VectorEnv, what
            `envs.native`, `envs.load` or `envs.compile` gave, or an EnvSpec.
        reset_options: what every reset of a Python environment gets as `options`.
        kwargs: constants of a native environment by name, arguments of `gymnasium.make`, or of the class or
            function.

    Observations in Discrete, MultiDiscrete, MultiBinary, Tuple and Dict spaces are flattened as
    `gymnasium.spaces.flatten` does. Of a class without spaces the attributes `observation_size`,
    `action_size`, `discrete`, `action_low`, `action_high` and `action_shape` are read; of every environment
    in Python its time limit (`max_steps`, or what gymnasium keeps of it), `observation_names` and
    `action_names`.

    Raises:
        ValueError: unknown name (with the names close to it), spaces that a policy cannot serve, an attribute
            that does not fit, or reset options that the environment does not take.
        TypeError: an object that is no environment.
        MissingExtra: a gymnasium id, and gymnasium is not installed.
    """
    if isinstance(env, str):
        return _by_name(env, kwargs, reset_options)
    spec = env if isinstance(env, EnvSpec) else getattr(env, "env_spec", None)
    if isinstance(spec, EnvSpec):
        if reset_options is not None:
            refuse_options(spec)
        if kwargs and spec is not env:
            raise TypeError(
                f"env: {spec.name} is already made, so it takes no arguments ({', '.join(kwargs)})"
            )
        return replace(spec, **kwargs) if kwargs else resolved(spec)
    if isinstance(env, type) or not (hasattr(env, "reset") and hasattr(env, "step")):
        if not callable(env):
            raise TypeError(
                f"env: {type(env).__name__} is no environment; wanted a name, a class, a function that "
                "makes one, or an object with reset() and step(action)"
            )
        if isinstance(env, type) and not (hasattr(env, "reset") and hasattr(env, "step")):
            raise TypeError(f"env: the class {env.__name__} has no reset() and step(action)")
        return from_maker(env, kwargs, reset_options)
    if kwargs:
        raise TypeError(
            f"env: {type(env).__name__} is already made, so it takes no arguments ({', '.join(kwargs)})"
        )
    return from_object(env, reset_options)


def _by_name(name: str, kwargs: dict[str, Any], options: Mapping[str, Any] | None) -> EnvSpec:
    builtin = {info.name: info for info in _builtins()}
    if name in builtin:
        spec = _builtin(builtin[name], kwargs)
        if options is not None:
            refuse_options(spec)
        return spec
    try:
        gymnasium = need("gymnasium", "gym")
    except MissingExtra as missing:
        if name in locomotion.TASKS:
            raise MissingExtra(f"{name}: gymnasium is not installed: {pip_install('mujoco')}") from missing
        close = difflib.get_close_matches(name, builtin, n=3, cutoff=0.6)
        hint = f"; did you mean {' or '.join(close)}?" if close else "."
        raise MissingExtra(
            f"{name!r} is not a native environment{hint} For gymnasium's: {missing}"
        ) from missing
    if name in locomotion.TASKS and is_installed("mujoco"):
        spec = locomotion.make(name, kwargs, GymnasiumMaker(name, kwargs))
        if options is not None:
            refuse_options(spec)
        return spec
    known = set(gymnasium.registry)
    # "module:Name-v0" imports the module, so only gymnasium can say whether the name exists.
    if name not in known and ":" not in name:
        close = difflib.get_close_matches(name, sorted({*builtin, *known}), n=4, cutoff=0.6)
        hint = (
            f"did you mean {' or '.join(close)}?"
            if close
            else f"native ones are {', '.join(sorted(builtin))}"
        )
        raise ValueError(f"env: no environment is named {name!r}; {hint}")
    maker = GymnasiumMaker(name, kwargs)
    try:
        first = maker()
    except Exception as error:
        raise ValueError(f"env: gymnasium cannot make {name!r}: {type(error).__name__}: {error}") from error
    spec = describe(first, name, maker, first, options)
    if options is not None:
        kwargs = {**kwargs, "reset_options": dict(options)}
    return replace(spec, restorable=True, kwargs=kwargs)


def _builtin(info: Any, kwargs: dict[str, Any]) -> EnvSpec:
    parameters: tuple[float, ...] = ()
    if kwargs:
        values = dict(zip(info.parameter_names, info.parameter_defaults))
        for key, value in kwargs.items():
            if key not in values:
                raise ValueError(
                    f"env: {info.name} has no parameter {key!r}; it has {', '.join(values) or 'none'} "
                    f"(for gymnasium's own version pass `lambda: gymnasium.make({info.name!r}, {key}=...)`)"
                )
            if (
                isinstance(value, bool)
                or not isinstance(value, (int, float, np.number))
                or not math.isfinite(value)
            ):
                raise ValueError(f"env: parameter {key} of {info.name} is {value!r}; wanted a finite number")
            values[key] = float(value)
        parameters = tuple(values.values())
    return EnvSpec(
        name=info.name,
        kind="builtin",
        observation_size=info.observations,
        action_size=info.actions,
        discrete=info.discrete,
        max_steps=info.max_steps,
        action_low=None if info.discrete else np.asarray(info.action_low, np.float32),
        action_high=None if info.discrete else np.asarray(info.action_high, np.float32),
        reward_threshold=None if math.isnan(info.reward_threshold) else info.reward_threshold,
        parameters=parameters,
        kwargs=dict(kwargs),
        observation_shape=(info.observations,),
        observation_names=tuple(info.observation_names),
        action_names=tuple(info.action_names),
    )


class GymnasiumMaker:
    """Makes a gymnasium environment by its id, without the checker that slows every first step."""

    def __init__(self, name: str, kwargs: dict[str, Any]) -> None:
        self.name = name
        self.kwargs = kwargs
        self._in_worker = False

    def __call__(self) -> Any:
        gymnasium = need("gymnasium", "gym")
        known = gymnasium.registry.get(self.name)
        if known is not None and "mujoco" in str(known.entry_point) and is_installed("mujoco"):
            importlib.import_module("mujoco")  # before it has a first message
        with messages.once(self.name, self._in_worker):
            return gymnasium.make(self.name, **{"disable_env_checker": True, **self.kwargs})

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_in_worker": True}
