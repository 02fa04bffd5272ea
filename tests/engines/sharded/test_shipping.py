"""Environments on their way to other processes: what arrives plays the same episodes."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from conftest import skip_without
from ember_ml import envs
from ember_ml.engines.options import EngineOptions
from ember_ml.engines.select import Problem, choose
from ember_ml.engines.sharded.shipping import made, packed, packed_environment
from ember_ml.envs.numba_env import Decoration
from ember_ml.envs.spec import EnvSpec
from ember_ml.errors import is_installed
from ember_ml.policy.network import network_of
from ember_ml.rollout import Population

ROOT = Path(__file__).parents[3]


def returns(env):
    network = network_of((4,), env, 0)[0]
    size = network.parameters
    engine = choose(problem := Problem(env, network, where=EngineOptions(threads=1))).make(problem)
    try:
        return engine.evaluate(Population(np.full(size, 0.1, np.float32), 0.3, 1, 0, directions=3)).returns
    finally:
        engine.close()


def arrived(env):
    data = packed({"env": env}, packed_environment(env))
    assert isinstance(data, bytes)
    return made(pickle.loads(data))


def test_a_built_in_one_with_constants():
    env = envs.make("CartPole-v1", gravity=5.0)
    assert np.array_equal(returns(arrived(env)), returns(env))


def test_one_in_c_travels_as_its_library(tmp_path):
    source = tmp_path / "walk.c"
    source.write_text((ROOT / "benchmarks" / "linear_task.c").read_text())
    env = envs.compile(source)
    source.unlink()
    assert np.array_equal(returns(arrived(env)), returns(env))


def test_one_of_gymnasiums():
    skip_without("gymnasium")
    env = envs.make("FrozenLake-v1", is_slippery=False)
    there = arrived(env)
    assert there.kwargs == {"is_slippery": False}
    assert np.array_equal(returns(there), returns(env))


def test_one_of_mujocos():
    skip_without("mujoco")
    env = envs.make("Swimmer-v5", reset_noise_scale=0.2)
    assert np.array_equal(returns(arrived(env)), returns(env))


def test_one_for_numba_travels_as_its_functions_to_be_compiled_there():
    class Line:
        def reset(state, rng):
            state[0] = 1.0

        def step(state, action, rng):
            state[0] += 0.5 * action[0]
            return -abs(state[0]), False

    arguments = {"state_size": 1, "observation_size": 1, "action_size": 1, "max_steps": 5}
    spec = EnvSpec("Line", "custom", 1, 1, False, 5, address=1, restorable=False)
    spec = replace(spec, recipe=Decoration(envs.native, arguments, Line))
    skip_without("cloudpickle")
    there = pickle.loads(packed({"env": spec}, packed_environment(spec))).recipe
    state = np.zeros(1)
    there.functions.reset(state, None)
    assert there.functions.step(state, [2.0], None) == (-2.0, False)
    assert there.decorator is envs.native and there.arguments == arguments


@dataclass
class Slope:
    steepness: float = 1.0
    observation_size, action_size, max_steps = 1, 1, 5

    def reset(self, seed=None):
        self.at = np.random.default_rng(seed).normal(size=1)
        return self.at

    def step(self, action):
        self.at = self.at + self.steepness * np.asarray(action).ravel()
        return self.at, -float(self.at[0] ** 2), False, {}


def test_objects_of_ones_own_travel_by_name_or_by_value():
    env = envs.make(Slope(2.0))
    assert np.array_equal(returns(arrived(env)), returns(env))
    if is_installed("cloudpickle"):
        factor = 3.0
        env = envs.make(lambda: Slope(factor))
        assert np.array_equal(returns(arrived(env)), returns(env))


def test_what_cannot_travel_is_named():
    generator = (n for n in range(3))
    env = envs.make(lambda: (generator, Slope())[1])
    with pytest.raises(TypeError, match=r"env: it cannot be sent to other processes \(.*generator.*\)"):
        packed({"env": packed_environment(env)}, packed_environment(env))
