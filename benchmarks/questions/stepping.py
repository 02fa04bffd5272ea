"""Task 4: 256 CartPoles stepped alone, without a policy; ours in float32 lanes on one thread."""

from __future__ import annotations

from typing import Any

import numpy as np
from ember_ml import _core

from questions.harness import Rate, Rival, Row, compare, has, timed

QUESTION = "CartPole stepping alone, 256 of them"


def own() -> float:
    """Steps a second of cpp/bench: actions from a fixed pattern, an ended episode begins again."""
    rows = _core.bench("environments", 0.01)
    return 1e6 * next(row["figure"] for row in rows if row["what"].startswith("CartPole-v1"))


def gymnax() -> Rate:
    import gymnax
    import jax

    env, parameters = gymnax.make("CartPole-v1")

    @jax.jit
    def run(key: Any) -> Any:
        first, rest = jax.random.split(key)
        _, state = jax.vmap(env.reset, (0, None))(jax.random.split(first, 256), parameters)

        def step(state: Any, key: Any) -> Any:
            draw, key = jax.random.split(key)
            action = jax.random.randint(draw, (256,), 0, 2)
            keys = jax.random.split(key, 256)
            _, state, reward = jax.vmap(env.step, (0, 0, 0, None))(keys, state, action, parameters)[:3]
            return state, reward.sum()

        return jax.lax.scan(step, state, jax.random.split(rest, 1000))[1].sum()

    def work() -> float:
        jax.block_until_ready(run(jax.random.key(0)))
        return 256.0 * 1000

    return timed(work)


def envpool(batch: int) -> Rate:
    """All 256 in step, or (`batch` less than 256) those that are ready first."""
    import envpool

    actions = np.random.default_rng(0).integers(0, 2, (64, batch)).astype(np.int32)
    pool = envpool.make_gymnasium("CartPole-v1", num_envs=256, batch_size=batch, num_threads=2)
    if batch == 256:
        pool.reset()

        def run() -> float:
            for n in range(500):
                pool.step(actions[n % 64])
            return 256.0 * 500

    else:
        pool.async_reset()

        def run() -> float:
            for n in range(2000):
                info = pool.recv()[-1]
                pool.send(actions[n % 64], info["env_id"])
            return 2000.0 * batch

    return timed(run)


def ask(rounds: int) -> list[Row]:
    rivals = {}
    if has("jax", "gymnax"):
        rivals["gymnax (jax, scan over vmap)"] = Rival(gymnax(), 20.0)
    if has("envpool"):
        rivals["EnvPool, 2 threads, in step"] = Rival(envpool(256), 100.0)
        rivals["EnvPool, 2 threads, batches of 64"] = Rival(envpool(64), 100.0)
    return compare(QUESTION, "steps/s", own, rivals, rounds)
