"""Episodes that run side by side: lanes that can be started and stepped in any subset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ember_ml.envs.adapters import Adapter, EnvMistake

Step = tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]


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
        raise LaneError(lane, f"{what} raised {type(error).__name__}: {error}") from error


class ObjectLanes:
    """Environment objects, one a lane, made when first needed and reused."""

    refill = True

    def __init__(self, factory: Callable[[], Adapter], size: int) -> None:
        self.size = size
        self._factory = factory
        self._envs: dict[int, Adapter] = {}

    def _env(self, lane: int) -> Adapter:
        env = self._envs.get(lane)
        if env is None:
            env = self._envs[lane] = guard(lane, "making the environment", self._factory)
        return env

    def reset(self, lanes: Sequence[int], seeds: Sequence[int]) -> NDArray[np.float32]:
        return np.stack(
            [guard(lane, "reset", partial(self._env(lane).reset, seed)) for lane, seed in zip(lanes, seeds)]
        )

    def step(self, lanes: Sequence[int], actions: NDArray[Any]) -> Step:
        # A Python int for one choice: gymnasium's Discrete accepts it and so does list indexing.
        each = actions.tolist() if actions.ndim == 1 else actions
        observations, rewards, terminated, truncated = [], [], [], []
        envs = self._envs
        for lane, action in zip(lanes, each):
            try:
                observation, reward, end, cut = envs[lane].step(action)
            except EnvMistake as mistake:
                raise LaneError(lane, str(mistake)) from None
            except Exception as error:
                raise LaneError(lane, f"step raised {type(error).__name__}: {error}") from error
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


class VectorLanes:
    """A gymnasium VectorEnv: its lanes start together, and one that has finished is ignored until all have.

    Whatever its autoreset mode, the steps of a finished lane are its next episode's, which nobody asked for.
    """

    refill = False

    def __init__(self, env: Any, observation_size: int, action_shape: tuple[int, ...] | None) -> None:
        self.env = env
        self.size = int(env.num_envs)
        self._observation_size = observation_size
        mode = getattr(env, "metadata", {}).get("autoreset_mode")
        self._disabled = getattr(mode, "name", mode) == "DISABLED"
        self._over = np.zeros(self.size, dtype=np.bool_)
        space = env.single_action_space
        self._idle = np.stack([np.zeros(space.shape, space.dtype)] * self.size)
        start = getattr(space, "start", 0)
        self._idle += np.asarray(start, self._idle.dtype)

    def reset(self, lanes: Sequence[int], seeds: Sequence[int]) -> NDArray[np.float32]:
        every = [0] * self.size
        for lane, seed in zip(lanes, seeds):
            every[lane] = seed
        self._over[:] = True
        self._over[list(lanes)] = False
        answer = guard(lanes[0], "reset", lambda: self.env.reset(seed=every))
        return self._observations(answer[0])[list(lanes)]

    def step(self, lanes: Sequence[int], actions: NDArray[Any]) -> Step:
        index = list(lanes)
        batch = self._idle.copy()
        batch[index] = actions.reshape((len(index), *batch.shape[1:]))
        answer = guard(lanes[0], "step", lambda: self.env.step(batch))
        observations, rewards, terminated, truncated = answer[:4]
        observations = self._observations(observations)[index]
        rewards = np.asarray(rewards, dtype=np.float64)[index]
        for values, what in ((observations, "an observation"), (rewards, "a reward")):
            bad = ~np.isfinite(values).reshape(len(index), -1).all(axis=1)
            over = np.asarray(terminated)[index] | np.asarray(truncated)[index]
            if (bad & ~over).any() or (what == "a reward" and bad.any()):
                raise LaneError(index[int(np.argmax(bad))], f"step returned {what} that is not finite")
        terminated = np.asarray(terminated, dtype=np.bool_)
        truncated = np.asarray(truncated, dtype=np.bool_)
        self._over |= terminated | truncated
        if self._disabled and (terminated | truncated).any() and not self._over.all():
            mask = terminated | truncated
            guard(lanes[0], "reset", lambda: self.env.reset(options={"reset_mask": mask}))
        return observations, rewards, terminated[index], truncated[index]

    def _observations(self, value: Any) -> NDArray[np.float32]:
        array = np.array(value, dtype=np.float32).reshape(self.size, -1)
        if array.shape[1] != self._observation_size:
            raise LaneError(
                0,
                f"the vector environment returned observations of {array.shape[1]} numbers, not "
                f"{self._observation_size}",
            )
        return array

    def close(self) -> None:
        """Nothing: the vector environment is the user's to close."""
