"""The lanes of a gymnasium vector environment, its base class or one that extends it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ember_ml.envs.adapters import observation_of, takes
from ember_ml.envs.arrays import EnvMistake, describe, to_numpy, why_not_finite
from ember_ml.envs.attributes import layers
from ember_ml.envs.lanes import LaneError, Step, guard
from ember_ml.envs.spaces import flatten, is_structured, unbatch

#: Classes that start single environments again by `options={"reset_mask": ...}` and insist on it.
RESET_BY_MASK = ("SyncVectorEnv", "AsyncVectorEnv", "NativeVectorEnv")


def is_vector(env: Any) -> bool:
    """Whether an object is a vector environment.

    Raises:
        ValueError: it derives from gymnasium's VectorEnv and lacks the spaces of one environment.
    """
    needed = ("num_envs", "single_observation_space", "single_action_space")
    missing = [key for key in needed if not hasattr(env, key)]
    if missing and any(base.__name__ == "VectorEnv" for base in type(env).__mro__):
        raise ValueError(f"env: the vector environment {type(env).__name__} does not set {missing[0]}")
    return not missing


def seeds_of(env: Any) -> str:
    """How a vector environment's reset is seeded: "list" (one seed an environment, as Sync and Async take
    them), "number" (the base class's one int), or "" where it takes no seed.

    The annotation of `seed` tells, in the environment itself, because wrappers pass on what they get: a list,
    tuple or sequence in it means a list, anything else, and none, the base class's int.
    """
    every = list(layers(env))
    if not all(takes(layer, "seed") for layer in every):
        return ""
    parameter = inspect.signature(every[-1].reset).parameters.get("seed")
    annotation = inspect.Parameter.empty if parameter is None else parameter.annotation
    text = "" if annotation is inspect.Parameter.empty else str(annotation).lower()
    listed = any(word in text for word in ("list", "sequence", "tuple", "iterable", "array"))
    return "list" if listed else "number"


class VectorLanes:
    """A gymnasium VectorEnv: its lanes start together, and one that has finished is ignored until all have.

    Whatever its autoreset mode, the steps of a finished lane are its next episode's, which nobody asked for.
    An environment that takes one number as its seed decides itself how that differs between its lanes: starts
    then depend on the number of lanes, and the two members of a pair do not share theirs.

    Args:
        env: the vector environment.
        observation_size: numbers of one flattened observation.
        owned: whether `close` closes it.
        reset_options: what every reset gets as `options`.
    """

    refill = False
    forgives = False  # what is not finite; an exception is the whole vector's

    def __init__(
        self,
        env: Any,
        observation_size: int,
        owned: bool = False,
        reset_options: Mapping[str, Any] | None = None,
    ) -> None:
        self.env = env
        self.size = int(env.num_envs)
        self.owned = owned
        self._options = reset_options
        self._observation_size = observation_size
        space = env.single_observation_space
        self._structure = space if hasattr(space, "sample") and is_structured(space) else None
        mode = next(
            (found for layer in layers(env) if (found := _metadata(layer).get("autoreset_mode")) is not None),
            None,
        )
        innermost = list(layers(env))[-1]
        by_mask = any(base.__name__ in RESET_BY_MASK for base in type(innermost).__mro__)
        self._mask_resets = by_mask and str(getattr(mode, "name", mode)).upper() == "DISABLED"
        self._seeds = seeds_of(env)
        self._over = np.zeros(self.size, dtype=np.bool_)
        self._idle = _idle_actions(env.single_action_space, self.size)

    def reset(self, lanes: Sequence[int], seeds: Sequence[int]) -> NDArray[np.float32]:
        arguments: dict[str, Any] = {}
        if self._seeds == "list":
            every = [0] * self.size
            for lane, seed in zip(lanes, seeds):
                every[lane] = seed
            arguments["seed"] = every
        elif self._seeds:
            arguments["seed"] = seeds[0]
        if self._options is not None:
            arguments["options"] = dict(self._options)
        self._over[:] = True
        self._over[list(lanes)] = False
        answer = guard(lanes[0], "reset", partial(self.env.reset, **arguments))
        observations = self._observations(observation_of(answer), "reset")
        if not self.forgives:
            self._check_finite(lanes, observations[list(lanes)], "reset", "an observation")
        return observations[list(lanes)]

    def step(self, lanes: Sequence[int], actions: NDArray[Any]) -> Step:
        index = list(lanes)
        batch = self._idle.copy()
        batch[index] = actions.reshape((len(index), *batch.shape[1:]))
        answer = guard(lanes[0], "step", lambda: self.env.step(batch))
        if not isinstance(answer, (tuple, list)) or len(answer) not in (4, 5):
            raise LaneError(
                lanes[0],
                f"step returned {describe(answer)}; wanted (observations, rewards, terminations, truncations,"
                " infos)",
            )
        rewards = self._each(answer[1], "rewards").astype(np.float64)
        terminated = self._each(answer[2], "terminations").astype(np.bool_)
        truncated = np.zeros(self.size, np.bool_)
        if len(answer) == 5:
            truncated = self._each(answer[3], "truncations").astype(np.bool_)
        over = terminated | truncated
        observations = self._observations(answer[0], "step")
        # Where an episode ends, the observation may be the next one's.
        going = [lane for lane in index if not over[lane]]
        if self.forgives:
            lost = ~np.isfinite(rewards)
            lost[going] |= ~np.isfinite(observations[going]).all(axis=1)
            rewards[lost], terminated[lost] = np.nan, True
        else:
            self._check_finite(lanes, rewards[index][:, None], "step", "a reward")
            self._check_finite(going, observations[going], "step", "an observation")
        self._over |= over
        if self._mask_resets and over.any() and not self._over.all():
            options = {**(self._options or {}), "reset_mask": over}
            guard(lanes[0], "reset", lambda: self.env.reset(options=options))
        return observations[index], rewards[index], terminated[index], truncated[index]

    def _each(self, values: Any, what: str) -> NDArray[Any]:
        """One number of each environment, in any array type."""
        try:
            array = to_numpy(values)
            if array.size == self.size and array.dtype.kind in "biuf":
                return array.reshape(-1)
        except Exception:  # each library has its own for what it cannot convert
            pass
        raise LaneError(
            0, f"step returned the {what} {describe(values)}; wanted {self.size}, one for each environment"
        )

    def _observations(self, value: Any, where: str) -> NDArray[np.float32]:
        try:
            if self._structure is not None:
                each = unbatch(self._structure, value, self.size)
                array = np.stack([flatten(self._structure, one) for one in each])
            else:
                with np.errstate(over="ignore"):
                    array = np.array(to_numpy(value), dtype=np.float32).reshape(self.size, -1)
        except EnvMistake as mistake:
            raise LaneError(0, f"{where}: {mistake}") from None
        except Exception:
            raise LaneError(
                0,
                f"{where} returned the observations {describe(value)}; wanted an array with a row for each of"
                f" the {self.size} environments",
            ) from None
        if array.shape[1] != self._observation_size:
            raise LaneError(
                0,
                f"the vector environment returned observations of {array.shape[1]} numbers, not "
                f"{self._observation_size}",
            )
        return array

    def _check_finite(self, lanes: Sequence[int], values: NDArray[Any], where: str, what: str) -> None:
        bad = ~np.isfinite(values).all(axis=1)
        if bad.any():
            first = int(np.argmax(bad))
            kind = why_not_finite(values[first], values[first])
            raise LaneError(lanes[first], f"{where} returned {what} that is not finite ({kind})")

    def close(self) -> None:
        """A vector environment that was passed in is the user's to close."""
        if self.owned:
            self.env.close()


def _metadata(env: Any) -> Mapping[str, Any]:
    metadata = getattr(env, "metadata", None)
    return metadata if isinstance(metadata, Mapping) else {}


def _idle_actions(space: Any, count: int) -> NDArray[Any]:
    """Actions for lanes that nobody plays: zeros, or what the space has nearest to them."""
    idle = np.zeros(space.shape, space.dtype)
    idle += np.asarray(getattr(space, "start", 0), idle.dtype)
    if hasattr(space, "low"):
        idle = np.clip(idle, space.low, space.high).astype(space.dtype)
    return np.stack([idle] * count)


class VectorFactory:
    """Lanes around a vector environment: the user's, or one that the user's function makes.

    Args:
        maker: gives the vector environment.
        first: one that it has made already, or None.
        owned: whether the lanes close it.
    """

    def __init__(
        self,
        maker: Callable[[], Any],
        first: Any,
        owned: bool,
        observation_size: int,
        reset_options: Mapping[str, Any] | None,
    ) -> None:
        self.maker = maker
        self.owned = owned
        self.observation_size = observation_size
        self.reset_options = reset_options
        self._first = [first] if first is not None else []

    def __call__(self) -> VectorLanes:
        env = self._first.pop() if self._first else self.maker()
        return VectorLanes(env, self.observation_size, self.owned, self.reset_options)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_first": []}
