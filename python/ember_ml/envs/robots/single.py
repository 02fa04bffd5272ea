"""gymnasium's six MuJoCo tasks as single environments: one lane of a native vector env each."""

from __future__ import annotations

from ember_ml.envs.robots import vector
from ember_ml.envs.single import NativeEnv


class SwimmerEnv(NativeEnv):
    vector_class = vector.Swimmer


class HopperEnv(NativeEnv):
    vector_class = vector.Hopper


class HalfCheetahEnv(NativeEnv):
    vector_class = vector.HalfCheetah


class Walker2dEnv(NativeEnv):
    vector_class = vector.Walker2d


class AntEnv(NativeEnv):
    vector_class = vector.Ant


class HumanoidEnv(NativeEnv):
    vector_class = vector.Humanoid
