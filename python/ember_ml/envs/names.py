"""What the numbers of the built-in environments are called: observation values, and actions or their
choices."""

from __future__ import annotations

OBSERVATIONS: dict[str, tuple[str, ...]] = {
    "Simple1D-v0": ("position",),
    "CartPole-v1": ("cart position", "cart velocity", "pole angle", "pole velocity"),
    "Pendulum-v1": ("cosine", "sine", "angular velocity"),
    "MountainCar-v0": ("position", "velocity"),
    "MountainCarContinuous-v0": ("position", "velocity"),
    "Acrobot-v1": ("cosine 1", "sine 1", "cosine 2", "sine 2", "velocity 1", "velocity 2"),
}

ACTIONS: dict[str, tuple[str, ...]] = {
    "Simple1D-v0": ("move",),
    "CartPole-v1": ("push left", "push right"),
    "Pendulum-v1": ("torque",),
    "MountainCar-v0": ("push left", "coast", "push right"),
    "MountainCarContinuous-v0": ("force",),
    "Acrobot-v1": ("torque -1", "no torque", "torque +1"),
}
