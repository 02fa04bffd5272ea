"""Making, using and dropping environments and engines leaves no memory, thread or file behind.

EMBER_LONG_TESTS=1 runs 1,000 cycles and 10,000 generations; without it a few show the same. Each measurement
has a process of its own: in one that holds a gigabyte of other libraries, memory moves for their reasons.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from ember_ml import envs
from ember_ml.engines.python import PythonEngine
from ember_ml.policy.spec import DenseLayer, PolicySpec
from ember_ml.rollout import Population

LONG = bool(os.environ.get("EMBER_LONG_TESTS"))
LINEAR = PolicySpec(1, 1, 2, layers=(DenseLayer(1, 1, 0, 1),))

pytestmark = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")


class Line:
    def reset(self):
        self.x, self.n = 0.0, 0
        return np.zeros(1, np.float32)

    def step(self, action):
        self.x, self.n = self.x + float(action), self.n + 1
        return np.array([self.x], np.float32), -abs(self.x - 3.0), self.n >= 5, {}


def usage():
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE"), len(os.listdir("/proc/self/fd")), threading.active_count()


def people(generation):
    return Population(np.zeros(2, np.float32), 0.1, seed=0, generation=generation, directions=4)


def assert_no_growth(cycle, first, count, megabytes):
    for i in range(first):
        cycle(i)
    memory, files, threads = usage()
    for i in range(count):
        cycle(i)
    now = usage()
    assert now[1:] == (files, threads)
    assert now[0] - memory < megabytes * 2**20, f"{(now[0] - memory) / 2**20:.1f} MB more"


def measure_generations():
    engine = PythonEngine(envs.make(Line), LINEAR, normalize=True)
    assert_no_growth(lambda i: engine.evaluate(people(i), with_policy=True), 50, 10_000 if LONG else 300, 2)


def measure_create_and_destroy():
    def cycle(i):
        with PythonEngine(envs.make(Line), LINEAR) as engine:
            engine.evaluate(people(i))

    assert_no_growth(cycle, 20, 1000 if LONG else 100, 2)


def measure_vector_environments():
    import ember_ml.gym  # noqa: F401
    import gymnasium

    def cycle(i):
        env = gymnasium.make_vec("ember_ml/CartPole-v1", num_envs=64)
        env.reset(seed=i)
        env.step(np.zeros(64, np.int64))
        env.close()

    assert_no_growth(cycle, 20, 1000 if LONG else 100, 2)


def measure_worker_processes():
    def cycle(i):
        with PythonEngine(envs.make(Line), LINEAR, workers=2, start_method="forkserver") as engine:
            engine.evaluate(people(i))

    assert_no_growth(cycle, 2, 100 if LONG else 4, 2)


@pytest.mark.timeout(3000)
@pytest.mark.parametrize(
    "what", ["generations", "create_and_destroy", "vector_environments", "worker_processes"]
)
def test_nothing_is_left_behind(what):
    if what == "vector_environments":
        pytest.importorskip("gymnasium")
    done = subprocess.run([sys.executable, __file__, what], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


if __name__ == "__main__":
    globals()[f"measure_{sys.argv[1]}"]()
