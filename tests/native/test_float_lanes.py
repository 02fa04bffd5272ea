"""Training's float32 lanes against gymnasium's float64: the same distribution of returns."""

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")
import ember_ml.gym  # noqa: E402, F401
from ember_ml.rollout import Population  # noqa: E402
from test_native_engine import INFOS, engine, forward  # noqa: E402

EPISODES = 2000


def returns_in_double(name, spec, theta):
    """Undiscounted returns of one episode in each of EPISODES environments, starts from numpy's generator."""
    envs = gymnasium.make_vec(f"ember_ml/{name}", num_envs=EPISODES, autoreset_mode="Disabled")
    observation, _ = envs.reset(seed=1)
    total, live = np.zeros(EPISODES), np.ones(EPISODES, bool)
    while live.any():
        out = forward(spec, theta, observation.astype(np.float32))
        info = INFOS[name]
        actions = out.argmax(1) if info.discrete else np.clip(out, info.action_low, info.action_high)
        observation, reward, terminated, truncated, _ = envs.step(actions)
        total += np.where(live, reward, 0.0)
        ended = terminated | truncated
        live &= ~ended
        if ended.any() and live.any():  # they may not be stepped on: begin them again and look away
            observation, _ = envs.reset(options={"reset_mask": ended})
    return total


def distance(a, b):
    """Kolmogorov and Smirnov's: the largest difference of the two distribution functions."""
    at = np.sort(np.concatenate([a, b]))
    return np.abs(
        np.searchsorted(np.sort(a), at, "right") / len(a) - np.searchsorted(np.sort(b), at, "right") / len(b)
    ).max()


def mixed_policy(name, spec):
    """Parameters whose returns differ from start to start."""
    if name == "MountainCar-v0":  # push the way it rolls
        theta = np.zeros(spec.parameters, np.float32)
        theta[8] = 100.0  # velocity to the first hidden unit
        theta[24], theta[26] = -1.0, 1.0  # left against right
        return theta
    seed, scale = {"CartPole-v1": (396, 1.0), "Acrobot-v1": (337, 1.0)}.get(name, (3, 0.4))
    return np.random.default_rng(seed).normal(0, scale, spec.parameters).astype(np.float32)


@pytest.mark.parametrize("name", sorted(set(INFOS) - {"Simple1D-v0"}))
def test_returns_have_the_distribution_of_the_double_environment(name):
    run, spec = engine(name, 8, episodes=EPISODES)
    theta = mixed_policy(name, spec)
    still = Population(theta, 0.0, 5, 0, 1, antithetic=False)
    lanes = run.evaluate(still).returns[0]
    double = returns_in_double(name, spec, theta)
    assert len(np.unique(double.round(2))) > 10
    # Rounded, because float32 rewards add up to other last digits. Exceeded by chance with probability 1e-5.
    assert distance(lanes.round(2), double.round(2)) < np.sqrt(-np.log(1e-5 / 2) / 2 * 2 / EPISODES)
