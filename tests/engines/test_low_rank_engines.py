"""Noise of low rank on the engines in Python: the native engine's bits, or its returns to a tolerance."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import skip_without
from ember_ml import _core, envs, es, ops
from ember_ml.engines.device import MlxEngine, TorchEngine
from ember_ml.engines.native import NativeEngine
from ember_ml.engines.python import PythonEngine
from ember_ml.nn.modules import GRU, LSTM, Dense, Module, Sequential
from ember_ml.perturbation import Perturbation
from ember_ml.policy.network import network_of, theta_shape
from ember_ml.rollout import Population, own_numbers, perturb

HIDDEN = {"mlp": (33, 17), "gru": (GRU, 12), "lstm": (LSTM, 9)}


def problem(env_name, hidden):
    env = envs.make(env_name) if isinstance(env_name, str) else env_name
    policy = HIDDEN[hidden]
    if hidden != "mlp":
        kind, units = policy
        policy = Sequential([kind(env.observation_size, units), Dense(units, env.action_size)])
    spec, _, _, theta = network_of(policy, env, 0)
    return env, spec, es.noise(1, 0, 0, theta.size) * np.float32(0.3)


def population(spec, theta, rank, directions=11):
    bound = Perturbation(rank, theta_shape(spec, theta.size))
    return Population(theta, 0.3, 5, 2, directions, perturbation=bound)


def wanted_outputs(spec, members, member, x):
    """The definition in float64, of a chain of dense layers with tanh between them."""
    bound, k, sign = members.perturbation, member // 2, 1 - 2 * (member % 2)
    noise = es.noise(5, 2, k, bound.compact).astype(float)
    theta = members.mean.astype(float)
    for part in bound.stretches:
        theta[part.offset : part.offset + part.size] += sign * 0.3 * noise[part.at : part.at + part.size]
    y = x.astype(float)
    for layer in spec.layers:
        x, y = y, y @ layer.weight(theta) + layer.bias(theta)
        for low in bound.matrices:
            if low.offset == layer.weight_offset:
                a, b = low.factors(noise, bound.rank)
                y = y + sign * 0.3 / np.sqrt(bound.rank) * (x @ a.T) @ b
        y = np.tanh(y) if layer.after else y
    return y


@pytest.mark.parametrize("rank", [1, 3])
def test_the_forward_is_the_definition(rank):
    _, spec, theta = problem("CartPole-v1", "mlp")
    members = population(spec, theta, rank)
    forward = _core.LowRankForward(spec.native(), members.perturbation.native, theta)
    numbers = own_numbers(members, 0, 22)
    x = es.noise(3, 0, 0, 22 * 4).reshape(22, 4)
    found = forward(numbers, np.arange(22), x, np.zeros((22, 0), np.float32))
    wanted = np.array([wanted_outputs(spec, members, m, x[m]) for m in range(22)])
    np.testing.assert_allclose(found, wanted, atol=2e-6)
    with pytest.raises(ValueError, match="numbers: wanted"):
        forward(numbers[:, 1:].copy(), np.arange(22), x, np.zeros((22, 0), np.float32))
    with pytest.raises(IndexError, match="no such row"):
        forward(numbers, np.arange(22) + 1, x, np.zeros((22, 0), np.float32))


@pytest.mark.parametrize("hidden", HIDDEN)
def test_a_forward_does_not_depend_on_who_comes_along(hidden):
    _, spec, theta = problem("Pendulum-v1", hidden)
    members = population(spec, theta, 2, 7)
    x = es.noise(3, 0, 0, 14 * 3).reshape(14, 3)
    forward = _core.LowRankForward(spec.native(), members.perturbation.native, theta)
    numbers = own_numbers(members, 0, 14)
    together = np.zeros((14, spec.memory), np.float32)
    alone = together.copy()
    for _ in range(3):
        y = forward(numbers, np.arange(14), x, together)
        for m in range(14):
            np.testing.assert_array_equal(forward(numbers, [m], x[m : m + 1], alone[m : m + 1])[0], y[m])
    np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.skipif(not any(map(shutil.which, ("cc", "gcc", "clang"))), reason="no C compiler")
def test_the_python_engine_has_the_native_bits(hidden, rank):
    """On an environment in C, which both step."""
    env = envs.compile(Path(__file__).parents[2] / "examples" / "my_env.c")
    env, spec, theta = problem(env, hidden)
    members = population(spec, theta, rank)
    native = NativeEngine(env, spec, max_steps=50, episodes=2).evaluate(members, with_policy=True)
    with PythonEngine(env, spec, max_steps=50, episodes=2) as engine:
        python = engine.evaluate(members, with_policy=True)
    np.testing.assert_array_equal(native.returns, python.returns)
    np.testing.assert_array_equal(native.policy_returns, python.policy_returns)


@pytest.mark.parametrize("engine", [TorchEngine, MlxEngine])
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("rank", [1, 2])
def test_devices_agree_with_native_to_a_tolerance(engine, hidden, rank):
    skip_without("torch" if engine is TorchEngine else "mlx")
    env, spec, theta = problem("Pendulum-v1", hidden)
    members = population(spec, theta, rank)
    native = NativeEngine(env, spec, max_steps=60).evaluate(members, with_policy=True)
    device = engine(env, spec, max_steps=60, device="cpu").evaluate(members, with_policy=True)
    np.testing.assert_allclose(device.returns, native.returns, rtol=1e-3)
    np.testing.assert_allclose(device.policy_returns, native.policy_returns, rtol=1e-3)
    full = replace(members, perturbation=None)
    assert np.abs(NativeEngine(env, spec, max_steps=60).evaluate(full).returns - native.returns).max() > 1


def test_devices_drop_members_whose_episodes_have_ended():
    skip_without("torch")
    env, spec, theta = problem("CartPole-v1", "mlp")
    members = population(spec, theta, 1, 40)
    native = NativeEngine(env, spec).evaluate(members)
    device = TorchEngine(env, spec, compile=False).evaluate(members)
    assert len(set(native.lengths.ravel())) > 5
    assert (device.returns == native.returns).mean() > 0.95


class Sine(Module):
    """Not compiled: a sine between two layers."""

    def __init__(self):
        super().__init__()
        self.first, self.second = Dense(3, 20), Dense(20, 1)

    def forward(self, x):
        return self.second(ops.sin(self.first(x)))


@pytest.mark.parametrize("engine", ["python", "torch", "mlx"])
def test_a_module_that_does_not_compile_gets_members_written_out(engine):
    skip_without({"python": "gymnasium"}.get(engine, engine))
    made = es.OpenAIES(directions=3, sigma=0.3, perturbation=es.LowRank(1))
    trainer = es.Trainer("Pendulum-v1", Sine(), made, engine=engine, max_steps=20, seed=1, progress=False)
    population = trainer.strategy.population()
    assert [m[:3] for m in population.perturbation.matrices] == [(0, 3, 20)]
    before = trainer.theta
    trainer.step()
    assert np.abs(trainer.theta - before).max() > 0
    rows = replace(
        population, rows=perturb(population, 0, 6), antithetic=False, directions=6, common_starts=True
    )
    low = trainer.engine.evaluate(replace(population, common_starts=True), trainer.normalizer)
    np.testing.assert_array_equal(low.returns, trainer.engine.evaluate(rows, trainer.normalizer).returns)


class Scaled(Module):
    """A cell and a layer; by `compiles` in a form that the native core has, or not."""

    def __init__(self, compiles):
        super().__init__()
        ops.set_seed(0)
        self.cell, self.last, self.compiles = LSTM(4, 12), Dense(12, 2), compiles

    def initial_state(self, batch):
        return self.cell.initial_state(batch)

    def forward(self, x, state):
        y, state = self.cell(x, state)
        return (self.last(y) if self.compiles else self.last(y) + 0.0 * ops.sin(y[:, :2])), state


def test_a_cell_has_the_same_matrices_compiled_or_not():
    env = envs.make("CartPole-v1")
    shapes = []
    for compiles in (True, False):
        network, _, reason, theta = network_of(Scaled(compiles), env, 0)
        assert bool(reason) != compiles
        shapes.append(theta_shape(network, theta.size))
    assert shapes[0] == shapes[1]
    assert [m.outputs_first for m in shapes[0].matrices] == [True, True, False]
