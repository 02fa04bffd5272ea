"""Copies of a user's environment object, one for each lane, that share what nobody changes."""

from __future__ import annotations

import copy
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from ember_ml.envs.attributes import layers

#: The attribute in which an environment names those of its attributes that its copies share.
SHARED = "shared_between_lanes"


class Copier:
    """Copies of an environment object, or, where that cannot be copied, the object itself.

    Copies are `copy.deepcopy`'s, so `__deepcopy__` is respected. Arrays that are read-only are shared, and so
    is what the environment names in `shared_between_lanes`.
    """

    def __init__(self, env: Any, copies: bool) -> None:
        self.env = env
        self.copies = copies

    def __call__(self) -> Any:
        return copy_of(self.env) if self.copies else self.env


def copy_of(env: Any) -> Any:
    """A deep copy of an environment that shares its read-only arrays and `shared_between_lanes`.

    Raises:
        ValueError: `shared_between_lanes` is no tuple of attribute names.
    """
    shared = named_shared(env)
    for found in _read_only_arrays(env):
        shared.append(found)
    return copy.deepcopy(env, {id(value): value for value in shared})


def named_shared(env: Any) -> list[Any]:
    """The objects that an environment names in `shared_between_lanes`."""
    found = []
    for layer in layers(env):
        # vars, because a wrapper may pass on what it lacks and name the attributes of another object.
        own = vars(layer) if hasattr(layer, "__dict__") else {}
        names: Any = own.get(SHARED, getattr(type(layer), SHARED, ()))
        if isinstance(names, str) or not all(isinstance(name, str) for name in names):
            raise ValueError(f"env: {type(layer).__name__}.{SHARED} is {names!r}; wanted a tuple of names")
        for name in names:
            if not hasattr(layer, name):
                raise ValueError(
                    f"env: {type(layer).__name__}.{SHARED} names {name!r}, which the object does not have"
                )
            found.append(getattr(layer, name))
    return found


def _read_only_arrays(env: Any) -> list[np.ndarray]:
    """Arrays that an object holds, however deep, and that cannot be written through any array."""
    found: list[np.ndarray] = []
    seen: set[int] = set()
    waiting = [env]
    while waiting:
        value = waiting.pop()
        if id(value) in seen or isinstance(value, (str, bytes, int, float, type, FunctionType, ModuleType)):
            continue
        seen.add(id(value))
        if isinstance(value, np.ndarray):
            if _frozen(value):
                found.append(value)
        elif isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, (list, tuple, set, frozenset)):
            waiting.extend(value)
        else:
            waiting.extend(getattr(value, "__dict__", {}).values())
    return found


def _frozen(array: np.ndarray) -> bool:
    """Whether neither the array nor what it is a view of can be written."""
    part: Any = array
    while isinstance(part, np.ndarray):
        if part.flags.writeable:
            return False
        part = part.base
    return not array.dtype.hasobject
