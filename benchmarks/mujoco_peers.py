"""Peers of mujoco_rollout.py, each on the trajectory that our loop plays, as far as it can.

`mujoco.rollout`: open loop, the recorded actions, without mj_rnePostConstraint. gymnasium: the same linear
policy in numpy from the same start, in one process, and by AsyncVectorEnv with two workers. EnvPool: 16
environments, the recorded actions, starts and mujoco of its own. sb3-contrib: a training by its ARS, one
direction a generation, in one process.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from mujoco_rollout import Measured, Played

ROBOT = "reacher"
COLUMNS = ("mujoco.rollout", "EnvPool", "gymnasium", "AsyncVectorEnv", "sb3-contrib ARS")


def healthy_for_ever(task: str) -> dict[str, bool]:
    return {} if task in ("Swimmer-v5", "HalfCheetah-v5") else {"terminate_when_unhealthy": False}


def rollout(played: Played, threads: int) -> Measured:
    import mujoco
    from mujoco import rollout as open_loop

    model, skip = played.model_and_skip
    data = [mujoco.MjData(model) for _ in range(threads)]
    data[0].qpos[:], data[0].qvel[:] = played.qpos, played.qvel
    kind = mujoco.mjtState.mjSTATE_FULLPHYSICS
    state = np.empty(mujoco.mj_stateSize(model, kind))
    mujoco.mj_getState(model, data[0], state, kind)
    starts = np.repeat(state[None], played.members, axis=0)
    control = np.repeat(np.repeat(played.actions.astype(float), skip, axis=0)[None], played.members, axis=0)
    pool = open_loop.Rollout(nthread=threads if threads > 1 else 0)

    def play() -> int:
        pool.rollout([model] * played.members, data, starts, control)
        return played.members * played.steps

    return play


def gymnasium_loop(task: str, played: Played, workers: int, closing: contextlib.ExitStack) -> Measured:
    import gymnasium

    known = played.run._snapshot
    mean, inverse = known.normalizer.mean, known.normalizer.inverse
    low, high = played.env.action_low, played.env.action_high
    outputs = played.actions.shape[1]
    weights, bias = known.theta[:-outputs].reshape(-1, outputs), known.theta[-outputs:]
    scale, middle = (high - low) / 2, (high + low) / 2  # what the policy gives is a tanh between the bounds

    def act(seen: Any) -> Any:
        inputs = np.clip((seen - mean) * inverse, -10.0, 10.0)
        return (middle + scale * np.tanh(inputs @ weights + bias)).astype(np.float32)

    healthy = healthy_for_ever(task)
    if workers == 1:
        env = gymnasium.make(task, **healthy)
        closing.callback(env.close)
        inner: Any = env.unwrapped

        def play() -> int:
            env.reset(seed=0)
            inner.set_state(played.qpos, played.qvel)
            seen = inner._get_obs()
            if not np.allclose(act(seen), played.actions[0], atol=1e-4):
                raise RuntimeError("gymnasium does not begin the same episode")
            for _ in range(played.steps):
                seen = env.step(act(seen))[0]
            return played.steps

        return play
    many = gymnasium.make_vec(task, num_envs=workers, vectorization_mode="async", **healthy)
    closing.callback(many.close)

    def play_many() -> int:
        many.reset(seed=0)
        many.call("set_state", played.qpos, played.qvel)
        seen = np.stack(many.call("_get_obs"))
        for _ in range(played.steps):
            seen = many.step(act(seen))[0]
        return workers * played.steps

    return play_many


def envpool_loop(task: str, played: Played, threads: int) -> Measured:
    import envpool

    count = 16
    pool = envpool.make_gymnasium(task, num_envs=count, num_threads=threads, **healthy_for_ever(task))
    steps = max(20, played.steps * played.members // count)
    actions = np.repeat(played.actions[:steps, None].astype(np.float64), count, axis=1)

    def play() -> int:
        pool.reset()
        for action in actions:
            pool.step(action)
        return count * len(actions)

    return play


def sb3_loop(task: str, played: Played) -> Measured:
    from sb3_contrib import ARS

    model = ARS("LinearPolicy", task, n_delta=1, seed=0, device="cpu")

    def play() -> int:
        before = model.num_timesteps
        model.learn(2 * played.steps, reset_num_timesteps=False)
        return int(model.num_timesteps - before)

    return play


def peers(
    task: str, played: Played, threads: int, closing: contextlib.ExitStack
) -> dict[str, Callable[[], Measured]]:
    """What makes the loop of each peer that is for so many threads."""
    found: dict[str, Callable[[], Measured]] = {"mujoco.rollout": lambda: rollout(played, threads)}
    if task == ROBOT:
        return found
    found["EnvPool"] = lambda: envpool_loop(task, played, threads)
    if threads == 1:
        found["gymnasium"] = lambda: gymnasium_loop(task, played, 1, closing)
        found["sb3-contrib ARS"] = lambda: sb3_loop(task, played)
    if threads == 2:
        found["AsyncVectorEnv"] = lambda: gymnasium_loop(task, played, 2, closing)
    return found
