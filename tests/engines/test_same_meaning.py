"""Options mean the same on every engine: time limits, fitness, failed policies, large rewards."""

from __future__ import annotations

import math
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
from conftest import skip_without
from ember_ml import envs, es
from ember_ml.engines.device import MlxEngine, TorchEngine
from ember_ml.engines.fitness import fitness_of, policy_returns_of, without_offset
from ember_ml.engines.native import NativeEngine
from ember_ml.engines.python import PythonEngine
from ember_ml.policy.spec import DenseLayer, PolicySpec
from ember_ml.rollout import Population

ENGINES = {"native": None, "python": "gymnasium", "torch": "torch", "mlx": "mlx"}
SETTINGS = [(1.0, 0.0), (0.1, 0.3), (0.3, -1e-3), (1.0, 0.1), (7.7, 0.0)]


def engines():
    return pytest.mark.parametrize("engine", list(ENGINES))


@engines()
@pytest.mark.parametrize("max_steps", [None, 1000, 60])
@pytest.mark.parametrize("env, own", [("Pendulum-v1", 200), ("Simple1D-v0", 100)])
def test_max_steps_replaces_the_environments_own_limit(env, own, engine, max_steps):
    if ENGINES[engine]:
        skip_without(ENGINES[engine])
    trainer = es.Trainer(
        env, (3,), es.OpenAIES(directions=1), engine=engine, max_steps=max_steps, seed=0, warmup=False
    )
    assert trainer.step()["steps"] == 3 * (max_steps or own)


@pytest.mark.parametrize("max_steps", [70, 20, None])
@pytest.mark.skipif(not any(map(shutil.which, ("cc", "gcc", "clang"))), reason="no C compiler")
def test_a_c_environments_limit_is_the_same_on_both_engines(max_steps):
    spec = envs.compile(Path(__file__).parents[2] / "examples" / "my_env.c")
    policy = PolicySpec(3, 1, 4, layers=(DenseLayer(3, 1, 0, 3),))
    people = Population(np.zeros(4, np.float32), 0.3, seed=5, generation=3, directions=3)
    native = NativeEngine(spec, policy, max_steps=max_steps).evaluate(people)
    with PythonEngine(spec, policy, max_steps=max_steps) as engine:
        python = engine.evaluate(people)
    assert np.array_equal(native.lengths, python.lengths)
    assert native.lengths.max() == (max_steps or spec.max_steps)


def test_gymnasiums_time_limit_gives_way_or_says_that_it_cannot():
    gymnasium = pytest.importorskip("gymnasium")
    home = "gymnasium.envs.classic_control.pendulum:PendulumEnv"
    gymnasium.register("SlowPendulum-v0", entry_point=home, max_episode_steps=30)
    options = {"strategy": es.OpenAIES(directions=1), "seed": 0, "warmup": False}
    try:
        assert es.Trainer("SlowPendulum-v0", (3,), **options).step()["steps"] == 90
        assert (
            es.Trainer(
                "SlowPendulum-v0", (3,), **{**options, "max_steps": 45, "strategy": es.SNES(1)}
            ).step()["steps"]
            == 135
        )
        for env in (gymnasium.make("SlowPendulum-v0"), lambda: gymnasium.make("SlowPendulum-v0")):
            assert es.Trainer(env, (3,), es.SNES(1), max_steps=20, warmup=False).step()["steps"] == 60
            with pytest.raises(ValueError, match=r"max_steps: got 45.*after 30 steps.*max_episode_steps=45"):
                es.Trainer(env, (3,), es.SNES(1), max_steps=45)
        bare = gymnasium.make("SlowPendulum-v0").unwrapped  # still has its spec, but no limit inside
        assert es.Trainer(bare, (3,), es.SNES(1), max_steps=45, warmup=False).step()["steps"] == 135
    finally:
        del gymnasium.registry["SlowPendulum-v0"]


@pytest.mark.parametrize("scale, offset", SETTINGS)
def test_fitness_is_the_native_engines_bit_for_bit(scale, offset):
    options = {"episodes": 3, "reward_scale": scale, "reward_offset": offset}
    policy = PolicySpec(4, 2, 10, layers=(DenseLayer(4, 2, 0, 8),))
    mean = np.random.default_rng(1).normal(size=10).astype(np.float32)
    people = Population(mean, 0.5, seed=5, generation=3, directions=30)
    found = NativeEngine(envs.make("CartPole-v1"), policy, **options).evaluate(people, with_policy=True)
    sums = without_offset(found.returns, found.lengths, offset)
    assert np.array_equal(found.fitness, fitness_of(sums, found.failed, scale))


@pytest.mark.parametrize("scale, offset", SETTINGS)
@pytest.mark.skipif(not any(map(shutil.which, ("cc", "gcc", "clang"))), reason="no C compiler")
def test_a_c_environments_fitness_is_the_same_on_both_engines(scale, offset):
    spec = envs.compile(Path(__file__).parents[2] / "examples" / "my_env.c")
    policy = PolicySpec(3, 1, 4, layers=(DenseLayer(3, 1, 0, 3),))
    mean = np.random.default_rng(0).normal(size=4).astype(np.float32)
    people = Population(mean, 0.3, seed=5, generation=3, directions=10)
    options = {"episodes": 3, "reward_scale": scale, "reward_offset": offset}
    native = NativeEngine(spec, policy, **options).evaluate(people, with_policy=True)
    with PythonEngine(spec, policy, **options) as engine:
        python = engine.evaluate(people, with_policy=True)
    assert np.array_equal(native.fitness, python.fitness)
    assert np.array_equal(native.policy_returns, python.policy_returns)


@engines()
def test_a_failed_unperturbed_policy_returns_minus_infinity(engine):
    if ENGINES[engine]:
        skip_without(ENGINES[engine])
    policy = PolicySpec(3, 1, 4, layers=(DenseLayer(3, 1, 0, 3),))
    mean = np.array([0, 0, 0, np.nan], np.float32)
    people = Population(mean, 0.0, seed=5, generation=3, directions=1, rows=None)
    env = envs.make("Pendulum-v1")
    if engine == "python":
        from ember_ml.engines.select import in_python

        made = PythonEngine(in_python(env), policy, episodes=2)
    elif engine == "native":
        made = NativeEngine(env, policy, episodes=2)
    else:
        made = (TorchEngine if engine == "torch" else MlxEngine)(env, policy, device="cpu", episodes=2)
    found = made.evaluate(people, with_policy=True)
    made.close()
    assert found.failed.all() and (found.fitness == -np.inf).all()
    assert (found.policy_returns == -np.inf).all() and found.policy_returns.shape == (2,)
    # The step that failed counts, its reward does not.
    assert (found.lengths == 1).all() and (found.policy_lengths == 1).all() and (found.returns == 0).all()


def test_a_failed_episode_leaves_the_others_of_the_policy():
    returns = policy_returns_of(np.array([1.0, 2.0]), np.array([False, True]))
    assert returns.tolist() == [1.0, -np.inf]


class Steep:
    """The reward is a constant plus how near the action is to 0.7."""

    observation_size = action_size = 1
    constant = 0.0

    def reset(self, seed=None):
        self.steps = 0
        return [1.0]

    def step(self, action):
        self.steps += 1
        return [1.0], self.constant - (float(action) - 0.7) ** 2, self.steps == 5, {}


@pytest.mark.parametrize("constant", [1e8, 1e10])
def test_large_rewards_of_python_keep_their_signal(constant):
    kind = type("Steep", (Steep,), {"constant": constant})
    policy = PolicySpec(1, 1, 1, layers=(DenseLayer(1, 1, 0, -1),))
    rows = np.linspace(0, 1, 11, dtype=np.float32)[:, None]
    people = Population(rows[0], 0.0, 0, 0, directions=11, antithetic=False, rows=rows)
    with PythonEngine(envs.make(kind), policy, reward_offset=constant) as engine:
        found = engine.evaluate(people)
    wanted = -5 * (rows[:, 0].astype(float) - 0.7) ** 2
    # A float64 of 1e10 has steps of 2e-6.
    np.testing.assert_allclose(found.fitness, wanted, atol=5 * np.spacing(constant))
    run = es.train(
        kind,
        policy,
        es.SNES(8, sigma=0.3),
        seed=0,
        generations=40,
        reward_offset=constant,
        normalize_observations=False,
    )
    assert abs(run.theta[0] - 0.7) < 0.05


def test_huge_rewards_neither_warn_nor_lose_their_deviation():
    class Huge(Steep):
        def step(self, action):
            _, reward, over, info = super().step(action)
            return [1.0], reward * 1e300, over, info

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run = es.train(Huge, (2,), es.SNES(8, sigma=0.3), seed=0, generations=20)
    history = run.history
    assert all(
        np.isfinite(history[name]).all() for name in ("policy_return", "population_mean", "population_std")
    )
    assert (history["population_std"] > 1e298).all() and history["policy_return"][-1] > history[
        "policy_return"
    ][0]


def test_a_return_that_is_not_finite_is_an_error():
    class Endless(Steep):
        def step(self, action):
            super().step(action)
            return [1.0], 1.7e308, self.steps == 5, {}

    with pytest.raises(es.EvaluationError, match="sum of the episode's rewards is not finite"):
        es.train(Endless, (2,), es.SNES(2), seed=0, generations=1)


def test_a_callbacks_answer_may_be_numpys_bool_and_nothing_else(walk):
    def trained(answer):
        return len(
            es.train(walk, strategy=es.SNES(2), seed=0, generations=3, callbacks=lambda t: answer).history
        )

    assert [trained(x) for x in (None, False, np.False_)] == [3, 3, 3]
    assert [trained(x) for x in (True, np.True_, np.array(True), np.float64(3) > 2)] == [1, 1, 1, 1]
    for answer in (1, 0, math.nan, "stop", np.array([True, False])):
        with pytest.raises(TypeError, match=r"callbacks: <lambda> returned .*, wanted True to stop"):
            trained(answer)

    class Own(es.Callback):
        def on_generation(self, trainer):
            return np.True_

    assert len(es.train(walk, strategy=es.SNES(2), seed=0, generations=3, callbacks=Own()).history) == 1
