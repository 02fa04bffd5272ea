"""Environments and policies on their way to other processes: what can travel does, the rest is said at once.

A built-in environment, and one that gymnasium makes from its id, travel as a name. One written in C travels
as the bytes of its library, one for numba as its functions, which every process compiles. Classes and
functions travel by their names where a module defines them, and by value (cloudpickle) where a script or a
notebook does.
"""

from __future__ import annotations

import importlib
import pickle
from dataclasses import dataclass, replace
from typing import Any

from ember_ml.envs.spec import EnvSpec
from ember_ml.errors import is_installed

#: Where a pickler that takes classes and functions by value is found: by itself, or as part of a package.
PICKLERS = ("cloudpickle", "ray.cloudpickle", "numba.cloudpickle")


def packed_environment(env: EnvSpec) -> Any:
    """`env` as something that `packed` takes, and that `made` turns into the environment again.

    Raises:
        TypeError: nothing does.
    """
    if env.kind == "builtin":
        return env
    if env.address and env.recipe is None:
        raise TypeError(
            f"env: {env.name} is known by its address alone, which means nothing in another process; make it"
            " with envs.load, envs.compile, envs.native or envs.mujoco"
        )
    if env.recipe is not None:
        return Made(env.recipe, env.action_size)
    if env.restorable:
        return Named(env.name, dict(env.kwargs), env.action_size)
    return Fields({name: getattr(env, name) for name in EnvSpec.__dataclass_fields__})


@dataclass(frozen=True)
class Named:
    """An environment that gymnasium makes from its id."""

    name: str
    kwargs: dict[str, Any]
    action_size: int

    def __call__(self) -> EnvSpec:
        from ember_ml.envs import make

        return replace(make(self.name, **self.kwargs), action_size=self.action_size)


@dataclass(frozen=True)
class Made:
    """An environment by its recipe."""

    recipe: Any
    action_size: int

    def __call__(self) -> EnvSpec:
        spec: EnvSpec = replace(self.recipe(), action_size=self.action_size)
        return spec


@dataclass(frozen=True)
class Fields:
    """An environment in Python, field by field: a spec's own pickle leaves out what does not travel, and here
    that is to be said.
    """

    fields: dict[str, Any]

    def __call__(self) -> EnvSpec:
        return EnvSpec(**self.fields)


def made(packed: Any) -> EnvSpec:
    """The environment that `packed_environment` packed."""
    if isinstance(packed, EnvSpec):
        return packed
    env: EnvSpec = packed()
    return env


def packed(parts: dict[str, Any], together: Any) -> bytes:
    """`together` for another process.

    Args:
        parts: of it, by the names of the arguments that they came from, to say which cannot travel.

    Raises:
        TypeError: one can be taken neither by name nor by value; it says which, and why.
    """
    by_value = next((importlib.import_module(name).dumps for name in PICKLERS if is_installed(name)), None)
    data, why = _tried(pickle.dumps, together)
    if by_value is not None and (data is None or b"__main__" in data):
        data = _tried(by_value, together)[0] or data
    if data is not None:
        return data
    which = "training"
    for name, part in parts.items():
        data, reason = _tried(pickle.dumps if by_value is None else by_value, part)
        if data is None:
            which, why = name, reason
            break
    hint = "" if by_value is not None else "; or install cloudpickle, which takes them by value"
    raise TypeError(
        f"{which}: it cannot be sent to other processes ({why}); pass a class or a function that a module"
        f" defines at its top level{hint}"
    )


def _tried(dumps: Any, part: Any) -> tuple[bytes | None, str]:
    try:
        return bytes(dumps(part)), ""
    except Exception as error:  # whatever somebody's __reduce__ raises
        return None, f"{type(error).__name__}: {error}"
