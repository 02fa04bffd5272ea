"""A small environment written in Python, as a user would."""

import numpy as np


class Walk:
    """The notebook's task, shorter: walk to 3."""

    observation_size = 1
    action_size = 1
    action_low = -1.0
    action_high = 1.0
    length = 10

    def __init__(self):
        self.position = 0.0
        self.step_number = 0

    def reset(self, seed=None):
        self.position = 0.0 if seed is None else (seed % 1000) / 10000
        self.step_number = 0
        return np.array([self.position], np.float32)

    def step(self, action):
        self.position += float(action)
        self.step_number += 1
        done = self.step_number >= self.length
        return np.array([self.position], np.float32), -abs(self.position - 3.0), done, {}
