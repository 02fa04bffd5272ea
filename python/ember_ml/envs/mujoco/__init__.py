"""MuJoCo's tasks in the native loop: physics by the installed `mujoco`, everything else in the core."""

from __future__ import annotations

from ember_ml.envs.mujoco.locomotion import TASKS, make

__all__ = ["TASKS", "make"]
