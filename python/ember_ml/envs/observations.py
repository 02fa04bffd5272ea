"""From the observations that a user holds to the rows that a policy reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ember_ml.envs.arrays import EnvMistake, describe, to_numpy, to_vector
from ember_ml.envs.spaces import flatten, kind_of, unbatch
from ember_ml.envs.spec import EnvSpec, resolved


def rows_of(env: EnvSpec, value: Any) -> tuple[NDArray[np.float32], bool]:
    """One observation or a batch of them as float32 (batch, observation_size), and whether it was one.

    What has the environment's own shape is always one observation. Else (observation_size,) is one laid out
    flat, and a batch is (batch, *shape) or (batch, observation_size). Where the environment's observations
    are a Discrete, MultiDiscrete, Tuple or Dict, one of them is flattened, a list of them is a batch, and so
    is what a vector environment gives; arrays of floats (observation_size,) and (batch, observation_size) are
    taken as flattened already, arrays of whole numbers are not.

    Raises:
        ValueError: anything else, saying what came and what was wanted.
    """
    if env.observation_shape is None and env.observation_space is None and not _is_floats(value):
        env = resolved(env)  # an environment that a file names tells its space when it is made
    size, shape, space = env.observation_size, env.observation_shape, env.observation_space
    try:
        if space is not None and not isinstance(value, (list, tuple, Mapping)):
            value = to_numpy(value)
        if space is not None and not _is_flattened(space, value):
            found = _structured(space, value)
            if found is not None:
                return found
            if isinstance(value, np.ndarray):
                raise EnvMistake("not of the space")
        array = to_numpy(value)
        x = to_vector(array)
    except Exception:  # each library has its own for what it cannot convert
        raise ValueError(f"observation: got {describe(value)}, {_wanted(env)}") from None
    if shape is not None and array.shape == shape and space is None:
        return x.reshape(1, -1), True
    if array.shape == (size,) or (array.ndim == 0 and size == 1):
        return x.reshape(1, -1), True
    if array.shape[1:] == (size,) or (shape is not None and space is None and array.shape[1:] == shape):
        return x.reshape(len(array), size), False
    raise ValueError(f"observation: got {describe(array)}, {_wanted(env)}")


def _is_floats(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.ndim > 0


def _is_flattened(space: Any, value: Any) -> bool:
    """Whether an array can only be what `flatten` makes."""
    numbers = kind_of(space) in ("Discrete", "MultiDiscrete")
    return _is_floats(value) or (isinstance(value, np.ndarray) and value.ndim > 0 and not numbers)


def _structured(space: Any, value: Any) -> tuple[NDArray[np.float32], bool] | None:
    """The rows of one observation of `space`, of a list of them or of a vector environment's batch."""
    try:
        return flatten(space, value).reshape(1, -1), True
    except EnvMistake:
        pass
    try:
        if isinstance(value, list):
            return np.stack([flatten(space, one) for one in value]), False
        return np.stack([flatten(space, one) for one in unbatch(space, value, _count(space, value))]), False
    except (EnvMistake, ValueError, TypeError, KeyError, IndexError):
        return None


def _count(space: Any, batch: Any) -> int:
    """How many observations a batch holds: the length of its first array."""
    kind = kind_of(space)
    if kind == "Dict" and isinstance(batch, Mapping):
        key, part = next(iter(space.spaces.items()))
        return _count(part, batch[key])
    if kind == "Tuple" and isinstance(batch, tuple):
        return _count(space.spaces[0], batch[0])
    return len(to_numpy(batch))


def _wanted(env: EnvSpec) -> str:
    size, shape = env.observation_size, env.observation_shape
    if env.observation_space is not None:
        return f"wanted one of {env.observation_space}, a list of them, ({size},) or (batch, {size})"
    if shape is None or shape == (size,):
        return f"wanted ({size},) or (batch, {size})"
    inner = ", ".join(str(n) for n in shape)
    return f"wanted {shape}, (batch, {inner}), ({size},) or (batch, {size})"
