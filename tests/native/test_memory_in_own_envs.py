"""Memory in environments of the user's: each episode has its own, in every layout and in Python."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from conftest import skip_without
from ember_ml import envs, es, ops
from ember_ml.nn.modules import GRU, LSTM, Dense, Sequential

SOURCE = """
#include "ember_env.h"
typedef struct { float x, speed; int32_t left; } State;
static void see(const State *s, float *o) { o[0] = s->x; o[1] = s->x * s->x; }
static void reset(void *c, int32_t n, void *states, const uint64_t *seeds, float *observations) {
  State *s = (State *)states;
  for (int32_t i = 0; i < n; ++i) {
    s[i].x = (float)(seeds[i] >> 40) / 16777216.0f - 0.5f;
    s[i].speed = 0.0f;
    s[i].left = 5 + (int32_t)(seeds[i] % 20u);
    see(s + i, observations + 2 * i);
  }
}
static void step(void *c, int32_t n, void *states, const float *actions, float *observations, float *rewards,
                 uint8_t *flags) {
  State *s = (State *)states;
  for (int32_t i = 0; i < n; ++i) {
    s[i].speed += 0.25f * actions[i];
    s[i].x += s[i].speed;
    see(s + i, observations + 2 * i);
    rewards[i] = -s[i].x * s[i].x;
    flags[i] = --s[i].left == 0 ? EMBER_TERMINATED : 0;
  }
}
static const ember_env env = {.abi_version = EMBER_ENV_ABI, .struct_size = sizeof(ember_env),
  .name = "Slider", .state_size = sizeof(State), .observation_size = 2, .action_size = 1, .max_steps = 40,
  .reset = reset, .step = step};
const ember_env *ember_env_get(void) { return &env; }
"""


@pytest.fixture(autouse=True)
def numpy_backend():
    with ops.using_backend("numpy"):
        yield


def digests(env, cell, **options):
    """Of trainings in each layout, and on other numbers of threads."""
    ops.set_seed(0)
    network = Sequential(cell, Dense(cell.out_features, 1, "tanh"))
    start, found = network.to_vector(), set()
    for layout, threads in (("members", 1), ("members", 3), ("episodes", 1), ("units", 1), ("units", 2)):
        network.from_vector(start)
        strategy = es.OpenAIES(directions=7, sigma=0.5)
        trainer = es.Trainer(
            env, network, strategy, 3, seed=1, layout=layout, threads=threads, progress=False, **options
        )
        found.add(trainer.run(2).digest)
    return found, trainer, network, start


@pytest.mark.skipif(not any(shutil.which(n) for n in ("cc", "gcc", "clang")), reason="no C compiler")
def test_in_c_the_layouts_agree_and_python_plays_the_same(tmp_path):
    source = tmp_path / "slider.c"
    source.write_text(SOURCE)
    env = envs.compile(source)
    for cell in (GRU(2, 5), LSTM(2, 4)):
        found, native, network, start = digests(env, cell)
        assert len(found) == 1
        network.from_vector(start)
        strategy = es.OpenAIES(directions=7, sigma=0.5)
        python = es.Trainer(env, network, strategy, 3, seed=1, engine="python", lanes=4, progress=False)
        assert python.run(2).digest in found
        assert (python.history["population_mean"] == native.history["population_mean"]).all()


def test_in_mujoco_threads_agree_and_an_episode_does_not_reach_into_the_next():
    skip_without("mujoco")
    skip_without("gymnasium")
    ops.set_seed(0)
    network = Sequential(GRU(8, 6), Dense(6, 2))
    start, found = network.to_vector(), []
    for threads in (1, 2):
        network.from_vector(start)
        strategy = es.OpenAIES(directions=3, sigma=0.5)
        trainer = es.Trainer(
            "Swimmer-v5", network, strategy, 2, seed=1, max_steps=20, threads=threads, progress=False
        )
        trainer.run(2)
        assert "engine: native" in trainer.explain()
        found.append(trainer.theta.tobytes())
    assert found[0] == found[1]
    together = trainer.evaluate(episodes=4).returns
    assert (together[:2] == trainer.evaluate(episodes=2).returns).all()
    assert np.isfinite(together).all()
