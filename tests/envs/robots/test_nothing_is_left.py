"""Engines made and dropped and many short episodes leave no memory, thread or open file behind."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import skip_without
from ember_ml import es

skip_without("gymnasium")
skip_without("mujoco")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def held():
    """(memory in MiB, threads, open files) of this process."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    files = len(os.listdir("/proc/self/fd"))
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20, len(os.listdir("/proc/self/task")), files


def grown(work, first, then):
    """What `then` more calls of `work` added to what stood after the `first` ones."""
    for _ in range(first):
        work()
    before = held()
    for _ in range(then):
        work()
    return tuple(b - a for a, b in zip(before, held()))


def test_a_thousand_engines():
    """Each evaluation makes an engine of its own."""
    run = es.train("Hopper-v5", policy=(), generations=1, seed=0, max_steps=2, threads=2, progress=False)
    memory, threads, files = grown(lambda: run.evaluate(2), 200, 800)
    # A simulation has some 400 KiB, and an engine two of them: 800 that stay would be 600 MiB.
    assert memory < 20
    assert (threads, files) == (0, 0)


def test_two_thousand_episodes():
    trainer = es.Trainer(
        "Hopper-v5", (), es.ARS(members=100), generations=30, seed=0, max_steps=3, threads=2, progress=False
    )
    memory, threads, files = grown(trainer.step, 5, 20)
    assert trainer.history["episodes"].sum() >= 2000
    assert memory < 5
    assert (threads, files) == (0, 0)


def test_vector_environments():
    import ember_ml.gym  # noqa: F401
    import gymnasium

    def work():
        env = gymnasium.make_vec("ember_ml/Hopper-v5", num_envs=4, threads=2)
        env.reset(seed=0)
        env.step(np.zeros((4, 3), np.float32))
        env.close()

    memory, threads, files = grown(work, 20, 60)
    assert memory < 20
    assert (threads, files) == (0, 0)
