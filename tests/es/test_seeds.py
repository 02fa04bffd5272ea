"""es.train(seeds=...): many trainings at once, each as it is alone."""

import inspect
import os
import signal
import subprocess
import sys
import threading
import typing
from pathlib import Path

import numpy as np
import pytest
from ember_ml import es
from ember_ml.nn.modules import Dense, Module
from ember_ml.training import Adam

SHORT = {"preset": None, "generations": 5, "progress": False}


class Network(Module):
    def __init__(self):
        super().__init__()
        self.only = Dense(4, 2)

    def forward(self, x):
        return self.only(x)


def assert_same(run, alone):
    assert run.seed == alone.seed and np.array_equal(run.theta, alone.theta)
    for field in es.History().to_numpy().dtype.names:
        if field != "wall_time":
            assert np.array_equal(run.history[field], alone.history[field]), field
    assert run.config["trainer"] == alone.config["trainer"]
    assert np.array_equal(run.evaluate(5).returns, alone.evaluate(5).returns)


@pytest.mark.parametrize(
    "options",
    [
        {"preset": "auto", "generations": 4},
        {"strategy": "snes", "threads": 3},
        {"strategy": "cr-fm-nes", "episodes": 2, "threads": 2},
        {"until": 60.0, "generations": 40},
        {"restarts": 2},
        {"keep": "best", "eval_every": 2, "eval_episodes": 5},
        {"steps": 500, "generations": 40},
    ],
    ids=str,
)
def test_each_has_the_bits_that_it_has_alone(options):
    options = {**SHORT, "threads": 2, **options}
    runs = es.train("CartPole-v1", seeds=[3, 0, 12], **options)
    assert isinstance(runs, es.Runs) and len(runs) == 3 and not runs.interrupted
    for seed, run in zip([3, 0, 12], runs):
        alone = es.train("CartPole-v1", seed=seed, **options)
        assert_same(run, alone)
        assert (run.reached, run.kept) == (alone.reached, alone.kept)
        assert [r["seed"] for r in run.restarts] == [r["seed"] for r in alone.restarts]


def test_a_module_and_a_strategy_stay_as_they_are():
    network, strategy = Network(), es.OpenAIES(directions=3, sigma=0.5, optimizer=Adam(learning_rate=0.1))
    first = network.to_vector()
    runs = es.train("CartPole-v1", network, strategy, seeds=range(3), threads=2, **SHORT)
    assert np.array_equal(network.to_vector(), first) and strategy.parameters == 0
    for seed, run in enumerate(runs):
        fresh = Network()
        fresh.from_vector(first)
        strategy = es.OpenAIES(directions=3, sigma=0.5, optimizer=Adam(learning_rate=0.1))
        assert_same(run, es.train("CartPole-v1", fresh, strategy, seed=seed, threads=2, **SHORT))
    assert len({run.theta.tobytes() for run in runs}) == 3


def test_python_environments_follow_one_another(walk):
    runs = es.train(walk, (3,), seeds=2, **SHORT)
    for seed, run in enumerate(runs):
        assert_same(run, es.train(walk, (3,), seed=seed, **SHORT))


def test_callbacks_are_called_by_one_training_at_a_time():
    inside, seen = [], []

    def look(trainer):
        assert not inside
        inside.append(1)
        seen.append((trainer.seed, trainer.generation, threading.current_thread()))
        inside.pop()

    es.train("CartPole-v1", seeds=range(3), threads=2, callbacks=look, **SHORT)
    main = threading.main_thread()
    assert seen == [(seed, generation, main) for seed in range(3) for generation in range(1, 6)]


def test_no_thread_is_left():
    before = threading.active_count()
    es.train("CartPole-v1", seeds=range(4), threads=4, **SHORT)
    assert threading.active_count() == before


def test_what_cannot_be_trained_ends_all():
    with pytest.raises(ValueError, match="theta0: got shape"):
        es.train("CartPole-v1", seeds=range(4), threads=2, theta0=[0.0], **SHORT)
    with pytest.raises(TypeError, match="until: got 'much'"):
        es.train("CartPole-v1", seeds=range(4), threads=2, until="much", **SHORT)
    assert len(es.train("CartPole-v1", seeds=2, threads=2, **SHORT)) == 2


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"seeds": []}, ValueError, "seeds: got none"),
        ({"seeds": [1, 2, 1]}, ValueError, "seeds: got 1 twice"),
        ({"seeds": 0}, ValueError, "seeds: got 0"),
        ({"seeds": "12"}, TypeError, "seeds: got '12'"),
        ({"seeds": 1.5}, TypeError, "seeds: got 1.5"),
        ({"seeds": [-1]}, ValueError, "seed: got -1"),
        ({"seeds": [1], "seed": 2}, ValueError, "seed: got 2 beside seeds=\\[1\\]"),
        ({"seeds": [1], "epsodes": 2}, TypeError, "'epsodes'; did you mean 'episodes'"),
    ],
)
def test_errors_name_the_argument(given, error, message):
    with pytest.raises(error, match=message):
        es.train("CartPole-v1", **given)


def test_both_signatures_of_train_have_the_same_options():
    if not hasattr(typing, "get_overloads"):
        pytest.skip("this Python does not keep overloads")
    one, _ = typing.get_overloads(es.train)
    kept = {name: p.default for name, p in inspect.signature(one).parameters.items()}
    assert kept == {name: p.default for name, p in inspect.signature(es.train).parameters.items()}


#: Ctrl-C when three have finished and one, of ten million generations, has not.
PROGRAM = """
import os, signal, threading, time
from ember_ml import es
from ember_ml.es.recipe import Recipe

signal.signal(signal.SIGINT, signal.default_int_handler)
done, train, make = [], Recipe.train, Recipe.trainer

def counted(self, *arguments, **options):
    run = train(self, *arguments, **options)
    done.append(run.seed)
    return run

def longer(self, seed, **options):
    made = make(self, seed, **options)
    if seed == 2:
        made.run = lambda **limits: es.Trainer.run(made, 10**7, **limits)
    return made

def press():
    while len(done) < 3:
        time.sleep(0.02)
    time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGINT)

Recipe.train, Recipe.trainer = counted, longer
presses = threading.Thread(target=press)
presses.start()
runs = es.train("CartPole-v1", preset=None, generations=4, seeds=range(4), threads=2, progress=False)
presses.join()
print(runs.seeds, [run.seed for run in runs.unfinished], runs.interrupted, threading.active_count())
print(len(runs.unfinished[0].history) > 4, runs.unfinished[0].interrupted)
es.train("CartPole-v1", generations=1, seed=0, progress=False)
"""


def test_ctrl_c_gives_the_finished_ones():
    out = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120)
    assert out.returncode == 0, out.stderr
    assert out.stdout.splitlines() == ["[0, 1, 3] [2] True 1", "True True"]


OVERLOOKED = """
import os, signal, threading, time
from ember_ml import es
signal.signal(signal.SIGINT, signal.default_int_handler)
es.train("CartPole-v1", seeds=2, threads=2, generations=1)
threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
for round in range(2):
    runs = es.train("CartPole-v1", preset=None, generations=10**6, seeds=range(4), threads=2, progress=False)
    print("trained", len(runs.unfinished))
"""


def test_a_loop_that_overlooks_it_ends():
    out = subprocess.run([sys.executable, "-c", OVERLOOKED], capture_output=True, text=True, timeout=120)
    assert out.returncode != 0 and "KeyboardInterrupt" in out.stderr and out.stdout == "trained 2\n"


def test_progress_is_one_line(capfd, monkeypatch):
    from ember_ml.es.trainer import progress

    monkeypatch.setattr(progress, "HEARTBEAT", 0.0)
    monkeypatch.setattr(progress, "SLOWEST", 0.0)  # a tenth of the time gone is long on a busy machine
    es.train("CartPole-v1", seeds=range(3), threads=2, preset=None, generations=5)
    lines = capfd.readouterr().err.splitlines()
    assert lines[-1].startswith("CartPole-v1, 3 seeds: generation 15 of 15, 3 seeds done, ")
    es.train("CartPole-v1", seeds=range(3), threads=2, **SHORT)
    assert capfd.readouterr().err == ""


def test_each_run_is_written_when_it_is_finished(tmp_path: Path) -> None:
    """What kills the process costs only what is under way: files of the others are there, and whole."""
    program = f"""
import os, signal, threading, time
from pathlib import Path
from ember_ml import es
folder = Path({os.fspath(tmp_path / "runs")!r})
def kill():
    while len(list(folder.glob("seed-*.npz"))) < 2:
        time.sleep(0.001)
    os.kill(os.getpid(), signal.SIGKILL)
threading.Thread(target=kill, daemon=True).start()
options = dict(preset=None, generations=20, threads=2, progress=False)
es.train("CartPole-v1", seeds=range(100_000), folder=folder, **options)
"""
    ended = subprocess.run([sys.executable, "-c", program], timeout=100)
    assert ended.returncode == -signal.SIGKILL
    found = es.Runs.load(tmp_path / "runs")
    assert len(found) >= 2
    for run in found:
        alone = es.train("CartPole-v1", preset=None, generations=20, seed=run.seed, progress=False)
        assert np.array_equal(run.theta, alone.theta)
        assert run.setup.problem.where.threads == 2


def test_a_folder_needs_seeds_and_what_cannot_be_written_is_given_back(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"folder: got '.*' without seeds"):
        es.train("CartPole-v1", generations=1, folder=tmp_path, progress=False)
    (tmp_path / "seed-1.npz").mkdir()
    with pytest.warns(RuntimeWarning, match="seed 1 is not written"):
        runs = es.train("CartPole-v1", generations=1, seeds=3, threads=1, folder=tmp_path, progress=False)
    assert runs.seeds == [0, 1, 2]
    assert sorted(file.name for file in tmp_path.glob("*.npz") if file.is_file()) == [
        "seed-0.npz",
        "seed-2.npz",
    ]
