"""Environments: built-in, gymnasium's, your own in Python, numba or C."""

from ember_ml.envs.registry import make, registry
from ember_ml.envs.spec import EnvSpec

__all__ = ["EnvSpec", "make", "registry"]
