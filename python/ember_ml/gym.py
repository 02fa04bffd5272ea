"""Registers the built-in environments with gymnasium, under `ember_ml/`.

>>> import gymnasium
>>> envs = gymnasium.make_vec("ember_ml.gym:ember_ml/CartPole-v1", num_envs=64)

The part before the colon imports this module, so nothing need be imported first; after an import the name
alone, "ember_ml/CartPole-v1", does. `gymnasium.make` gives one environment, `make_vec` a native vector env.
"""

from __future__ import annotations

from ember_ml.errors import need

gymnasium = need("gymnasium", "gym")

#: Name: class, time limit, reward threshold (gymnasium's registrations).
ENVIRONMENTS = {
    "CartPole-v1": ("CartPole", 500, 475.0),
    "Pendulum-v1": ("Pendulum", 200, None),
    "MountainCar-v0": ("MountainCar", 200, -110.0),
    "MountainCarContinuous-v0": ("MountainCarContinuous", 999, 90.0),
    "Acrobot-v1": ("Acrobot", 500, -100.0),
    "Simple1D-v0": ("Simple1D", 100, None),
}


def register() -> None:
    """Adds `ember_ml/NAME` for every built-in environment; done when this module is imported."""
    for name, (kind, max_episode_steps, reward_threshold) in ENVIRONMENTS.items():
        if f"ember_ml/{name}" not in gymnasium.registry:
            gymnasium.register(
                id=f"ember_ml/{name}",
                entry_point=f"ember_ml.envs.single:{kind}Env",
                vector_entry_point=f"ember_ml.envs.vector:{kind}",
                max_episode_steps=max_episode_steps,
                reward_threshold=reward_threshold,
            )


register()
