"""Environments: built-in, gymnasium's, your own in Python, numba or C, robots in MuJoCo."""

from ember_ml.envs.c_env import compile, include_dir, load
from ember_ml.envs.numba_compile import normal, uniform
from ember_ml.envs.numba_env import native
from ember_ml.envs.registry import make, registry
from ember_ml.envs.robots.decorator import mujoco
from ember_ml.envs.spec import EnvSpec

__all__ = [
    "EnvSpec",
    "compile",
    "include_dir",
    "load",
    "make",
    "mujoco",
    "native",
    "normal",
    "registry",
    "uniform",
]
