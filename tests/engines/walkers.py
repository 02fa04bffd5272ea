"""Small policies, populations and the notebook's environment for the tests of the python engine."""

from __future__ import annotations

import numpy as np
from ember_ml.policy.spec import DenseLayer, Elementwise, PolicySpec
from ember_ml.rollout import Population

MLP = PolicySpec(
    1,
    1,
    49,
    layers=(
        DenseLayer(1, 16, 0, 16, (Elementwise("activation", "relu"),)),
        DenseLayer(16, 1, 32, 48, (Elementwise("activation", "tanh"),)),
    ),
)


def linear(inputs: int, outputs: int) -> PolicySpec:
    return PolicySpec(
        inputs, outputs, (inputs + 1) * outputs, layers=(DenseLayer(inputs, outputs, 0, inputs * outputs),)
    )


def population(parameters: int, **changes) -> Population:
    mean = np.full(parameters, 0.1, np.float32)
    return Population(**{"mean": mean, "scale": 0.1, "seed": 3, "generation": 2, "directions": 5, **changes})


class Walker:
    """The notebook's environment."""

    def __init__(self, target=10.0, steps=100):
        self.target, self.steps = target, steps

    def reset(self):
        self.position, self.number = 0.0, 0
        return np.array([self.position], np.float32)

    def step(self, action):
        self.position += action
        self.number += 1
        reward = -np.abs(self.position - self.target)
        return np.array([self.position], np.float32), reward, self.number >= self.steps, {}
