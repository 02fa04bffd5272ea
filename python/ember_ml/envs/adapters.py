"""One face for Python environments: gymnasium's five results or the notebook's four, any array type, checked.

An adapter has `reset(seed) -> observation` and `step(action) -> (observation, reward, terminated, truncated)`
with the observation a float32 (observation_size,) array of its own and the reward a float.
"""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray


class EnvMistake(ValueError):
    """An environment returned something that it must not: the message says what and what was wanted."""


def to_numpy(value: Any) -> NDArray[Any]:
    """Any array (numpy, torch, mlx, lists of them) as a numpy array."""
    if isinstance(value, np.ndarray):
        return value
    if hasattr(value, "detach"):
        return np.asarray(value.detach().cpu())
    if isinstance(value, (list, tuple)) and any(hasattr(item, "__array__") for item in value):
        return np.asarray([to_numpy(item) for item in value])
    return np.asarray(value)


def flatten(observation: Any) -> NDArray[np.float32]:
    """An observation as a new float32 vector."""
    try:
        return np.array(to_numpy(observation), dtype=np.float32).reshape(-1)
    except (TypeError, ValueError):
        raise EnvMistake(f"the observation is {describe(observation)}, not an array of numbers") from None


def describe(value: Any) -> str:
    """A value in a few words, for messages."""
    text = repr(value)
    if len(text) > 60:
        text = text[:57] + "..."
    shape = getattr(value, "shape", None)
    return (
        f"{type(value).__name__} {text}"
        if shape is None
        else f"{type(value).__name__} of shape {tuple(shape)}"
    )


def takes_seed(reset: Any) -> bool:
    """Whether `reset` can be called with `seed=`."""
    try:
        parameters = inspect.signature(reset).parameters.values()
    except (TypeError, ValueError):
        return False
    return any(p.name == "seed" or p.kind is p.VAR_KEYWORD for p in parameters)


def to_scalar(value: Any, what: str) -> float:
    if type(value) is float:
        return value
    try:
        array = to_numpy(value)
        if array.size == 1:
            return float(array.reshape(()))
    except (TypeError, ValueError):
        pass
    raise EnvMistake(f"the {what} is {describe(value)}, not one number")


class Adapter:
    """One Python environment object behind the common face.

    Args:
        env: an object with `reset` and `step`.
        observation_size: what every observation must hold; None accepts any (the first reset of `envs.make`).
        action_shape: shape of Box actions; None passes them squeezed, as the notebook does: a 0-d float32
            array for one value.
        owned: whether `close` closes the object.
    """

    def __init__(
        self,
        env: Any,
        observation_size: int | None = None,
        action_shape: tuple[int, ...] | None = None,
        owned: bool = True,
    ) -> None:
        self.env = env
        self.owned = owned
        self.observation_size = observation_size
        self.action_shape = action_shape
        self._takes_seed = takes_seed(env.reset)

    def reset(self, seed: int) -> NDArray[np.float32]:
        """Starts an episode; `seed` (32 bits) reaches environments whose reset takes one."""
        if self._takes_seed:
            answer = self.env.reset(seed=seed)
        else:
            answer = self.env.reset()
        if isinstance(answer, tuple) and len(answer) == 2 and isinstance(answer[1], dict):
            answer = answer[0]
        return self._observation(answer, "reset")

    def step(self, action: Any) -> tuple[NDArray[np.float32], float, bool, bool]:
        """One step. `action`: an int, an int64 array (MultiDiscrete) or float32 (action_size,)."""
        if isinstance(action, np.ndarray) and action.dtype == np.float32:
            action = action.squeeze() if self.action_shape is None else action.reshape(self.action_shape)
        answer = self.env.step(action)
        truncated = False
        try:
            if len(answer) == 5:
                observation, reward, terminated, truncated, _ = answer
            elif len(answer) == 4:
                observation, reward, terminated, _ = answer
            else:
                raise TypeError
        except TypeError:
            raise EnvMistake(
                f"step returned {describe(answer)}; wanted (state, reward, done, info) or "
                "(observation, reward, terminated, truncated, info)"
            ) from None
        if type(reward) is not float:
            reward = to_scalar(reward, "reward")
        if not math.isfinite(reward):
            raise EnvMistake(f"step returned a reward that is {'NaN' if math.isnan(reward) else reward}")
        return (
            self._observation(observation, "step"),
            reward,
            terminated if type(terminated) is bool else bool(to_scalar(terminated, "done flag")),
            truncated if type(truncated) is bool else bool(to_scalar(truncated, "truncated flag")),
        )

    def _observation(self, value: Any, where: str) -> NDArray[np.float32]:
        observation = flatten(value)
        if self.observation_size is not None and observation.size != self.observation_size:
            raise EnvMistake(
                f"{where} returned an observation of shape {to_numpy(value).shape} ({observation.size} "
                f"numbers); "
                f"earlier ones had {self.observation_size}"
            )
        if not np.isfinite(observation).all():
            kind = "NaN" if np.isnan(observation).any() else "infinity"
            raise EnvMistake(f"{where} returned an observation that holds {kind}")
        return observation

    def close(self) -> None:
        close = getattr(self.env, "close", None)
        if self.owned and callable(close):
            close()
