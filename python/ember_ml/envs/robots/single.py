"""gymnasium's six MuJoCo tasks as single environments: one lane of a native vector env each."""

from __future__ import annotations

from ember_ml.envs.robots.vector import CLASSES
from ember_ml.envs.single import single_classes

globals().update(single_classes(CLASSES, __name__))
