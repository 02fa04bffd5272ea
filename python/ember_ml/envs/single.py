"""The built-in environments as single gymnasium environments: one lane of a native vector env each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from ember_ml.envs.vector import CLASSES, NativeVectorEnv


class NativeEnv(gymnasium.Env):
    """A single environment: one lane of a native vector env. Its time limit is gymnasium's wrapper's."""

    vector_class: ClassVar[type[NativeVectorEnv]]

    def __init__(self, render_mode: str | None = None, **kwargs: Any) -> None:
        self._lane = self.vector_class(1, None, render_mode, AutoresetMode.DISABLED, **kwargs)
        self.metadata = {key: self._lane.metadata[key] for key in ("render_modes", "render_fps")}
        self.render_mode = render_mode
        self.observation_space = self._lane.single_observation_space
        self.action_space = self._lane.single_action_space
        self._discrete = isinstance(self.action_space, gymnasium.spaces.Discrete)

    @property
    def state(self) -> NDArray[np.float64]:
        state: NDArray[np.float64] = self._lane.state[0]
        return state

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[Any], dict[str, Any]]:
        super().reset(seed=seed)
        if seed is None and not self._lane._started:
            seed = self.np_random_seed
        observations, info = self._lane.reset(seed=seed, options=options)
        return observations[0], _first(info)

    def step(self, action: Any) -> tuple[NDArray[Any], float, bool, bool, dict[str, Any]]:
        batch = np.asarray(action).reshape(1) if self._discrete else np.asarray(action).reshape(1, -1)
        observations, rewards, terminated, _, info = self._lane.step(batch)
        return observations[0], float(rewards[0]), bool(terminated[0]), False, _first(info)

    def render(self) -> Any:
        frames = self._lane.render()
        return None if frames is None else frames[0]

    def close(self) -> None:
        self._lane.close()


def _first(info: dict[str, Any]) -> dict[str, Any]:
    """The only lane's infos; keys with an underscore are masks."""
    return {key: value[0] for key, value in info.items() if not key.startswith("_")}


def single_classes(
    vector_classes: Mapping[str, type[NativeVectorEnv]], module: str
) -> dict[str, type[NativeEnv]]:
    """NameEnv for each vector class Name, as classes of `module`."""
    return {
        f"{name}Env": type(f"{name}Env", (NativeEnv,), {"__module__": module, "vector_class": vector_class})
        for name, vector_class in vector_classes.items()
    }


globals().update(single_classes(CLASSES, __name__))
