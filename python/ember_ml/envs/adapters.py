"""One face for Python environments: gymnasium's five results or the notebook's four, any array type, checked.

An adapter has `reset(seed) -> observation` and `step(action) -> (observation, reward, terminated, truncated)`
with the observation a float32 (observation_size,) array of its own and the reward a float.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ember_ml.envs.arrays import (
    EnvMistake,
    NotFinite,
    describe,
    to_numpy,
    to_scalar,
    to_vector,
    why_not_finite,
)
from ember_ml.envs.messages import unheard
from ember_ml.envs.simulation import Simulation, has_simulation
from ember_ml.envs.spaces import flatten

__all__ = ["Adapter", "EnvMistake", "observation_of", "seeding", "takes"]


def takes(env: Any, argument: str) -> bool:
    """Whether `env.reset` can be called with this argument by name.

    A reset that takes anything (`**kwargs`) is asked of the environment that it wraps, if there is one.
    """
    try:
        parameters = inspect.signature(env.reset).parameters.values()
    except (TypeError, ValueError):
        return False
    if any(p.name == argument and p.kind is not p.POSITIONAL_ONLY for p in parameters):
        return True
    if not any(p.kind is p.VAR_KEYWORD for p in parameters):
        return False
    inner = vars(env).get("env") if hasattr(env, "__dict__") else None
    return inner is None or not hasattr(inner, "reset") or takes(inner, argument)


def seeding(env: Any) -> str:
    """How an environment's starts are seeded: "argument" (`reset(seed=)`), "method" (`seed(number)` before
    `reset()`, the older way), or "" where they cannot be.
    """
    if takes(env, "seed"):
        return "argument"
    method = getattr(env, "seed", None)
    try:
        if callable(method):
            inspect.signature(method).bind(0)
            return "method"
    except (TypeError, ValueError):
        pass
    return ""


def observation_of(answer: Any) -> Any:
    """What `reset` returned without the info that may come with it."""
    if isinstance(answer, tuple) and len(answer) == 2 and isinstance(answer[1], Mapping):
        return answer[0]
    return answer


class Adapter:
    """One Python environment object behind the common face.

    Args:
        env: an object with `reset` and `step`.
        observation_size: what every observation must hold; None accepts any (the first reset of `envs.make`).
        action_shape: shape of Box and MultiDiscrete actions; None passes floats squeezed, as the notebook
            does: a 0-d float32 array for one value.
        owned: whether `close` closes the object.
        observation_space: gymnasium's space of observations that must be flattened (Dict, Discrete, ...).
        reset_options: what every reset gets as `options`.
    """

    def __init__(
        self,
        env: Any,
        observation_size: int | None = None,
        action_shape: tuple[int, ...] | None = None,
        owned: bool = True,
        *,
        observation_space: Any = None,
        reset_options: Mapping[str, Any] | None = None,
    ) -> None:
        self.env = env
        self.owned = owned
        self.observation_size = observation_size
        self.observation_space = observation_space
        self.action_shape = action_shape
        self.reset_options = reset_options
        self._seeding = seeding(env)
        self._simulation: Simulation | None = None

    def watch(self) -> None:
        """From now on `reset` and `step` raise Diverged where the environment's MuJoCo simulation does."""
        if has_simulation(self.env):
            self._simulation = Simulation(self.env)

    def around(self, env: Any) -> Adapter:
        """An adapter like this one around another environment, which it owns."""
        return Adapter(
            env,
            self.observation_size,
            self.action_shape,
            observation_space=self.observation_space,
            reset_options=self.reset_options,
        )

    def reset(self, seed: int) -> NDArray[np.float32]:
        """Starts an episode; `seed` (32 bits) reaches environments whose reset takes one, or that have a
        method `seed`.
        """
        if self._simulation is None:
            return self.vector(self.start(seed), "reset")
        try:
            with unheard:
                observation = self.vector(self.start(seed), "reset")
        except Exception as error:
            self._simulation.blame(error)
            raise
        self._simulation.begin()
        return observation

    def start(self, seed: int) -> Any:
        """Starts an episode; its first observation as the environment gives it."""
        arguments: dict[str, Any] = {}
        if self._seeding == "argument":
            arguments["seed"] = seed
        elif self._seeding:
            self.env.seed(seed)
        if self.reset_options is not None:
            arguments["options"] = dict(self.reset_options)  # a copy, because some environments pop from it
        return observation_of(self.env.reset(**arguments))

    def step(self, action: Any) -> tuple[NDArray[np.float32], float, bool, bool]:
        """One step. `action`: an int, or an array (MultiDiscrete, Box) in any shape of the right size."""
        if self._simulation is None:
            return self._step(action)
        try:
            with unheard:
                answer = self._step(action)
        except Exception as error:
            self._simulation.blame(error)
            raise
        self._simulation.look()
        return answer

    def _step(self, action: Any) -> tuple[NDArray[np.float32], float, bool, bool]:
        if isinstance(action, np.ndarray):
            if self.action_shape is not None:
                action = action.reshape(self.action_shape)
            elif action.dtype == np.float32:
                action = action.squeeze()
        answer = self.env.step(action)
        truncated = False
        try:
            if len(answer) == 5:
                observation, reward, terminated, truncated, _ = answer
            elif len(answer) == 4:
                observation, reward, terminated, info = answer
                if isinstance(info, (bool, np.bool_)):  # gymnasium's five without the info
                    truncated = bool(info)
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
            raise NotFinite(f"step returned a reward that is {'NaN' if math.isnan(reward) else reward}")
        return (
            self.vector(observation, "step"),
            reward,
            terminated if type(terminated) is bool else bool(to_scalar(terminated, "done flag")),
            truncated if type(truncated) is bool else bool(to_scalar(truncated, "truncated flag")),
        )

    def vector(self, value: Any, where: str) -> NDArray[np.float32]:
        """An observation as a new float32 (observation_size,), checked; `where` is "reset" or "step"."""
        space = self.observation_space
        observation = to_vector(value) if space is None else flatten(space, value)
        if self.observation_size is not None and observation.size != self.observation_size:
            shape = f" of shape {to_numpy(value).shape}" if space is None else ""
            raise EnvMistake(
                f"{where} returned an observation{shape} ({observation.size} numbers); "
                f"earlier ones had {self.observation_size}"
            )
        if not np.isfinite(observation).all():
            kind = why_not_finite(observation, value)
            raise NotFinite(f"{where} returned an observation that holds {kind}")
        return observation

    def render(self) -> Any:
        """What the environment's own `render()` gives, None where it has none."""
        render = getattr(self.env, "render", None)
        return render() if callable(render) else None

    def close(self) -> None:
        close = getattr(self.env, "close", None)
        if self.owned and callable(close):
            close()
