"""Training on processes of this machine: the bits of one process, whatever happens to the workers."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

import numpy as np
import pytest
from ember_ml import engines, es
from ember_ml.engines.sharded.shipping import packed_environment
from ember_ml.envs.spec import EnvSpec
from ember_ml.errors import EvaluationError
from ember_ml.es.state.replica import Replica, ReplicaMaker
from error_ends import leaves_nothing_running

STRATEGIES = {
    "openai-es": lambda: es.OpenAIES(directions=48, sigma=0.1),
    "ars": lambda: es.ARS(directions=48, top=16),
    "snes": lambda: es.SNES(directions=48, sigma=0.3),
    "pgpe": lambda: es.PGPE(directions=48, sigma=0.3),
    "sep-cmaes": lambda: es.SepCMAES(directions=48, sigma=0.3),
    "cr-fm-nes": lambda: es.CRFMNES(directions=48, sigma=0.3),
}


def trainer(engine="auto", strategy="openai-es", env="CartPole-v1", generations=8, **options):
    made = STRATEGIES[strategy]()
    options = {"seed": 5, "progress": False, "policy": (8,), "generations": generations, **options}
    return es.Trainer(env, strategy=made, engine=engine, **options)


def final(made):
    with made:
        run = made.run()
    return run.theta.tobytes(), run.history.to_numpy()[list(COMPARED)]


COMPARED = (
    "generation", "policy_return", "population_mean", "population_std", "population_max", "episodes", "steps",
    "failed", "sigma", "update_norm",
)  # fmt: skip


def same(first, second):
    return first[0] == second[0] and np.array_equal(first[1], second[1])


@pytest.mark.parametrize("strategy", ["openai-es", "snes", "cr-fm-nes"])
def test_two_workers_train_as_one_process(strategy):
    assert same(final(trainer(engines.Local(workers=2), strategy)), final(trainer(strategy=strategy)))


class At:
    """A callback that does something after a generation, once."""

    def __init__(self, **what):
        self.what = {int(name[1:]): call for name, call in what.items()}

    def __call__(self, made):
        call = self.what.pop(made.generation, None)
        if call is not None:
            call(made)


def pid(made):
    """Of the worker that joined last: an older one may be dead and not heard of yet."""
    return max(made.engine.transport.pids().items())[1]


def kill(made):
    os.kill(min(made.engine.transport.pids().items())[1], signal.SIGKILL)


def freeze(made):
    os.kill(pid(made), signal.SIGSTOP)


def freeze_for_a_while(made):
    number = pid(made)
    os.kill(number, signal.SIGSTOP)
    threading.Timer(0.3, go_on, (number,)).start()


def go_on(number):
    with contextlib.suppress(ProcessLookupError):
        os.kill(number, signal.SIGCONT)


def test_killed_frozen_joining_and_leaving_workers_change_nothing():
    happens = At(
        g2=kill,
        g4=freeze,
        g5=lambda made: time.sleep(1.2),  # meanwhile its lease ends, though another has done its shard
        g6=lambda made: made.engine.transport.add(),
        g7=freeze_for_a_while,
        g9=lambda made: made.engine.transport.remove(max(made.engine.transport.pids())),
    )
    made = trainer(engines.Local(workers=2, lease=1.0), generations=12, callbacks=[happens])
    with made:
        run = made.run()
        counts = made.engine.coordinator.counts
        pids = list(made.engine.transport.pids().values())
        assert "were lost" in made.explain()
    assert counts.lost >= 3 and counts.frozen >= 1
    assert run.theta.tobytes() == final(trainer(generations=12))[0]
    assert not any(alive(number) for number in pids)


def alive(number):
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


@dataclass(frozen=True)
class FlippingMaker(ReplicaMaker):
    def __call__(self, threads):
        made = super().__call__(threads)
        made.__class__ = Flipping
        made.flipped = False
        return made


class Flipping(Replica):
    """One bit of the mean flips after the update of generation 2."""

    def digest(self):
        if self.strategy.generation == 3 and not self.flipped:
            self.flipped = True
            state = self.strategy.state_dict()
            state["mean"].view(np.uint32)[7] ^= 1
            self.strategy.load_state_dict(state)
        return super().digest()


def test_a_flipped_bit_is_found_before_the_next_evaluation_and_repaired(monkeypatch):
    monkeypatch.setattr("ember_ml.es.trainer.recording.ReplicaMaker", FlippingMaker)
    made = trainer(engines.Local(workers=1))
    with made:
        run = made.run()
        counts = made.engine.coordinator.counts
    assert counts.differed >= 1 and counts.snapshots == 2 and counts.lost == 0
    assert run.theta.tobytes() == final(trainer())[0]


class Walk:
    observation_size, action_size, max_steps = 2, 1, 20

    def reset(self, seed=None):
        self.at = np.random.default_rng(seed).normal(size=2)
        self.number = 0
        return self.at

    def step(self, action):
        self.number += 1
        self.at = self.at + 0.1 * np.asarray(action).ravel()[0]
        return self.at, -float(np.abs(self.at).sum()), self.number >= self.max_steps, {}


class Broken(Walk):
    def step(self, action):
        if self.number == 3 and self.at[0] > 1.0:
            raise OSError("no such device")
        return super().step(action)


def test_an_environment_of_ones_own_in_python():
    options = {"env": Walk, "generations": 3, "reward_offset": 0.25}
    assert same(final(trainer(engines.Local(workers=2), **options)), final(trainer(**options)))


def test_an_error_on_a_worker_names_the_member_and_training_stands_where_it_stood():
    alone = trainer(env=Broken, warmup=False)
    with pytest.raises(EvaluationError, match="no such device") as here:
        alone.run()
    made = trainer(engines.Local(workers=1, shard=32), env=Broken, warmup=False)
    with made, pytest.raises(EvaluationError, match="no such device") as there:
        made.run()
    assert there.value.member is not None and there.value.generation == here.value.generation
    assert made.generation == alone.generation


def test_what_cannot_travel_is_said_before_training_starts():
    with pytest.raises(TypeError, match="env: mine is known by its address alone"):
        packed_environment(EnvSpec("mine", "custom", 4, 2, True, 10, address=1))
    lock = threading.Lock()
    with pytest.raises(TypeError, match=r"env: it cannot be sent to other processes .*lock"):
        trainer(engines.Local(workers=1), env=lambda: (lock, Walk())[1])


def test_options_are_checked():
    with pytest.raises(ValueError, match="shard: got 48 directions, wanted 16 times a power of two"):
        engines.Local(shard=48)
    with pytest.raises(ValueError, match="workers"):
        engines.Local(workers=0)
    with pytest.raises(ValueError, match="lease"):
        engines.Ray(lease=0.0)
    with pytest.raises(TypeError, match="address: got 5"):
        engines.Ray(5)
    with pytest.raises(ValueError, match="workers: got 3, but the engine says itself"):
        trainer(engines.Local(), workers=3)
    with pytest.raises(ValueError, match="device: got 'cuda'"):
        trainer(engines.Local(), device="cuda")
    with pytest.raises(ValueError, match="'ray'"):
        trainer("rey")


def test_bytes_are_those_of_the_documentation_whatever_the_number_of_parameters():
    members, values = 96, 9
    for policy in ((4,), (64, 64)):
        made = trainer(engines.Local(workers=1, shard=16), policy=policy, generations=4)
        with made:
            made.run()
            sent, received = made.engine.bytes_per_generation
        record, answers = 112 + 8 * members + 8 * values, 8 * members + 8
        assert record < sent <= record + 3 * 120
        assert answers + 3 * 8 * values < received <= answers + 3 * (8 * values + 120)


SCRIPT = """
import sys
from ember_ml import engines, es
if __name__ == "__main__":
    folder = sys.argv[1]
    strategy = es.OpenAIES(directions=48, sigma=0.1)
    trainer = es.Trainer("CartPole-v1", (8,), strategy, seed=5, generations=100000, progress=False,
        engine=engines.Local(workers=1), callbacks=[es.Checkpoint(folder + "/run.npz", every=3)],
        record=folder + "/run.log")
    print(trainer.run().interrupted)
"""


def started(tmp_path):
    """A training in a process group of its own, which has written a checkpoint."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    deadline = time.monotonic() + 60.0
    while not (tmp_path / "run.npz").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    return process


def gone(group):
    """Whether no process of a group is left, after a moment."""
    deadline = time.monotonic() + 10.0
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_ctrl_c_ends_at_a_whole_generation_and_leaves_no_process(tmp_path):
    process = started(tmp_path)
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=30.0)
    assert said == "True\n" and process.returncode == 0
    assert gone(process.pid)
    run = es.replay(tmp_path / "run.log")
    assert (
        run.theta.tobytes() == trainer(generations=100000).run(generations=len(run.history)).theta.tobytes()
    )


@pytest.mark.skipif(not os.path.exists("/proc/self/environ"), reason="no /proc here")
def test_an_error_leaves_no_process(tmp_path):
    leaves_nothing_running(tmp_path, "engines.Local(workers=2)")


def test_a_killed_coordinator_is_resumed_from_its_checkpoint_and_its_log_goes_on(tmp_path):
    process = started(tmp_path)
    time.sleep(0.2)
    process.kill()
    process.communicate()
    assert gone(process.pid)
    with es.Trainer.load(tmp_path / "run.npz", record=tmp_path / "run.log") as resumed:
        done = resumed.generation
        run = resumed.run(generations=4)
    assert done >= 3 and done % 3 == 0
    alone = trainer(generations=100000)
    expected = alone.run(generations=done + 4)
    assert run.theta.tobytes() == expected.theta.tobytes()
    assert es.replay(tmp_path / "run.log").theta.tobytes() == expected.theta.tobytes()
    assert len(es.replay(tmp_path / "run.log").history) == done + 4


def test_the_command_line_names_the_engine(tmp_path, capsys):
    from ember_ml import cli
    from ember_ml.cli.train import _ray

    words = ["train", "Simple1D-v0", "--generations", "2", "--directions", "4", "--seed", "1", "--json"]
    log = tmp_path / "run.log"
    assert cli.main([*words, "--engine", "local", "--workers", "1", "--record", str(log)]) == 0
    many = json.loads(capsys.readouterr().out)
    assert cli.main(words) == 0
    assert json.loads(capsys.readouterr().out)["digest"] == many["digest"] == es.replay(log).digest
    assert cli.main([*words, "--engine", "local", "--ray", "auto"]) == 2
    options = argparse.Namespace(ray="10.0.0.1:6379", workers=3, threads=2)
    assert _ray(options) == engines.Ray("10.0.0.1:6379", workers=3, threads=2)
    assert _ray(argparse.Namespace(ray="local")) == engines.Ray()


def test_a_saved_training_with_workers_of_its_own_goes_on_with_others(tmp_path):
    made = trainer(env=Walk, workers=2, generations=4)
    with made:
        made.run(generations=2)
        made.save(tmp_path / "run.npz")
        expected = made.run().theta.tobytes()
    with es.Trainer.load(tmp_path / "run.npz", env=Walk, engine=engines.Local(workers=1)) as resumed:
        assert resumed.run().theta.tobytes() == expected
