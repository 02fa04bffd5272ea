"""What an environment in Python says of itself: its time limit, its actions, the names of its numbers."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator
from typing import Any

import numpy as np

from ember_ml.envs.arrays import to_numpy

#: Attributes that hold an episode's time limit: our own, gymnasium's, its TimeLimit wrapper's.
LIMITS = ("max_steps", "max_episode_steps", "_max_episode_steps")


def layers(env: Any) -> Iterator[Any]:
    """An environment, then those that gymnasium's wrappers hold, from the outside in."""
    while env is not None:
        yield env
        env = getattr(env, "env", None) if _is(env, "Wrapper", "VectorWrapper") else None


def named(env: Any, key: str) -> Any:
    """The attribute of the outermost layer that has it, or None."""
    return next((value for layer in layers(env) if (value := getattr(layer, key, None)) is not None), None)


def step_limit(name: str, env: Any) -> int | None:
    """Steps after which an episode ends, None where the environment does not say.

    `max_steps` or `max_episode_steps` of the object itself decide; else the smallest of what its `spec`, its
    wrappers (TimeLimit) and the environment inside say; for a vector environment without such, what its first
    environment says.

    Raises:
        ValueError: an attribute that is no positive whole number.
    """
    for key in LIMITS[:2]:
        own = _limit(name, env, key)
        if own is not None:
            return own
    found = [_limit(name, layer, key) for layer in layers(env) for key in LIMITS]
    found.append(_limit(name, getattr(env, "spec", None), "max_episode_steps"))
    limits = [limit for limit in found if limit is not None]
    return min(limits) if limits else _limit_inside(name, env)


def time_limit(name: str, env: Any, vector: bool) -> int | None:
    """Steps after which the environment itself ends an episode (gymnasium's TimeLimit); None: it does not.

    Those inside a vector environment that cannot be looked into are taken for what its `spec` says.
    """
    wrappers = [layer for layer in layers(env) if _is(layer, "TimeLimit")]
    limits = [limit for layer in wrappers if (limit := _limit(name, layer, "_max_episode_steps")) is not None]
    if vector:
        for layer in layers(env):
            inside = getattr(layer, "envs", None)
            if isinstance(inside, (list, tuple)) and inside:
                return time_limit(name, inside[0], False)
        return step_limit(name, env)
    return min(limits, default=None)


def _is(value: Any, *names: str) -> bool:
    """Whether an object is of a class of one of these names, or of one derived from it."""
    return any(base.__name__ in names for base in type(value).__mro__)


def _limit(name: str, holder: Any, key: str) -> int | None:
    value = getattr(holder, key, None)
    if value is None or callable(value):
        return None
    try:
        number = float(value)
        if math.isinf(number) and number > 0:
            return None
        whole = int(number)
        if not isinstance(value, (bool, str)) and whole == number and whole >= 1:
            return whole
    except (TypeError, ValueError, OverflowError):
        pass
    if key.startswith("_"):
        return None  # not a promise of anybody's
    raise ValueError(f"env: {name}.{key} is {value!r}; wanted a positive whole number, or None")


def _limit_inside(name: str, env: Any) -> int | None:
    """The limit of a vector environment's first environment, wherever that runs."""
    for layer in layers(env):
        inside = getattr(layer, "envs", None)
        if isinstance(inside, (list, tuple)) and inside:
            return step_limit(name, inside[0])
        if hasattr(layer, "env_fns") and hasattr(layer, "call"):
            limits: list[int | None] = []
            for key in LIMITS:
                if all(layer.call("has_wrapper_attr", key)):
                    limits.append(_limit(name, type("Inside", (), {key: layer.get_attr(key)[0]}), key))
            limits.append(_limit(name, layer.get_attr("spec")[0], "max_episode_steps"))
            return min((limit for limit in limits if limit is not None), default=None)
    return None


def names_of(name: str, env: Any, key: str, count: int) -> tuple[str, ...]:
    """`observation_names` or `action_names` of an environment, () where it has none.

    Raises:
        ValueError: no sequence of `count` strings.
    """
    value = named(env, key)
    if value is None:
        return ()
    if (
        isinstance(value, str)
        or not hasattr(value, "__len__")
        or not all(isinstance(item, str) for item in value)
    ):
        raise ValueError(f"env: {name}.{key} is {value!r}; wanted a tuple of names")
    if count and len(value) != count:
        raise ValueError(f"env: {name}.{key} has {len(value)} names; wanted {count}, one for each")
    return tuple(value)


def whole_number(name: str, env: Any, key: str, least: int) -> int | None:
    """An attribute that counts something, None where there is none."""
    value = getattr(env, key, None)
    if value is None:
        return None
    try:
        number = operator.index(value)
        if not isinstance(value, bool) and number >= least:
            return number
    except TypeError:
        pass
    raise ValueError(f"env: {name}.{key} is {value!r}; wanted a positive whole number")


def shape_of(name: str, env: Any, key: str, size: int) -> tuple[int, ...] | None:
    """`observation_shape` or `action_shape` of an environment without spaces, None where it has none."""
    value = getattr(env, key, None)
    if value is None:
        return None
    try:
        shape = tuple(operator.index(n) for n in value)
        if min(shape, default=0) >= 0 and (not size or math.prod(shape) == size):
            return shape
    except TypeError:
        pass
    raise ValueError(f"env: {name}.{key} is {value!r}; wanted a tuple of whole numbers with {size} in all")


def action_fields(name: str, env: Any) -> dict[str, Any]:
    """EnvSpec's fields from `action_size`, `discrete`, `action_low`, `action_high`, `action_shape`."""
    size = whole_number(name, env, "action_size", 0) or 0
    fields: dict[str, Any] = {
        "action_size": size,
        "discrete": bool(getattr(env, "discrete", False)),
        "action_shape": shape_of(name, env, "action_shape", size),
    }
    for key in ("action_low", "action_high"):
        value = getattr(env, key, None)
        if value is not None:
            try:
                fields[key] = np.broadcast_to(
                    to_numpy(value).astype(np.float32).reshape(-1), (max(1, size),)
                ).copy()
            except ValueError:
                raise ValueError(f"env: {name}.{key} does not fit its {size} actions") from None
            if np.isnan(fields[key]).any():
                raise ValueError(f"env: {name}.{key} is {value!r}; wanted numbers")
    low, high = fields.get("action_low"), fields.get("action_high")
    if low is not None and high is not None and (low > high).any():
        raise ValueError(f"env: {name}.action_low is above its action_high ({low.tolist()}, {high.tolist()})")
    return fields
