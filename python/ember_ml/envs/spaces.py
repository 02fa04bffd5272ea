"""gymnasium's spaces (and those of the older gym), read without importing either.

A policy sees a vector and gives a vector. Observations of Discrete, MultiDiscrete, MultiBinary, Tuple and
Dict spaces are flattened as `gymnasium.spaces.flatten` does: one-hot for choices, parts in the space's order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ember_ml.envs.arrays import EnvMistake, describe, to_numpy, to_vector

#: Observation spaces that flatten to a vector; a subclass counts as what it derives from.
FLATTENED = ("Box", "Discrete", "MultiDiscrete", "MultiBinary", "Tuple", "Dict")


def kind_of(space: Any) -> str:
    """The name of gymnasium's class that a space is of or derives from; its own where it is none of them."""
    names = [base.__name__ for base in type(space).__mro__]
    return next((name for name in names if name in FLATTENED), names[0])


def observation_size(name: str, space: Any) -> int:
    """Numbers of a flattened observation.

    Raises:
        ValueError: a space that a policy cannot see (Text, Graph, Sequence, ...), naming it.
    """
    kind = kind_of(space)
    if kind in ("Box", "MultiBinary"):
        return int(np.prod(space.shape))
    if kind == "Discrete":
        return int(space.n)
    if kind == "MultiDiscrete":
        return int(np.sum(space.nvec))
    if kind in ("Tuple", "Dict"):
        return sum(observation_size(name, part) for part in _parts(space))
    raise ValueError(
        f"env: {name} has the observation space {space}; a policy can see {', '.join(FLATTENED)}"
    )


def is_structured(space: Any) -> bool:
    """Whether observations need `flatten`: anything but an array that is a vector when laid out flat."""
    return kind_of(space) not in ("Box", "MultiBinary")


def _parts(space: Any) -> list[Any]:
    return list(space.spaces.values()) if kind_of(space) == "Dict" else list(space.spaces)


def flatten(space: Any, observation: Any) -> NDArray[np.float32]:
    """An observation of a space as a new float32 vector.

    Raises:
        EnvMistake: it is not of this space.
    """
    kind = kind_of(space)
    if kind in ("Box", "MultiBinary"):
        return to_vector(observation)
    if kind in ("Discrete", "MultiDiscrete"):
        counts = [int(n) for n in np.ravel(space.n if kind == "Discrete" else space.nvec)]
        return _one_hot(counts, np.ravel(getattr(space, "start", 0)), observation)
    if kind == "Dict":
        given = observation if isinstance(observation, Mapping) else {}
        missing = [key for key in space.spaces if key not in given]
        if missing:
            raise EnvMistake(f"the observation is {describe(observation)}, without the key {missing[0]!r}")
        parts = [(part, observation[key]) for key, part in space.spaces.items()]
    else:
        if not isinstance(observation, (tuple, list)) or len(observation) != len(space.spaces):
            raise EnvMistake(
                f"the observation is {describe(observation)}; wanted a tuple of {len(space.spaces)}"
            )
        parts = list(zip(space.spaces, observation))
    vectors = [flatten(part, value) for part, value in parts]
    for (part, value), vector in zip(parts, vectors):
        wanted = observation_size("", part)
        if vector.size != wanted:
            raise EnvMistake(
                f"a part of the observation is {describe(value)} ({vector.size} numbers); wanted {wanted}"
            )
    return np.concatenate(vectors) if vectors else np.zeros(0, np.float32)


def _one_hot(counts: list[int], starts: NDArray[Any], observation: Any) -> NDArray[np.float32]:
    values = to_vector(observation)
    if values.size == len(counts) and np.isfinite(values).all():
        values = values - starts
        whole = np.rint(values).astype(np.intp)
        if ((whole == values) & (whole >= 0) & (whole < counts)).all():
            vector = np.zeros(sum(counts), np.float32)
            vector[np.cumsum([0, *counts[:-1]]) + whole] = 1.0
            return vector
    raise EnvMistake(f"the observation is {describe(observation)}, which is not in its space")


def unbatch(space: Any, batch: Any, count: int) -> list[Any]:
    """The observations in a batch of structured ones, as vector environments give them.

    Args:
        space: of one observation.
        batch: a mapping or tuple of batches, or an array (count, ...).
    """
    kind = kind_of(space)
    if kind == "Dict" and isinstance(batch, Mapping):
        columns = {key: unbatch(part, batch[key], count) for key, part in space.spaces.items()}
        return [{key: column[i] for key, column in columns.items()} for i in range(count)]
    if kind == "Tuple" and isinstance(batch, tuple) and len(batch) == len(space.spaces):
        parts = [unbatch(part, rows, count) for part, rows in zip(space.spaces, batch)]
        return [tuple(part[i] for part in parts) for i in range(count)]
    rows = list(batch) if isinstance(batch, (list, tuple)) else list(to_numpy(batch))
    if len(rows) != count:
        raise EnvMistake(f"the observations are {describe(batch)}; wanted {count}, one for each environment")
    return rows


def action_fields(name: str, space: Any) -> dict[str, Any]:
    """EnvSpec's fields of an action space. A MultiBinary one is a choice of two for each bit.

    Raises:
        ValueError: a space that a policy cannot act in, naming it.
    """
    kind = kind_of(space)
    if kind == "Discrete":
        return {
            "action_size": int(space.n),
            "discrete": True,
            "action_start": int(getattr(space, "start", 0)),
            "action_shape": None,
        }
    if kind in ("MultiDiscrete", "MultiBinary"):
        shape = tuple(space.shape)
        counts = np.full(shape, 2) if kind == "MultiBinary" else space.nvec
        choices = tuple(int(n) for n in np.ravel(counts))
        starts = tuple(int(n) for n in np.ravel(getattr(space, "start", 0)))
        return {
            "action_size": sum(choices),
            "discrete": True,
            "choices": choices,
            "choice_starts": starts if any(starts) else (),
            "action_shape": shape,
        }
    if kind == "Box":
        dtype = np.dtype(space.dtype)
        low, high = (np.asarray(bound).reshape(-1) for bound in (space.low, space.high))
        if dtype.kind in "iu" and dtype.itemsize >= 4:
            # An integer type's own limits mean that no bounds were given.
            ends = np.iinfo(dtype)
            low = np.where(low <= ends.min, -np.inf, low.astype(np.float64))
            high = np.where(high >= ends.max, np.inf, high.astype(np.float64))
        with np.errstate(over="ignore"):
            low, high = low.astype(np.float32), high.astype(np.float32)
        return {
            "action_size": int(np.prod(space.shape)),
            "discrete": False,
            "action_low": low,
            "action_high": high,
            "action_shape": tuple(space.shape),
            "action_dtype": None if np.can_cast(np.float32, dtype) else dtype.name,
        }
    raise ValueError(
        f"env: {name} has the action space {space}; a policy can act in Box, Discrete, MultiDiscrete and"
        " MultiBinary"
    )
