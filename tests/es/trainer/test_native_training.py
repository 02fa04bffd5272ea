"""Training on the native engine: one result whatever runs it."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from ember_ml import _core, es
from ember_ml.es.trainer.generation import Generations
from ember_ml.training import Adam

STRATEGIES = {
    "openai_es": lambda: es.OpenAIES(
        directions=20, sigma=0.1, optimizer=Adam(learning_rate=0.05), sigma_decay=0.1
    ),
    "raw": lambda: es.OpenAIES(directions=5, sigma=0.1, shaping="raw", antithetic=False),
    "ars": lambda: es.ARS("V2-t", directions=8, top=4),
    "snes": lambda: es.SNES(directions=5),
    "pgpe": lambda: es.PGPE(directions=5),
    "sep_cmaes": lambda: es.SepCMAES(),
}


def same(one, other, clock=True):
    assert np.array_equal(one.theta, other.theta)
    for name in one.history.to_numpy().dtype.names:
        if name != "wall_time":
            assert np.array_equal(one.history[name], other.history[name], equal_nan=True), name


def one_by_one(monkeypatch):
    """From here on generations go through Python, on the same engine."""
    monkeypatch.setattr(Generations, "runs_natively", property(lambda self: False))


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("env", ["CartPole-v1", "MountainCarContinuous-v0"])
def test_the_native_loop_equals_the_python_loop(monkeypatch, strategy, env):
    def train():
        trainer = es.Trainer(
            env, strategy=STRATEGIES[strategy](), seed=2, episodes=2, generations=6, max_steps=60
        )
        return trainer, trainer.run()

    native, run = train()
    assert native._training.runs_natively and "many in one native call" in native.explain()
    one_by_one(monkeypatch)
    looped, again = train()
    same(run, again)
    a, b = native.candidate, looped.candidate
    assert (a.policy_return, a.generation) == (b.policy_return, b.generation)
    assert np.array_equal(a.theta, b.theta) and np.array_equal(a.normalizer.mean, b.normalizer.mean)
    assert np.array_equal(a.normalizer.inverse, b.normalizer.inverse)


@pytest.mark.parametrize("options", [
    {"normalize_observations": False}, {"common_starts": True}, {"warmup": False}, {"frame_skip": 3},
    {"reward_offset": 1.0}, {"clip_actions": False}, {"layout": "units"},
    {"layout": "episodes", "episodes": 3},
], ids=str)  # fmt: skip
def test_options_mean_the_same_on_both_loops(monkeypatch, options):
    def train():
        strategy = STRATEGIES["openai_es"]()
        return es.Trainer("Pendulum-v1", strategy=strategy, seed=2, max_steps=40, **options).run(
            generations=3
        )

    run = train()
    one_by_one(monkeypatch)
    same(run, train())


def test_threads_layouts_slices_and_steps_do_not_matter():
    def trainer(**options):
        return es.Trainer(
            "CartPole-v1", strategy=STRATEGIES["openai_es"](), seed=7, generations=12, **options
        )

    whole = trainer(threads=1).run()
    same(whole, trainer(threads=3).run())
    same(whole, trainer(layout="members").run())
    same(whole, trainer(layout="units").run())
    same(whole, trainer(callbacks=[es.Callback(every=5), es.Callback(every=7)]).run())
    stepping = trainer()
    for _ in range(12):
        stepping.step()
    assert np.array_equal(stepping.theta, whole.theta)
    timed = trainer()
    while timed.generation < 12:
        timed.run(generations=12 - timed.generation, seconds=1e-6)
    assert np.array_equal(timed.theta, whole.theta)


@pytest.mark.parametrize("level", _core.simd_levels())
def test_simd_levels_do_not_matter(level):
    program = (
        "from ember_ml import es; import json; "
        "run = es.Trainer('CartPole-v1', policy=(4,), strategy=es.OpenAIES(directions=6), seed=7,"
        " max_steps=50).run(generations=4); "
        "print(json.dumps([run.theta.tolist(), run.history['policy_return'].tolist()]))"
    )
    environment = {**os.environ, "EMBER_SIMD": level}
    answer = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True)
    strategy = es.OpenAIES(directions=6)
    run = es.Trainer("CartPole-v1", policy=(4,), strategy=strategy, seed=7, max_steps=50).run(generations=4)
    assert json.loads(answer.stdout) == [run.theta.tolist(), run.history["policy_return"].tolist()]


def test_until_ends_natively_without_an_update():
    trainer = es.Trainer("CartPole-v1", strategy=STRATEGIES["ars"](), policy=(), seed=0)
    run = trainer.run(generations=200, until=200.0)
    returns = run.history["policy_return"]
    assert run.reached and returns[-1] >= 200 > returns[:-1].max()
    assert run.history[-1]["update_norm"] == 0 and len(returns) < 200
    assert np.array_equal(trainer.candidate.theta, run.theta)


def test_step_and_time_budgets_natively():
    def trainer():
        return es.Trainer("Simple1D-v0", strategy=es.SNES(directions=5), seed=0)

    # Eleven episodes of 100 steps a generation; the warm-up's ten are in the first.
    assert trainer().run(steps=2101).history["steps"].tolist() == [2100, 1100]
    assert trainer().run(steps=2100).history["steps"].tolist() == [2100]
    run = trainer().run(seconds=0.05)
    assert len(run.history) > 3 and run.history[-1]["wall_time"] < 5


def test_callbacks_fire_at_their_generations():
    seen = []

    class Every(es.Callback):
        def on_generation(self, trainer):
            seen.append((self.every, trainer.generation, len(trainer.history)))
            return trainer.generation == 12

    es.Trainer("Simple1D-v0", strategy=es.SNES(), seed=0, callbacks=[Every(4), Every(6)]).run(generations=100)
    assert seen == [(4, 4, 4), (6, 6, 6), (4, 8, 8), (4, 12, 12), (6, 12, 12)]


def test_the_seeds_budget_and_result():
    run = es.train("Simple1D-v0", generations=200, seed=11)
    assert set(run.history["episodes"]) == {21}
    assert run.evaluate(1).mean > -46


def test_a_strategy_only_python_can_drive():
    class Own(Adam):
        pass

    trainer = es.Trainer(
        "CartPole-v1", strategy=es.OpenAIES(directions=4, optimizer=Own(learning_rate=0.01)), seed=0
    )
    assert not trainer._training.runs_natively and "Own" in trainer.explain()
    builtin = es.OpenAIES(directions=4, optimizer=Adam(learning_rate=0.01))
    run, native = (
        trainer.run(generations=3),
        es.Trainer("CartPole-v1", strategy=builtin, seed=0).run(generations=3),
    )
    np.testing.assert_allclose(run.theta, native.theta, rtol=1e-5, atol=1e-6)


def test_failed_members_are_counted_and_rank_last():
    # Weights beyond the largest float: outputs are infinite times zero.
    strategy = es.OpenAIES(directions=4, sigma=4e37, optimizer=Adam(learning_rate=1e-30))
    policy = es.MLPPolicy(activation="relu", scale_to_bounds=False)
    run = es.Trainer("Pendulum-v1", policy=policy, strategy=strategy,
                     clip_actions=False, normalize_observations=False, seed=0).run(generations=1)  # fmt: skip
    assert run.history[0]["failed"] > 0 and np.isfinite(run.history[0]["policy_return"])
    assert np.isfinite(run.theta).all()
