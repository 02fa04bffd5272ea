"""A trainer used in ways it was not made for: it works, or says in one message why not."""

import copy
import os
import pickle
import signal
import threading
import time

import numpy as np
import pytest
from ember_ml import es


def line(**options):
    options = {"strategy": es.OpenAIES(directions=4), "seed": 0, "progress": False, **options}
    return es.Trainer("Simple1D-v0", **options)


@pytest.mark.parametrize("name", ["episodes", "max_steps", "frame_skip", "threads", "workers"])
@pytest.mark.parametrize("value", [2**31, 10**30, float("nan"), float("inf"), "3", [1]])
def test_counts_out_of_range(name, value):
    with pytest.raises((ValueError, TypeError), match=rf"^{name}: got "):
        line(**{name: value})


def test_limits_out_of_range():
    for name in ("generations", "steps"):
        with pytest.raises(ValueError, match=rf"^{name}: got .*at most {2**62}"):
            line().run(**{name: 2**63})
    with pytest.raises(ValueError, match=r"^generations: got .*at most"):
        line(generations=10**30)
    assert len(line().run(generations=2**62, steps=1).history) == 1


def test_only_files_and_runs_travel():
    trainer = line()
    run = trainer.run(generations=3)
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match=r"Trainer\.load"):
            attempt(trainer)
        with pytest.raises(TypeError, match=r"Strategy\.from_config"):
            attempt(trainer.strategy)
    for other in (pickle.loads(pickle.dumps(run)), copy.deepcopy(run)):
        assert other.history == run.history and np.array_equal(other.theta, run.theta)
        assert np.array_equal(other.best.theta, run.best.theta) and other.explain() == run.explain()
        assert np.array_equal(other.evaluate(3).returns, run.evaluate(3).returns)


def test_one_strategy_cannot_serve_two_trainers():
    strategy = es.OpenAIES(directions=4)
    first = line(strategy=strategy)
    run = first.run(generations=2)
    second = line(strategy=strategy, seed=1)
    for use in (first.step, lambda: first.run(generations=1), lambda: first.save("nowhere.npz")):
        with pytest.raises(RuntimeError, match="strategy: another Trainer"):
            use()
    alone = line(seed=1).run(generations=2)
    assert np.array_equal(second.run(generations=2).theta, alone.theta)
    assert len(run.history) == 2


def test_trainers_in_threads_do_not_disturb_each_other():
    wanted, found = line().run(generations=40).theta, []
    threads = [
        threading.Thread(target=lambda: found.append(line().run(generations=40).theta)) for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 5 and all(np.array_equal(theta, wanted) for theta in found)


def test_one_trainer_runs_once_at_a_time():
    said = []

    def again(trainer):
        for use in (trainer.step, lambda: trainer.run(generations=1)):
            with pytest.raises(RuntimeError, match="running already"):
                use()
            said.append(trainer.generation)

    trainer = line(callbacks=again)
    trainer.run(generations=2)
    assert said == [1, 1, 2, 2] and trainer.generation == 2
    trainer.callbacks = []
    assert trainer.step()["generation"] == 2


def test_after_a_callback_raised_training_goes_on():
    def broken(trainer):
        if trainer.generation == 2:
            raise ZeroDivisionError("mine")

    trainer = line(callbacks=broken)
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(ZeroDivisionError):
        trainer.run(generations=5)
    assert trainer.generation == 2 and signal.getsignal(signal.SIGINT) is handler
    trainer.callbacks = []
    assert np.array_equal(trainer.run(generations=3).theta, line().run(generations=5).theta)


def test_after_an_environment_raised_training_goes_on(walk):
    class Breaks(walk):
        left = 10**9

        def step(self, action):
            Breaks.left -= 1
            if Breaks.left < 0:
                raise RuntimeError("the motor burnt out")
            return super().step(action)

    def make():
        return es.Trainer(Breaks, strategy=es.SNES(directions=4), seed=0)

    wanted = make().run(generations=4)
    trainer = make()
    Breaks.left = 200
    with pytest.raises(es.EvaluationError, match="motor"):
        trainer.run(generations=4)
    stood = trainer.generation
    Breaks.left = 10**9
    run = trainer.run(generations=4 - stood)
    assert 0 < stood < 4 and np.array_equal(run.theta, wanted.theta)
    assert np.array_equal(run.history["policy_return"], wanted.history["policy_return"])


def test_ctrl_c_in_a_native_call_gives_the_handler_back():
    trainer = es.Trainer("CartPole-v1", strategy=es.OpenAIES(directions=64), seed=0, progress=False)
    handler = signal.getsignal(signal.SIGINT)
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    begun = time.monotonic()
    run = trainer.run(generations=10**9)
    timer.join()
    assert run.interrupted and time.monotonic() - begun < 20
    assert signal.getsignal(signal.SIGINT) is handler
    assert trainer.strategy.generation == trainer.generation == len(run.history)


def test_somebody_elses_handler_stays():
    pressed = []
    before = signal.signal(signal.SIGINT, lambda number, frame: pressed.append(number))
    try:
        run = line(callbacks=lambda trainer: os.kill(os.getpid(), signal.SIGINT)).run(generations=2)
        assert pressed == [signal.SIGINT] * 2 and not run.interrupted and len(run.history) == 2
    finally:
        signal.signal(signal.SIGINT, before)
