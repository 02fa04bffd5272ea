"""Worker processes: the same results for any number, no process left behind, one clear error each."""

from __future__ import annotations

import multiprocessing
import os

import numpy as np
import pytest
from ember_ml import envs
from ember_ml.engines.base import Population
from ember_ml.engines.policy_spec import DenseLayer, PolicySpec
from ember_ml.engines.python import PythonEngine
from ember_ml.errors import EvaluationError

LINEAR = PolicySpec(2, 1, 3, layers=(DenseLayer(2, 1, 0, 2),))
PEOPLE = Population(np.full(3, 0.1, np.float32), 0.1, seed=1, generation=0, directions=7)


class Noisy:
    """Episodes of random length; at step 2 of an episode it does what `fault` says."""

    def __init__(self, fault=""):
        self.fault = fault

    def reset(self, seed):
        self.random = np.random.default_rng(seed)
        self.end, self.number = int(self.random.integers(1, 30)), 0
        return self.random.normal(size=2)

    def step(self, action):
        self.number += 1
        if self.number == 2 and self.fault == "raise":
            raise OSError("no such device")
        if self.number == 2 and self.fault == "exit":
            os._exit(3)
        return self.random.normal(size=2) * action, float(action) + 1.0, self.number >= self.end, {}


def evaluate(workers, fault="", start_method="spawn", **arguments):
    spec = envs.make(Noisy, fault=fault)
    with PythonEngine(
        spec, LINEAR, normalize=True, workers=workers, start_method=start_method, **arguments
    ) as engine:
        return engine.evaluate(PEOPLE, with_policy=True), engine.evaluate(PEOPLE)


def test_results_do_not_depend_on_the_number_of_workers():
    want, again = evaluate(1, episodes=2)
    np.testing.assert_array_equal(want.returns, again.returns)
    for workers, method in ((2, "spawn"), (3, "forkserver")):
        for got in evaluate(workers, episodes=2, start_method=method):
            np.testing.assert_array_equal(want.returns, got.returns)
            np.testing.assert_array_equal(want.lengths, got.lengths)
            np.testing.assert_array_equal(want.leaves[0].sum_of_squares, got.leaves[0].sum_of_squares)
    assert not [p for p in multiprocessing.active_children() if p.name == "ember-ml-env"]


def test_an_error_in_a_worker_is_the_error_here():
    errors = []
    for workers in (1, 2):
        with pytest.raises(EvaluationError, match="step raised OSError: no such device") as caught:
            evaluate(workers, "raise")
        errors.append(str(caught.value))
    assert errors[0] == errors[1]
    assert "in step" in str(caught.value.__cause__), "the worker's traceback is shown"


def test_a_worker_that_dies():
    with pytest.raises(EvaluationError, match=r"its worker process ended \(exit code 3\)"):
        evaluate(2, "exit")
    assert not [p for p in multiprocessing.active_children() if p.name == "ember-ml-env"]


def test_environments_that_cannot_be_sent():
    class Local(Noisy):
        pass

    for env in (Local, lambda: Noisy()):
        spec = envs.make(env)
        with pytest.raises(TypeError, match=r"cannot be sent to worker processes .* at its top level"):
            PythonEngine(spec, LINEAR, workers=2).evaluate(PEOPLE)


def test_forgotten_engines_leave_no_process():
    engine = PythonEngine(envs.make(Noisy), LINEAR, workers=2, start_method="forkserver")
    engine.evaluate(PEOPLE)
    assert len([p for p in multiprocessing.active_children() if p.name == "ember-ml-env"]) == 2
    del engine
    assert not [p for p in multiprocessing.active_children() if p.name == "ember-ml-env"]
