"""Engines made and dropped and many short episodes leave no memory, thread or open file behind."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import skip_without
from ember_ml import envs, es

skip_without("gymnasium")
skip_without("mujoco")

SLIDER = """<mujoco><worldbody><body><joint name="slide" type="slide" axis="1 0 0"/>
<geom size="0.1" mass="1"/></body></worldbody><actuator><motor joint="slide"/></actuator></mujoco>"""

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


def test_ten_thousand_episodes():
    trainer = es.Trainer(
        "Hopper-v5", (), es.ARS(members=400), generations=30, seed=0, max_steps=2, threads=2, progress=False
    )
    memory, threads, files = grown(trainer.step, 4, 25)
    assert trainer.history["episodes"].sum() >= 10_000
    assert memory < 5
    assert (threads, files) == (0, 0)


def test_two_hundred_engines_of_a_robot():
    """Each thread of each has a model of its own, whose masses its reset changes."""
    skip_without("numba")

    class Slider:
        def reset(qpos, body_mass, rng):
            qpos[0] = envs.uniform(rng, -0.1, 0.1)
            body_mass[1] *= envs.uniform(rng, 0.5, 1.5)

        def observe(qpos, observation):
            observation[0] = qpos[0]

        def reward(qpos):
            return -(qpos[0] ** 2)

    sizes = {"observation_size": 1, "max_steps": 2}
    env = envs.mujoco(model=SLIDER, randomize=("body_mass",), **sizes)(Slider)
    run = es.train(env, policy=(), generations=1, seed=0, threads=2, progress=False)
    memory, threads, files = grown(lambda: run.evaluate(2), 50, 200)
    assert memory < 20
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
