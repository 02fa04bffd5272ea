"""Ctrl-C at random moments: no signal is lost, and the trainer stands at a whole generation."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest
from ember_ml import es

# One process, many trials: a thread sends a real SIGINT at a random moment, and every trial must end by it.
LOOP = """
import os, random, signal, sys, threading, time
import numpy as np
from ember_ml import es

signal.signal(signal.SIGINT, signal.default_int_handler)
random.seed({seed})
lost = 0

def trainer(seed=0):
    return es.Trainer({env}, (4,), es.OpenAIES(directions=2), seed=seed, progress=False, {options})

def press(after):
    time.sleep(after)
    press.at = time.monotonic()
    os.kill(os.getpid(), signal.SIGINT)

def late():
    return press.at is not None and time.monotonic() - press.at > 5

class Walk:
    observation_size = action_size = 1
    def reset(self, seed=None):
        self.steps = 0
        return [0.0]
    def step(self, action):
        self.steps += 1
        return [0.1], float(action), self.steps == 3, {{}}

{body}
trainer().run(generations=1)  # imports everything: interrupted, a compiled module raises ImportError
for trial in range({trials}):
    press.at = None
    made = prepare()
    thread = threading.Thread(target=press, args=(random.uniform(0.0, {most}),))
    try:
        thread.start()
        loop(made)
        lost += 1
    except KeyboardInterrupt:
        pass
    try:
        thread.join()
    except KeyboardInterrupt:
        pass
    check(made)
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
print("lost", lost)
"""

STEPS = """
def prepare():
    return trainer()
def loop(made):
    while not late():
        made.step()
def check(made):
    assert made.generation == made.strategy.generation == len(made.history)
    made.step()  # not locked, and goes on
"""

# A stop that is asked for while a run is going on is in run.interrupted, which this loop does not look at.
RUNS = """
class Counted:
    finished = 0
def prepare():
    return Counted()
def loop(made):
    seed = 0
    while not late():
        pressed = press.at is not None
        trainer(seed).run(generations=3)
        made.finished += pressed
        seed += 1
def check(made):
    assert made.finished <= 1, made.finished  # one may begin while the signal is on its way
"""

# This one looks at it.
LOOKS = """
def prepare():
    return trainer()
def loop(made):
    while not late():
        if made.run(generations=3).interrupted:
            raise KeyboardInterrupt
def check(made):
    assert made.generation == made.strategy.generation
    assert not made.run(generations=1).interrupted
"""


@pytest.mark.parametrize("env, options, trials, most", [
    ("'CartPole-v1'", "max_steps=20", 150, 0.01),
    ("Walk", "normalize_observations=False", 100, 0.02),
])  # fmt: skip
@pytest.mark.parametrize("body", [STEPS, RUNS, LOOKS], ids=["step", "runs", "looks"])
def test_no_interrupt_is_lost(body, env, options, trials, most):
    code = LOOP.format(seed=1, env=env, options=options, body=body, trials=trials, most=most)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.stdout == "lost 0\n", done.stdout + done.stderr


def test_a_signal_during_an_update_makes_step_raise_after_it(walk):
    class Pressing(es.SNES):
        def tell(self, fitness):
            super().tell(fitness)
            os.kill(os.getpid(), signal.SIGINT)

    trainer = es.Trainer(walk, (2,), Pressing(2), seed=0)
    with pytest.raises(KeyboardInterrupt):
        trainer.step()
    assert trainer.generation == trainer.strategy.generation == 1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def pressing(trainer):
    if trainer.generation == 1:
        os.kill(os.getpid(), signal.SIGINT)


def test_a_loop_of_trainings_ends(walk):
    finished = []
    with pytest.raises(KeyboardInterrupt, match=r"run\.interrupted"):
        for seed in range(4):
            options = {"callbacks": pressing} if seed == 1 else {}
            finished.append(es.train(walk, strategy=es.SNES(2), seed=seed, generations=3, **options))
    assert [len(run.history) for run in finished] == [3, 1]
    # Said once.
    assert not es.train(walk, strategy=es.SNES(2), seed=0, generations=3).interrupted


@pytest.mark.parametrize("look", [lambda run: run.interrupted, repr], ids=["attribute", "repr"])
def test_who_looks_may_go_on(walk, look):
    run = es.train(walk, strategy=es.SNES(2), seed=0, generations=3, callbacks=pressing)
    assert look(run)
    es.train(walk, strategy=es.SNES(2), seed=0, generations=3)


def test_restarts_hand_the_interrupt_on(walk):
    run = es.train(walk, strategy=es.SNES(2), seed=0, generations=3, restarts=3, callbacks=pressing)
    assert len(run.restarts) == 1
    with pytest.raises(KeyboardInterrupt):
        es.train(walk, strategy=es.SNES(2), seed=0, generations=3)


CELLS = {
    "a loop": ("for train in (first, second): train()", True),
    "a loop of two calls": ("for _ in range(2):\n first()\n second()", True),
    "a loop around two calls": ("def both():\n first()\n second()\nfor _ in range(1): both()", True),
    "a comprehension": ("[train() for train in (first, second)]", True),
    "a loop in C": ("list(map(lambda train: train(), (first, second)))", True),
    "lines of code": ("first()\nfor _ in range(3): second()", False),
    "lines of a function": ("def both():\n first()\n second()\nboth()", False),
    "another loop": ("for _ in range(1): first()\nfor _ in range(1): second()", False),
}


@pytest.mark.parametrize("cell", CELLS)
def test_a_loop_ends_and_other_code_goes_on(walk, cell):
    trainer = es.Trainer(walk, (2,), es.SNES(2), seed=0, callbacks=pressing)
    code, ends = CELLS[cell]
    space = {"first": lambda: trainer.run(generations=3), "second": trainer.step}
    if ends:
        with pytest.raises(KeyboardInterrupt):
            exec(code, space)
        assert trainer.generation == 1
        assert trainer.step()["generation"] == 1  # said once
    else:
        exec(code, space)
        assert trainer.generation > 1


def test_another_cell_goes_on(walk):
    space = {"es": es, "walk": walk, "pressing": pressing}
    cell = "run = es.train(walk, strategy=es.SNES(2), seed=0, generations=3, callbacks={})"
    for number, callbacks in enumerate(("pressing", "()")):
        exec(compile(cell.format(callbacks), f"<cell {number}>", "exec"), space)
    assert not space["run"].interrupted


def test_a_training_inside_a_callback_ends_too(walk):
    inner = []

    def nested(trainer):
        os.kill(os.getpid(), signal.SIGINT)
        inner.append(es.train(walk, strategy=es.SNES(2), seed=0, generations=3))

    run = es.train(walk, strategy=es.SNES(2), seed=0, generations=3, callbacks=nested)
    assert run.interrupted and len(run.history) == 1
    assert [len(one.history) for one in inner] == [0] and inner[0].interrupted


def test_an_error_does_not_swallow_the_interrupt(walk):
    class Failing(walk):
        def step(self, action):
            raise ZeroDivisionError

    class Pressing(es.Callback):
        def on_end(self, trainer):
            os.kill(os.getpid(), signal.SIGINT)

    trainer = es.Trainer(Failing, (2,), es.SNES(2), seed=0, callbacks=Pressing())
    with pytest.raises(KeyboardInterrupt) as caught:
        trainer.run(generations=3)
    assert isinstance(caught.value.__context__, es.EvaluationError)
    with pytest.raises(es.EvaluationError):
        trainer.step()


def test_another_thread_leaves_the_signal_alone(walk):
    runs = []
    thread = threading.Thread(
        target=lambda: runs.append(es.train(walk, strategy=es.SNES(2), seed=0, generations=3))
    )
    thread.start()
    thread.join()
    assert not runs[0].interrupted and len(runs[0].history) == 3
