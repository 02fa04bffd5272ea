"""Worker processes: the same results for any number, no process left behind, one clear error each."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from ember_ml import envs
from ember_ml.engines.python import PythonEngine
from ember_ml.envs.workers import NO_GUARD
from ember_ml.errors import EvaluationError
from ember_ml.policy.spec import DenseLayer, PolicySpec
from ember_ml.rollout import Population

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
    assert type(caught.value.__cause__) is OSError, "what was raised is of its own type"
    assert "in step" in str(caught.value.__cause__.__cause__), "the worker's traceback is shown"


class Awkward(Exception):
    """Cannot be made again from its arguments, as pickle does it."""

    def __init__(self, code, place):
        super().__init__(f"{code} at {place}")


class Held(Exception):
    """Holds what cannot be pickled."""

    def __init__(self):
        super().__init__("held")
        self.lock = threading.Lock()


class Afloat(Noisy):
    def step(self, action):
        raise Awkward(3, "sea")


class Holding(Noisy):
    def step(self, action):
        raise Held()


@pytest.mark.parametrize(("env", "text"), [(Afloat, "Awkward: 3 at sea"), (Holding, "Held: held")])
def test_an_exception_that_cannot_travel_leaves_its_traceback(env, text):
    with (
        PythonEngine(envs.make(env), LINEAR, workers=2, start_method="forkserver") as engine,
        pytest.raises(EvaluationError, match=f"step raised {text}") as caught,
    ):
        engine.evaluate(PEOPLE)
    assert text in str(caught.value.__cause__)


SCRIPT = """
import sys
import numpy as np
from ember_ml import es

print("run as", __name__, flush=True)


class Stop(Exception):
    pass


class Line:
    observation_size = action_size = 1

    def reset(self, seed):
        return np.zeros(1)

    def step(self, action):
        if {raises}:
            raise Stop("here")
        return np.zeros(1), float(action), True, {{}}


def main():
    run = es.train(Line, workers=2, generations=2, seed=0, progress=False)
    print("trained", len(run.history))


{end}
"""


def run_script(tmp_path, end, raises=False):
    file = tmp_path / "script.py"
    file.write_text(SCRIPT.format(end=end, raises=raises))
    return subprocess.run(
        [sys.executable, str(file)], capture_output=True, text=True, check=False, timeout=100
    )


def test_a_script_without_the_guard_is_told_so_in_one_sentence(tmp_path):
    done = run_script(tmp_path, "main()")
    assert done.returncode == 1
    assert done.stderr.count("Traceback") == 1, done.stderr
    assert done.stderr.strip().splitlines()[-1] == f"RuntimeError: {NO_GUARD}"


def test_a_script_with_the_guard_trains(tmp_path):
    done = run_script(tmp_path, 'if __name__ == "__main__":\n    main()')
    assert done.returncode == 0 and "trained 2" in done.stdout, done.stderr


def test_an_exception_of_the_scripts_own_class_keeps_its_type(tmp_path):
    end = """
if __name__ == "__main__":
    try:
        main()
    except es.EvaluationError as error:
        assert type(error.__cause__) is Stop, repr(error.__cause__)
        print("stopped")
"""
    done = run_script(tmp_path, end, raises=True)
    assert "stopped" in done.stdout, done.stderr


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
