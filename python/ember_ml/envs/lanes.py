"""Episodes that run side by side: lanes that can be started and stepped in any subset."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ember_ml.envs.adapters import Adapter
from ember_ml.envs.arrays import EnvMistake, NotFinite
from ember_ml.envs.simulation import Diverged
from ember_ml.errors import Infeasible

Step = tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]


#: What a lane that forgives is not ended by.
FORGIVEN = (Infeasible, NotFinite)


class LaneError(Exception):
    """The environment of one lane failed; `message` is for the user, `__cause__` is what was raised."""

    def __init__(self, lane: int, message: str) -> None:
        super().__init__(lane, message)
        self.lane = lane
        self.message = message


class Lanes(Protocol):
    """Up to `size` episodes at once. Lanes are numbered from 0; D is the observation size."""

    size: int
    refill: bool  # whether one lane can start a new episode while others are in the middle of theirs
    #: Whether a lane that is infeasible (errors.Infeasible) or not finite fails alone: a reset gives it an
    #: observation of NaN, a step the reward NaN and an end. If not, it raises LaneError like any error.
    forgives: bool

    def reset(self, lanes: Sequence[int], seeds: Sequence[int]) -> NDArray[np.float32]:
        """Starts episodes; returns observations (len(lanes), D). Raises LaneError."""
        ...

    def step(self, lanes: Sequence[int], actions: NDArray[Any]) -> Step:
        """Steps lanes; actions (len(lanes), ...). Returns observations, rewards, terminated, truncated."""
        ...

    def close(self) -> None: ...


def guard(lane: int, what: str, call: Callable[[], Any]) -> Any:
    """Runs `call`; an Exception becomes a LaneError that says what the environment was doing."""
    try:
        return call()
    except EnvMistake as mistake:
        raise LaneError(lane, str(mistake)) from None
    except Exception as error:
        raise LaneError(lane, _raised(what, error)) from error


def _raised(what: str, error: Exception) -> str:
    advice = '; on_error="rank_last" ranks such members last' if isinstance(error, Infeasible) else ""
    return f"{what} raised {type(error).__name__}: {error}{advice}"


class ObjectLanes:
    """Environment objects, one a lane, made when first needed and reused.

    Args:
        factory: makes an adapter.
        size: lanes.
        forgives: as `Lanes`.
        diverges: a lane whose MuJoCo simulation diverges fails alone, as one that forgives.
    """

    refill = True

    def __init__(
        self, factory: Callable[[], Adapter], size: int, forgives: bool = False, diverges: bool = False
    ) -> None:
        self.size = size
        self.forgives = forgives
        self.diverges = diverges
        self._factory = factory
        self._envs: dict[int, Adapter] = {}

    def _env(self, lane: int) -> Adapter:
        env = self._envs.get(lane)
        if env is None:
            env = self._envs[lane] = guard(lane, "making the environment", self._factory)
            if self.diverges:
                env.watch()
        return env

    def _fails_alone(self, error: BaseException | None) -> bool:
        return isinstance(error, Diverged) or (self.forgives and isinstance(error, FORGIVEN))

    def reset(self, lanes: Sequence[int], seeds: Sequence[int]) -> NDArray[np.float32]:
        return np.stack([self._start(lane, seed) for lane, seed in zip(lanes, seeds)])

    def _start(self, lane: int, seed: int) -> NDArray[np.float32]:
        env = self._env(lane)
        try:
            observation: NDArray[np.float32] = guard(lane, "reset", partial(env.reset, seed))
            return observation
        except LaneError as error:
            if not self._fails_alone(error.__cause__ or error.__context__):
                raise
            return np.full(env.observation_size or 0, np.nan, np.float32)

    def step(self, lanes: Sequence[int], actions: NDArray[Any]) -> Step:
        each = _one_by_one(actions)
        observations, rewards, terminated, truncated = [], [], [], []
        envs = self._envs
        for lane, action in zip(lanes, each):
            try:
                observation, reward, end, cut = envs[lane].step(action)
            except Exception as error:
                if self._fails_alone(error):
                    nothing = np.zeros(envs[lane].observation_size or 0, np.float32)
                    observation, reward, end, cut = nothing, math.nan, True, False
                elif isinstance(error, EnvMistake):
                    raise LaneError(lane, str(error)) from None
                else:
                    raise LaneError(lane, _raised("step", error)) from error
            observations.append(observation)
            rewards.append(reward)
            terminated.append(end)
            truncated.append(cut)
        return (
            np.stack(observations),
            np.array(rewards, dtype=np.float64),
            np.array(terminated, dtype=np.bool_),
            np.array(truncated, dtype=np.bool_),
        )

    def close(self) -> None:
        envs, self._envs = self._envs, {}
        for env in envs.values():
            env.close()


def _one_by_one(actions: NDArray[Any]) -> Any:
    """The rows of `actions`; where they are one choice each, Python ints, which gymnasium's Discrete accepts
    and list indexing too.
    """
    if actions.ndim > 1:
        return actions
    return actions.tolist() if actions.dtype.kind in "iu" else actions[:, None]
