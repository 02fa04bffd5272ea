"""Registers the built-in environments and gymnasium's MuJoCo tasks with gymnasium, under `ember_ml/`.

>>> import gymnasium
>>> envs = gymnasium.make_vec("ember_ml.gym:ember_ml/CartPole-v1", num_envs=64)
>>> envs = gymnasium.make_vec("ember_ml.gym:ember_ml/HalfCheetah-v5", num_envs=64)

The part before the colon imports this module, so nothing need be imported first; after an import the name
alone, "ember_ml/CartPole-v1", does. `gymnasium.make` gives one environment, `make_vec` a native vector env.
"""

from __future__ import annotations

import math

from ember_ml import _core
from ember_ml.errors import need

gymnasium = need("gymnasium", "gym")

#: Name: class, time limit, reward threshold (gymnasium's registrations).
ENVIRONMENTS: dict[str, tuple[str, int, float | None]] = {
    info.name: (
        info.name.partition("-")[0],
        info.max_steps,
        None if math.isnan(info.reward_threshold) else info.reward_threshold,
    )
    for info in _core.builtin_environments()
}

#: The same of MuJoCo's tasks, which need the package mujoco when they are made.
ROBOTS = {
    "Swimmer-v5": ("Swimmer", 1000, 360.0),
    "Hopper-v5": ("Hopper", 1000, 3800.0),
    "HalfCheetah-v5": ("HalfCheetah", 1000, 4800.0),
    "Walker2d-v5": ("Walker2d", 1000, None),
    "Ant-v5": ("Ant", 1000, 6000.0),
    "Humanoid-v5": ("Humanoid", 1000, None),
}


def register() -> None:
    """Adds `ember_ml/NAME` for every environment; done when this module is imported."""
    _add(ENVIRONMENTS, "ember_ml.envs")
    _add(ROBOTS, "ember_ml.envs.robots")


def _add(environments: dict[str, tuple[str, int, float | None]], room: str) -> None:
    for name, (kind, max_episode_steps, reward_threshold) in environments.items():
        if f"ember_ml/{name}" not in gymnasium.registry:
            gymnasium.register(
                id=f"ember_ml/{name}",
                entry_point=f"{room}.single:{kind}Env",
                vector_entry_point=f"{room}.vector:{kind}",
                max_episode_steps=max_episode_steps,
                reward_threshold=reward_threshold,
            )


register()
