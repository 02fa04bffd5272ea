"""Noise of low rank on the native engine: the same bits however it is run, and its definition's members."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from ember_ml import _core, envs, es
from ember_ml.engines.native import NativeEngine
from ember_ml.nn.modules import GRU, LSTM, RNN, Dense, Sequential
from ember_ml.perturbation import Matrix, Perturbation, ThetaShape
from ember_ml.policy.network import network_of, theta_shape
from ember_ml.policy.normalizer import Normalizer
from ember_ml.rollout import Population, perturb
from simd_levels import digest_at

CELLS = {"gru": (GRU, 12), "lstm": (LSTM, 9), "rnn": (RNN, 20)}


def problem(env_name, hidden, scale=3.0):
    """An environment, a compiled policy and parameters that make it act."""
    env = envs.make(env_name)
    if hidden in CELLS:
        kind, units = CELLS[hidden]
        hidden = Sequential([kind(env.observation_size, units), Dense(units, env.action_size)])
    spec, _, _, theta = network_of(hidden, env, 0)
    return env, spec, es.noise(1, 0, 0, theta.size) * np.float32(scale / 5)


def population(spec, theta, rank, directions=21, **fields):
    bound = Perturbation(rank, theta_shape(spec, theta.size))
    return Population(theta, 0.3, 5, 2, directions, perturbation=bound, **fields)


def evaluated(env, spec, members, **options):
    """Everything an evaluation gives, as one array."""
    options = {"max_steps": 40, "normalize": True, **options}
    size = env.observation_size
    normalizer = Normalizer(np.full(size, 0.1, np.float32), np.full(size, 0.9, np.float32))
    result = NativeEngine(env, spec, **options).evaluate(members, normalizer, True)
    leaves = [np.concatenate([[leaf.count], leaf.sum, leaf.sum_of_squares]) for leaf in result.leaves]
    numbers = [result.fitness, result.returns, result.lengths, result.policy_returns, *leaves]
    return np.concatenate([np.ravel(number).astype(float) for number in numbers])


PROBLEMS = [("CartPole-v1", (64, 64)), ("Pendulum-v1", (33, 17)), ("Acrobot-v1", ()), ("Pendulum-v1", "gru"),
            ("Pendulum-v1", "lstm"), ("CartPole-v1", "rnn")]  # fmt: skip


@pytest.mark.parametrize(("env_name", "hidden"), PROBLEMS)
@pytest.mark.parametrize("rank", [1, 3])
def test_threads_layouts_and_shards_change_no_bit(env_name, hidden, rank):
    env, spec, theta = problem(env_name, hidden)
    for episodes in (1, 3):
        for antithetic in (True, False):
            members = population(spec, theta, rank, antithetic=antithetic)
            wanted = evaluated(env, spec, members, threads=1, episodes=episodes)
            for threads in (2, 3, 8):
                for layout in (None, "units", "episodes"):
                    found = evaluated(env, spec, members, threads=threads, layout=layout, episodes=episodes)
                    np.testing.assert_array_equal(found, wanted)
    engine = NativeEngine(env, spec, max_steps=40)
    whole = engine.evaluate(members).fitness
    shard = engine.evaluate(replace(members, first_direction=4, directions=9)).fitness
    np.testing.assert_array_equal(shard, whole[4:13])


@pytest.mark.parametrize(("env_name", "hidden"), [p for p in PROBLEMS if p[0] == "Pendulum-v1"])
@pytest.mark.parametrize("rank", [1, 2])
def test_members_are_the_materialised_ones_to_rounding(env_name, hidden, rank):
    env, spec, theta = problem(env_name, hidden, 1.0)
    members = population(spec, theta, rank, common_starts=True)
    rows = replace(members, rows=perturb(members, 0, 42), directions=42, antithetic=False, perturbation=None)
    engine = NativeEngine(env, spec, max_steps=60)
    low, full = engine.evaluate(members, with_policy=True), engine.evaluate(rows, with_policy=True)
    np.testing.assert_allclose(low.returns, full.returns, rtol=2e-4)
    assert (low.returns != full.returns).any()  # they are two ways to compute
    np.testing.assert_array_equal(low.policy_returns, full.policy_returns)


def test_a_policy_of_small_matrices_alone_is_full_noise():
    """Where rank (m + n) is not below m n nothing is of low rank, and every bit is that of full noise."""
    env, spec, theta = problem("CartPole-v1", (4,))
    assert Perturbation(2, theta_shape(spec, theta.size)).matrices == ()
    members = population(spec, theta, 2)
    np.testing.assert_array_equal(
        evaluated(env, spec, members), evaluated(env, spec, replace(members, perturbation=None))
    )


def test_matrices_that_are_not_the_policys_are_refused():
    env, spec, theta = problem("CartPole-v1", (16,))
    engine = NativeEngine(env, spec)
    for shape in (
        ThetaShape(theta.size, (Matrix(1, 4, 16),)),
        ThetaShape(theta.size, (Matrix(0, 4, 16, True),)),
        ThetaShape(theta.size, (Matrix(60, 5, 5),)),
    ):
        with pytest.raises(ValueError, match=r"perturbation: the weights at .* or their bias are no matrix"):
            engine.evaluate(Population(theta, 0.3, 5, 2, 4, perturbation=Perturbation(1, shape)))
    with pytest.raises(ValueError, match="perturbation: of 70 parameters, the policy has 114"):
        engine.evaluate(Population(theta, 0.3, 5, 2, 4, perturbation=Perturbation(1, ThetaShape(70))))
    with pytest.raises(ValueError, match="scale: wanted 1 value"):
        engine.evaluate(replace(population(spec, theta, 1), scale=np.full(theta.size, 0.3, np.float32)))


def digest() -> str:
    hashed = hashlib.sha256()
    for env_name, hidden in (("CartPole-v1", (13, 7)), ("Pendulum-v1", "gru")):
        env, spec, theta = problem(env_name, hidden)
        members = population(spec, theta, 2, directions=5)
        for layout in (None, "units"):
            hashed.update(evaluated(env, spec, members, layout=layout, max_steps=12).tobytes())
    strategy = es.ARS(directions=6, perturbation=es.LowRank(2))
    strategy.start(np.linspace(-1, 1, 1237), 8, [(30, 41), (7,)])
    for _ in range(3):
        rows = strategy.ask()
        hashed.update(rows.tobytes())
        strategy.tell(-np.square(rows.astype(float)).sum(1))
    hashed.update(strategy.mean.tobytes())
    return hashed.hexdigest()


@pytest.mark.parametrize("level", _core.simd_levels())
def test_levels_agree(level):
    assert digest_at(level, __file__) == digest()


@pytest.mark.parametrize("strategy", [es.OpenAIES, es.ARS])
def test_run_step_and_resumed_are_one_training(tmp_path, strategy):
    def trainer():
        made = strategy(directions=8, sigma=0.3, perturbation=es.LowRank(2))
        return es.Trainer("CartPole-v1", (20,), made, seed=3, generations=6, max_steps=60, progress=False)

    run = trainer().run()
    stepped = trainer()
    for _ in range(6):
        stepped.step()
    halfway = trainer()
    halfway.run(3)
    halfway.save(tmp_path / "half.npz")
    resumed = es.Trainer.load(tmp_path / "half.npz")
    assert resumed.strategy.perturbation == es.LowRank(2)
    resumed.run()
    for other in (stepped, resumed):
        np.testing.assert_array_equal(other.theta, run.theta)
        np.testing.assert_array_equal(other.strategy.best, stepped.strategy.best)
        assert other.history["policy_return"].tolist() == run.history["policy_return"].tolist()
