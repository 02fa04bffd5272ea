"""256 CartPoles stepped through Python, as gymnasium vector environments."""

from __future__ import annotations

from typing import Any

import numpy as np

from questions.harness import Rate, Rival, Row, compare, has, timed

QUESTION = "256 CartPoles through Python's step"


def stepped(env: Any, actions: np.ndarray) -> Rate:
    env.reset(seed=0)

    def run() -> float:
        for action in actions:
            env.step(action)
        return float(actions.size)

    return timed(run)


def ask(rounds: int) -> list[Row]:
    if not has("gymnasium"):
        return []
    import ember_ml.gym  # noqa: F401  registers the environments
    import gymnasium

    actions = np.random.default_rng(0).integers(0, 2, (64, 256))

    def make(name: str, mode: str) -> Rate:
        return stepped(gymnasium.make_vec(name, num_envs=256, vectorization_mode=mode), actions)

    rivals = {
        "gymnasium CartPoleVectorEnv": Rival(make("CartPole-v1", "vector_entry_point")),
        "gymnasium SyncVectorEnv": Rival(make("CartPole-v1", "sync")),
    }
    if has("envpool"):
        import envpool

        pool = envpool.make_gymnasium("CartPole-v1", num_envs=256, num_threads=2)
        rivals["EnvPool, 2 threads"] = Rival(_pooled(pool, actions.astype(np.int32)))
    own = stepped(gymnasium.make_vec("ember_ml/CartPole-v1", num_envs=256), actions)
    return compare(QUESTION, "steps/s", own, rivals, rounds)


def _pooled(pool: Any, actions: np.ndarray) -> Rate:
    pool.reset()

    def run() -> float:
        for action in actions:
            pool.step(action)
        return float(actions.size)

    return timed(run)
