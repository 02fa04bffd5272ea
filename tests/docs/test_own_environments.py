"""What the guide says of its own environments is so: what is good, what is bad, what is possible."""

from __future__ import annotations

import numpy as np
import pytest
from ember_ml import es
from markdown import ROOT, blocks

GUIDE = ROOT / "docs" / "guide.md"


def run_block_of(name):
    """The names that the guide's block which defines a class leaves."""
    (block,) = [block for block in blocks(GUIDE, "python") if f"class {name}:" in block.code]
    namespace = {"np": np, "es": es, "__name__": "guide"}
    exec(compile(block.code, str(GUIDE), "exec"), namespace)
    return namespace


@pytest.fixture(scope="module")
def thermostat():
    return run_block_of("Thermostat")


def mean_return(thermostat, policy, episodes=200):
    env, total = thermostat(), 0.0
    for seed in range(episodes):
        observation = env.reset(seed)
        for _ in range(env.max_steps):
            observation, reward, _, _ = env.step(policy(*observation))
            total += reward
    return total / episodes


def test_the_thermostat_is_learnt(thermostat):
    run = thermostat["run"]
    assert run.evaluate(episodes=100).mean > -20
    assert mean_return(thermostat["Thermostat"], lambda *o: run.policy(np.array(o))) > -20
    assert run.env.max_steps == 50 and run.env.observation_names == ("inside", "outside")


def test_what_a_thermostat_gets_without_learning(thermostat):
    env = thermostat["Thermostat"]
    fixed = [mean_return(env, lambda *o, h=h: h, 100) for h in np.linspace(0.0, 1.0, 21)]
    assert -290 < max(fixed) < -250
    assert -70 < mean_return(env, lambda inside, outside: float(inside < 20)) < -50
    best = mean_return(env, lambda i, o: np.clip((20.0 - i + 0.1 * (i - o)) / 4.0, 0.0, 1.0))
    assert -4 < best < -2


def test_the_native_thermostat_is_the_same_and_learnt(thermostat):
    pytest.importorskip("numba")
    native = run_block_of("NativeThermostat")
    assert native["run"].evaluate(episodes=100).mean > -20
    policy = native["run"].policy
    assert mean_return(thermostat["Thermostat"], lambda *o: np.squeeze(policy(np.array(o)))) > -20
