"""A MuJoCo simulation inside a Python environment: whether it diverged.

MuJoCo sets a simulation that diverges back to its start and goes on, so that rewards and observations are
numbers again; only its counters tell.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ember_ml.envs import messages


class Diverged(Exception):
    """The simulation did not survive the step: the episode fails, as it does in the native engine."""


class Simulation:
    """Looks at the `data` of an environment (`mujoco.MjData`), each time anew: an environment may change it.

    Args:
        env: an environment for which `has_simulation` is true.
    """

    def __init__(self, env: Any) -> None:
        self._env = getattr(env, "unwrapped", env)
        self._counted = 0

    def begin(self) -> None:
        """An episode begins: what was counted before is not its own."""
        messages.take_mujoco_messages()
        self._counted = self._count()

    def look(self) -> None:
        """Raises Diverged: MuJoCo found a position, velocity or acceleration that is none."""
        if self._count() > self._counted:
            raise Diverged("MuJoCo found the simulation unstable")

    def blame(self, error: Exception) -> None:
        """Raises Diverged where the simulation is behind an error of the environment's."""
        fatal = any(type(one).__name__ == "FatalError" for one in (error, error.__cause__))
        data = self._env.data
        if fatal or self._count() > self._counted or not all(map(_is_finite, (data.qpos, data.qvel))):
            raise Diverged(str(error)) from error

    def _count(self) -> int:
        from ember_ml.envs.robots.library import bad_states

        return bad_states(self._env.data)


def has_simulation(env: Any) -> bool:
    data = getattr(getattr(env, "unwrapped", env), "data", None)
    return type(data).__module__.startswith("mujoco.") and hasattr(data, "warning")


def _is_finite(values: Any) -> bool:
    return bool(np.isfinite(values).all())
