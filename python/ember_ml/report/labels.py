"""What the numbers of an environment are called, in which units, and between which limits they stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ember_ml import _core
from ember_ml.envs.names import ACTIONS, OBSERVATIONS
from ember_ml.envs.spec import EnvSpec

#: Units of the observations of those that have some, and of their actions.
OBSERVATION_UNITS = {
    "CartPole-v1": ("m", "m/s", "rad", "rad/s"),
    "Pendulum-v1": ("", "", "rad/s"),
    "MountainCar-v0": ("", "per step"),
    "MountainCarContinuous-v0": ("", "per step"),
    "Acrobot-v1": ("", "", "", "", "rad/s", "rad/s"),
}
ACTION_UNITS = {"Pendulum-v1": ("N m",)}

#: Where a task with its usual constants wants the first observation value to go.
TARGETS: dict[str, float] = {
    info.name: value
    for info in _core.builtin_environments()
    for name, value in zip(info.parameter_names, info.parameter_defaults)
    if name in ("target", "goal_position")
}

Limits = tuple[float, float]


@dataclass(frozen=True)
class Labels:
    """Names and limits of an environment's numbers.

    Attributes:
        observations: one name for each observation value.
        actions: one name for each action value, choice, or part of a MultiDiscrete; or none.
        limits: for each observation value (low, high), infinite where there is none.
        target: where the first observation value is to go, or None.
    """

    observations: tuple[str, ...]
    actions: tuple[str, ...]
    limits: tuple[Limits, ...]
    target: float | None = None


def labels(env: EnvSpec, made: Any = None) -> Labels:
    """The labels of an environment: the names that it declares, those known of a built-in task, else numbers.

    Args:
        made: the environment's object, where there is one.
    """
    n = env.observation_size
    known = env.name if n == len(OBSERVATIONS.get(env.name, ())) else ""
    observations = env.observation_names or OBSERVATIONS.get(known, ())
    # One name a value of a Box, a choice, or a part of a MultiDiscrete.
    count = len(env.choices) or env.action_size
    actions = env.action_names or ACTIONS.get(known, ())
    if observations == OBSERVATIONS.get(known):
        observations = _with_units(observations, OBSERVATION_UNITS.get(known, ()))
    if actions == ACTIONS.get(known):
        actions = _with_units(actions, ACTION_UNITS.get(known, ()))
    observations = observations or tuple(f"observation {i}" for i in range(n))
    limits, target = [(-np.inf, np.inf)] * n, TARGETS.get(known)
    if env.kind == "builtin":
        limits, target = _of_builtin(env, limits)
    elif made is not None:
        space = getattr(made, "observation_space", None)
        low, high = (np.ravel(getattr(space, bound, ())) for bound in ("low", "high"))
        if len(low) == len(high) == n:
            limits = [(float(a), float(b)) for a, b in zip(low, high)]
    return Labels(observations, actions if len(actions) == count else (), tuple(limits), target)


def _with_units(names: tuple[str, ...], units: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{name} ({unit})" if unit else name for name, unit in zip(names, units)) if units else names


def constants(env: EnvSpec) -> dict[str, float]:
    """The constants of a built-in environment by name, those that were changed included."""
    info = next(info for info in _core.builtin_environments() if info.name == env.name)
    values = [*env.parameters, *list(info.parameter_defaults)[len(env.parameters) :]]
    return dict(zip(info.parameter_names, values))


def _of_builtin(env: EnvSpec, limits: list[Limits]) -> tuple[list[Limits], float | None]:
    c = constants(env)
    limits, target = list(limits), c.get("target", c.get("goal_position"))
    if env.name == "CartPole-v1":
        for index, key in ((0, "x_threshold"), (2, "theta_threshold_radians")):
            limits[index] = (-c[key], c[key])
    elif env.name == "Pendulum-v1":
        limits[2] = (-c["max_speed"], c["max_speed"])
    elif env.name.startswith("MountainCar"):
        limits = [(c["min_position"], c["max_position"]), (-c["max_speed"], c["max_speed"])]
    elif env.name == "Acrobot-v1":
        limits[4:] = [(-c[key], c[key]) for key in ("max_vel_1", "max_vel_2")]
    return limits, target
