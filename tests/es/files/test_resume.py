"""Interrupted trainings end where uninterrupted ones do: saved and loaded, killed, stopped by Ctrl-C."""

import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from ember_ml import es
from ember_ml.es.files import checkpoint
from ember_ml.nn.modules import Dense, Module
from ember_ml.training import Adam

GENERATIONS = 400
SCRIPT = f"""
import sys
from ember_ml import es
def trainer(**more):
    return es.Trainer("CartPole-v1", strategy=es.OpenAIES(directions=6, sigma=0.1), seed=5,
                      generations={GENERATIONS}, threads=1, progress=False, **more)
if __name__ == "__main__":
    t = trainer(callbacks=[es.Checkpoint(sys.argv[1], every=int(sys.argv[2]))])
    t.save(sys.argv[1])
    print("ready", flush=True)
    t.run()
    print("done", flush=True)
"""


def cartpole(**options):
    options = {"strategy": es.OpenAIES(directions=6, sigma=0.1), "seed": 5, "threads": 1, **options}
    return es.Trainer("CartPole-v1", progress=False, **options)


@pytest.mark.parametrize("make", [
    lambda: es.OpenAIES(directions=5, sigma=0.1, optimizer=Adam(learning_rate=0.05), sigma_decay=0.1),
    lambda: es.ARS("V2-t", directions=5, top=2),
    lambda: es.SNES(directions=5),
    lambda: es.PGPE(directions=5),
    lambda: es.SepCMAES(),
], ids=["openai_es", "ars", "snes", "pgpe", "sep_cmaes"])  # fmt: skip
def test_saved_and_loaded_goes_on_bit_for_bit(tmp_path, make):
    straight = cartpole(strategy=make(), generations=9).run()
    first = cartpole(strategy=make(), generations=9)
    first.run(generations=4)
    first.save(tmp_path / "a.npz")
    second = es.Trainer.load(tmp_path / "a.npz", progress=False)
    run = second.run()
    assert np.array_equal(run.theta, straight.theta)
    assert np.array_equal(run.history["policy_return"], straight.history["policy_return"])
    assert np.array_equal(run.evaluate(5).returns, straight.evaluate(5).returns)
    assert (np.diff(run.history["wall_time"]) > 0).all()
    assert second.explain().splitlines()[:2] == first.explain().splitlines()[:2]
    again = es.load(run.save(tmp_path / "b.npz"))
    assert np.array_equal(again.theta, run.theta) and again.history == run.history
    assert np.array_equal(again.best.theta, run.best.theta)
    assert again.seed == 5 and again.config["strategy"] == run.config["strategy"]


def test_every_file_holds_versions_and_configuration(tmp_path):
    path = cartpole().run(generations=1).save(tmp_path / "a.npz")
    config, arrays = checkpoint.read(path)
    assert {"ember_ml", "numpy", "python", "simd"} <= set(config["versions"])
    assert config["env"]["name"] == "CartPole-v1" and config["trainer"]["episodes"] == 1
    assert {"theta", "history", "strategy/mean", "observation/mean"} <= set(arrays)


class Network(Module):
    def __init__(self, twice=False):
        super().__init__()
        self.first, self.last, self.twice = Dense(1, 4, activation="tanh"), Dense(4, 1), twice

    def forward(self, x):
        h = self.first(x)
        return self.last(h + h if self.twice else h)


def test_what_a_file_cannot_do_without_is_named(tmp_path, walk):
    path = tmp_path / "a.npz"
    es.Trainer(walk, policy=Network(twice=True), strategy=es.SNES(directions=2), seed=0).save(path)
    with pytest.raises(ValueError, match=r"env: .*your own Walk; pass it as env="):
        es.Trainer.load(path)
    with pytest.raises(ValueError, match=r"policy: .*your own Network.* policy="):
        es.Trainer.load(path, env=walk)
    module = Network(twice=True)
    trainer = es.Trainer.load(path, env=walk, policy=module)
    assert np.array_equal(module.to_vector(), trainer.theta)
    with pytest.raises(ValueError, match="env: CartPole-v1 has 4"):
        es.Trainer.load(path, env="CartPole-v1", policy=module)
    with pytest.raises(TypeError, match="'sigma'"):
        es.Trainer.load(path, env=walk, policy=module, sigma=0.1)


def test_a_traced_network_restores_itself_and_checks_a_given_one(tmp_path, walk):
    trainer = es.Trainer(walk, policy=Network(), strategy=es.SNES(directions=2), seed=0)
    run = trainer.run(generations=2)
    path = run.save(tmp_path / "a.npz")
    assert np.array_equal(es.load(path, env=walk).policy([0.5]), run.policy([0.5]))
    module = Network()
    es.load(path, env=walk, policy=module)
    assert np.array_equal(module.to_vector(), run.theta)

    class Wider(Network):
        def __init__(self):
            super().__init__()
            self.first, self.last = Dense(1, 5), Dense(5, 1)

    with pytest.raises(ValueError, match=r"policy: .*network"):
        es.load(path, env=walk, policy=Wider())


def test_checkpoints_replace_or_number(tmp_path):
    one, many = tmp_path / "one.npz", tmp_path / "g{generation}.npz"
    cartpole(callbacks=[es.Checkpoint(one, every=2), es.Checkpoint(many, every=3)]).run(generations=7)
    assert sorted(os.listdir(tmp_path)) == ["g3.npz", "g6.npz", "g7.npz", "one.npz"]
    assert len(es.load(one).history) == 7 and len(es.load(tmp_path / "g3.npz").history) == 3


def test_killed_at_random_moments_ends_in_the_same_parameters(tmp_path):
    """Three moments here; EMBER_KILLS=50 tries as many as one likes."""
    script = tmp_path / "training.py"
    script.write_text(SCRIPT)
    straight = cartpole(generations=GENERATIONS).run()
    generator = random.Random(0)
    for index in range(int(os.environ.get("EMBER_KILLS", 3))):
        path = tmp_path / "checkpoint.npz"
        command = [sys.executable, str(script), str(path), "1"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "ready\n"
        time.sleep(generator.uniform(0.0, 1.0))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        trainer = es.Trainer.load(path)
        stood = trainer.generation
        run = trainer.run()
        assert np.array_equal(run.theta, straight.theta), (index, stood)
        assert len(run.history) == GENERATIONS
        path.unlink()


def test_ctrl_c_returns_the_run_so_far(tmp_path):
    script = tmp_path / "training.py"
    script.write_text(
        """
from ember_ml import es
t = es.Trainer("CartPole-v1", strategy=es.OpenAIES(directions=6), seed=5, generations=10**7, threads=1)
print("ready", flush=True)
run = t.run()
again = t.run(generations=1)
more = len(again.history) - len(run.history)
print(run.interrupted, len(run.history) > 0, more, again.interrupted, flush=True)
"""
    )
    process = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.7)
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    answer, _ = process.communicate(timeout=30)
    assert time.monotonic() - begun < 5
    assert answer.split() == ["True", "True", "1", "False"]
    assert process.returncode == 0


def test_second_ctrl_c_raises(walk):
    class Presses(walk):
        def step(self, action):
            if self.step_number == 3:
                os.kill(os.getpid(), signal.SIGINT)
            return super().step(action)

    handler = signal.getsignal(signal.SIGINT)
    trainer = es.Trainer(Presses, strategy=es.SNES(directions=2), seed=0)
    run = trainer.run(generations=3)
    assert run.interrupted and len(run.history) == 0
    assert signal.getsignal(signal.SIGINT) is handler

    def twice(trainer):
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.01)

    trainer = es.Trainer(walk, strategy=es.SNES(directions=2), seed=0, callbacks=twice)
    with pytest.raises(KeyboardInterrupt):
        trainer.run(generations=3)
    assert trainer.generation == 1
    once = es.Trainer(
        walk, strategy=es.SNES(directions=2), seed=0, callbacks=lambda t: os.kill(os.getpid(), 2)
    )
    run = once.run(generations=3)
    assert run.interrupted and len(run.history) == 1
