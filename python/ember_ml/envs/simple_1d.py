"""The built-in task Simple1D-v0 as a Python object, for what cannot run inside the native loop."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Simple1D:
    """A point on a line that wants to be at `target` (cpp/envs/simple_1d.h): 100 steps of at most 1.

    The observation is its position, the reward minus its distance from the target, both float32.
    """

    observation_size = 1
    action_size = 1
    action_low = -1.0
    action_high = 1.0

    def __init__(self, target: float = 10.0, start: float = 0.0, max_steps: int = 100) -> None:
        self.target = np.float32(target)
        self.start = np.float32(start)
        self.max_steps = max_steps
        self._position = self.start
        self._step = 0

    def reset(self) -> NDArray[np.float32]:
        self._position, self._step = self.start, 0
        return np.array([self._position], np.float32)

    def step(self, action: Any) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        self._position = np.float32(self._position + np.float32(np.reshape(action, ())))
        self._step += 1
        reward = -float(np.abs(np.float32(self._position - self.target)))
        over = self._step >= self.max_steps
        return np.array([self._position], np.float32), reward, False, over, {}
