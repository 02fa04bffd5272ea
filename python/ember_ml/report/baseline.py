"""What a policy that acts at random earns: the line that a learning curve starts from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ember_ml.engines.step_limit import step_limit
from ember_ml.envs.spec import EnvSpec
from ember_ml.report.lanes import open_lanes, playable, start_of

#: Episodes whose mean is taken.
EPISODES = 100

#: An episode without a time limit is cut here.
_MOST_STEPS = 1000


def random_return(run: Any, episodes: int = EPISODES) -> float:
    """Mean return of `episodes` episodes of random actions, from starts of `run.evaluate`.

    Choices are drawn evenly; values of a Box evenly between their bounds, or as standard normals where they
    have none. Actions are held as long as the training held them.
    """
    problem = run.setup.problem
    skip = problem.options.frame_skip
    env = playable(problem.env, problem.options.max_steps)
    limit = step_limit(env, problem.options.max_steps) or _MOST_STEPS
    random = np.random.default_rng(run.seed)
    lanes = open_lanes(env, episodes, run.seed)
    returns = np.zeros(episodes)
    try:
        for first in range(0, episodes, lanes.size):
            live = np.arange(min(lanes.size, episodes - first))
            lanes.reset(live.tolist(), [start_of(env, run.seed, first + int(i)) for i in live])
            actions = _draw(env, random, len(live))
            for step in range(limit):
                if step % skip == 0:
                    actions = _draw(env, random, len(actions))
                _, rewards, terminated, truncated = lanes.step(live.tolist(), actions[live])
                returns[first + live] += rewards
                live = live[~(terminated | truncated)]
                if not live.size:
                    break
    finally:
        lanes.close()
    return float(returns.mean())


def _draw(env: EnvSpec, random: np.random.Generator, count: int) -> NDArray[Any]:
    if env.choices:
        chosen = np.stack([random.integers(n, size=count) for n in env.choices], axis=1)
        starts: NDArray[np.int64] = np.asarray(env.choice_starts or 0, np.int64)
        return chosen + starts
    if env.discrete:
        return random.integers(env.action_size, size=count) + env.action_start
    normal = random.standard_normal((count, env.action_size))
    even = random.random((count, env.action_size))
    if env.action_low is None or env.action_high is None:
        return env.actions(normal.astype(np.float32))
    low, high = np.asarray(env.action_low, np.float64), np.asarray(env.action_high, np.float64)
    bounded = np.isfinite(low) & np.isfinite(high)
    low, high = np.where(bounded, low, 0.0), np.where(bounded, high, 1.0)
    return env.actions(np.where(bounded, low + (high - low) * even, normal).astype(np.float32))
