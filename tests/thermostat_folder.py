"""A folder of its own for each test, with an environment of the user's in it."""

import sys

import pytest

SOURCE = """
import numpy as np


class Thermostat:
    observation_size, action_size, max_steps = 1, 1, 10

    def __init__(self, target=20.0, fault=""):
        self.target, self.fault = target, fault
        if fault == "made":
            raise KeyError("no heater")

    def reset(self):
        self.temperature, self.time = 15.0, 0
        return np.array([self.temperature / 20], np.float32)

    def step(self, action):
        print("a step", flush=True)
        self.temperature += float(np.clip(action, -1, 1)) - 0.1 * (self.temperature - 10)
        self.time += 1
        Thermostat.steps += 1
        if self.fault == "step" and Thermostat.steps > 1500:
            raise RuntimeError("the motor burnt out")
        state = np.array([self.temperature / 20], np.float32)
        return state, -abs(self.temperature - self.target), self.time == 10, {}

    steps = 0


def make(target=19.0):
    return Thermostat(target)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with thermostat.py in it; modules imported from it are forgotten afterwards."""
    (tmp_path / "thermostat.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p])
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]
