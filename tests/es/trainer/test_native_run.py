"""Many generations in one native call, against the same generations one by one through ask and tell."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from ember_ml import _core, envs
from ember_ml.engines.native import NativeEngine
from ember_ml.es.strategies import ARS, PGPE, SNES, OpenAIES, SepCMAES
from ember_ml.policy.observation import ObservationStatistics
from ember_ml.policy.spec import DenseLayer, Elementwise, PolicySpec

ADAM = {"name": "Adam", "learning_rate": 0.05}
STRATEGIES = {
    "OpenAIES": lambda: OpenAIES(
        directions=10, sigma=0.1, optimizer=ADAM, sigma_decay=0.1, learning_rate_decay=0.1
    ),
    "raw": lambda: OpenAIES(directions=10, sigma=0.1, optimizer=ADAM, shaping="raw", antithetic=False),
    "ARS": lambda: ARS(directions=10, learning_rate=0.05, sigma=0.1),
    "SNES": lambda: SNES(directions=10),
    "PGPE": lambda: PGPE(directions=10),
    "SepCMAES": lambda: SepCMAES(directions=12),
}


def spec(inputs, hidden, outputs):
    w2 = inputs * hidden + hidden
    end = Elementwise("activation", "tanh")
    return PolicySpec(
        inputs,
        outputs,
        w2 + hidden * outputs + outputs,
        (),
        (
            DenseLayer(inputs, hidden, 0, inputs * hidden, (Elementwise("activation", "relu"),)),
            DenseLayer(hidden, outputs, w2, w2 + hidden * outputs, (end,)),
        ),
    )


def engine(name="Simple1D-v0", normalize=True, **options):
    e = envs.make(name)
    return NativeEngine(e, spec(e.observation_size, 16, e.action_size), normalize=normalize, **options)


def theta(size):
    return np.random.default_rng(0).normal(size=size) * 0.3


def started(make, size, generations=30):
    strategy = make()
    strategy.start(theta(size), seed=7)
    strategy.plan(generations)
    return strategy


def native(strategy, engine, generations, log=None, statistics=None, **options):
    log = log or _core.RunLog()
    _core.run(engine.evaluator, strategy.native, statistics, log, generations=generations, **options)
    return log


PARAMETERS = 49  # of Simple1D's 1-16-1


@pytest.mark.parametrize("name", STRATEGIES)
def test_equals_ask_and_tell_to_the_bit(name):
    """Also of the bookkeeping: history rows, observation statistics, candidate."""
    task, one, many = engine(), *(started(STRATEGIES[name], PARAMETERS) for _ in range(2))
    statistics = ObservationStatistics(1)
    rows, means = [], []
    warm = replace(one.population(), noise_purpose="warmup", reset_purpose="warmup")
    statistics.add(task.evaluate(warm, statistics.normalizer).leaves)
    for _ in range(12):
        evaluation = task.evaluate(one.population(), statistics.normalizer, True)
        returns = evaluation.returns.mean(1)
        means.append((one.mean, statistics.normalizer))
        sigma = one.mean_sigma
        one.tell(evaluation.fitness)
        statistics.add(evaluation.leaves)
        moments = (returns.mean(), returns.std(), returns.max())
        rows.append((evaluation.policy_returns.mean(), *moments, sigma, one.update_norm))
    theirs = _core.ObservationStatistics(1)
    log = native(many, task, 12, statistics=theirs)
    columns = log.records()
    assert log.end == "generations" and log.generations == 12
    assert np.array_equal(one.mean, many.mean) and np.array_equal(one.sigma, many.sigma)
    assert np.array_equal(one.best, many.best) and one.best_fitness == many.best_fitness
    assert theirs.count == statistics.count and np.array_equal(theirs.mean, statistics.mean)
    assert np.array_equal(theirs.freeze()[1], statistics.normalizer.inverse)
    names = ("policy_return", "population_mean", "population_std", "population_max", "sigma", "update_norm")
    for name, expected in zip(names, zip(*rows)):
        np.testing.assert_allclose(columns[name], expected, rtol=1e-12)
    members = many.members
    assert list(columns["generation"]) == list(range(12))
    assert columns["episodes"][0] == 2 * members + 1 and (columns["episodes"][1:] == members + 1).all()
    assert columns["steps"][0] == 100 * (2 * members + 1)
    assert (columns["failed"] == 0).all() and (np.diff(columns["wall_time"]) >= 0).all()
    best = int(np.argmax(columns["policy_return"]))
    assert log.candidate_generation == best and log.candidate_return == columns["policy_return"][best]
    assert np.array_equal(log.candidate, means[best][0])
    assert np.array_equal(log.candidate_mean, means[best][1].mean)
    assert np.array_equal(log.candidate_inverse_deviation, means[best][1].inverse)


def test_one_call_or_many_give_the_same():
    whole, parts = (started(STRATEGIES["OpenAIES"], PARAMETERS) for _ in range(2))
    a, b = _core.ObservationStatistics(1), _core.ObservationStatistics(1)
    native(whole, engine(), 20, statistics=a)
    for count in (1, 7, 0, 12):
        native(parts, engine(), count, statistics=b)
    assert np.array_equal(whole.mean, parts.mean) and np.array_equal(a.mean, b.mean)


def test_threads_do_not_change_the_result():
    means = []
    for threads in (1, 2, 3):
        task = engine("CartPole-v1", threads=threads)
        size = 4 * 16 + 16 + 16 * 2 + 2
        strategy = OpenAIES(directions=40, sigma=0.3, optimizer=ADAM)
        strategy.start(theta(size), seed=1)
        strategy.threads = threads
        native(strategy, task, 4, statistics=_core.ObservationStatistics(4))
        means.append(strategy.mean)
    assert np.array_equal(means[0], means[1]) and np.array_equal(means[0], means[2])


def test_trains():
    strategy = started(STRATEGIES["OpenAIES"], PARAMETERS, 200)
    log = native(strategy, engine(), 200, statistics=_core.ObservationStatistics(1))
    assert log.records()["policy_return"][-1] > -50.0


def test_until_keeps_the_policy_that_reached_it():
    strategy = started(STRATEGIES["OpenAIES"], PARAMETERS, 200)
    statistics = _core.ObservationStatistics(1)
    log = native(strategy, engine(), 200, statistics=statistics, until=-200.0)
    columns = log.records()
    assert log.end == "until" and log.generations < 200
    assert columns["policy_return"][-1] >= -200.0 > columns["policy_return"][:-1].max()
    assert columns["update_norm"][-1] == 0.0 and strategy.generation == log.generations
    assert np.array_equal(strategy.mean, log.candidate)
    assert np.array_equal(statistics.freeze()[0], log.candidate_mean)


def test_budgets_end_with_a_whole_generation():
    strategy = started(STRATEGIES["OpenAIES"], PARAMETERS)
    log = native(strategy, engine(normalize=False), 100, step_budget=5000)
    assert log.end == "step_budget" and log.records()["steps"].sum() == 6300
    log = native(strategy, engine(normalize=False), 10**9, time_budget=0.05, wall_time=100.0)
    assert log.end == "time_budget" and 100.05 <= log.records()["wall_time"][-1] < 105


def test_another_thread_may_watch_and_stop():
    strategy, log = started(STRATEGIES["OpenAIES"], PARAMETERS), _core.RunLog()
    thread = threading.Thread(target=native, args=(strategy, engine(normalize=False), 10**9, log))
    thread.start()
    deadline = time.monotonic() + 20
    while log.generations < 10 and time.monotonic() < deadline:
        time.sleep(0.001)
    assert log.policy_return < 0.0
    log.stop = True
    thread.join(20)
    assert not thread.is_alive()
    assert log.end == "stopped" and log.generations == strategy.generation == len(log.records()["steps"])


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ((engine, None), "statistics: wanted them exactly when"),
        ((lambda: engine(normalize=False), 1), "statistics: wanted them exactly when"),
        ((engine, 2), "statistics: of 2 values, the policy takes 1"),
        ((lambda: engine("Pendulum-v1"), 3), "strategy: has 49 parameters"),
    ],
)
def test_what_does_not_fit_is_refused(task, message):
    strategy = started(STRATEGIES["OpenAIES"], PARAMETERS)
    before = strategy.mean
    with pytest.raises(ValueError, match=message):
        native(strategy, task[0](), 1, statistics=task[1] and _core.ObservationStatistics(task[1]))
    assert strategy.generation == 0 and np.array_equal(strategy.mean, before)


def test_ctrl_c_ends_it_at_a_whole_generation():
    strategy, log = started(STRATEGIES["OpenAIES"], PARAMETERS), _core.RunLog()
    began = time.monotonic()
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        native(strategy, engine(normalize=False), 10**9, log)
    assert time.monotonic() - began < 5.0
    assert log.end == "stopped" and log.generations == strategy.generation > 0


def test_needs_start():
    with pytest.raises(RuntimeError, match="start"):
        native(STRATEGIES["OpenAIES"](), engine(normalize=False), 1)
