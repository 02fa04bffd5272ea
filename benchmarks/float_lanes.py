"""Training's float32 lanes against float64 environments: two samples of returns, one of each.

    python benchmarks/float_lanes.py [--episodes 10000] [--file benchmarks/results/float_lanes.md]

A fixed policy whose returns differ from start to start plays both: the native engine's rollout in float32
lanes with its own starts, and gymnasium's vector environment `ember_ml/NAME` in float64 (which agrees
with gymnasium's NAME step by step, tests/envs/test_vector_env.py) with starts from numpy's generator.
Returns are rounded to 0.01 because float32 rewards add up to other last digits. The test is Kolmogorov
and Smirnov's for two samples.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import ember_ml.gym  # noqa: F401  registers the environments
import gymnasium
import numpy as np
from ember_ml import envs
from ember_ml.engines.native import NativeEngine
from ember_ml.es import MLPPolicy
from ember_ml.policy.chain import forward
from ember_ml.rollout import Population

TASKS = ("CartPole-v1", "Pendulum-v1", "MountainCar-v0", "MountainCarContinuous-v0", "Acrobot-v1")


def mixed_policy(name: str, spec: Any, env: Any) -> np.ndarray:
    """Parameters of 4-8-2 networks and the like under which returns spread."""
    if name == "MountainCar-v0":  # push the way it rolls
        theta = np.zeros(spec.parameters, np.float32)
        first, last = spec.layers
        theta[first.weight_offset + 8] = 100.0  # the velocity to the first hidden unit
        theta[last.weight_offset], theta[last.weight_offset + 2] = -1.0, 1.0  # left against right
        return theta
    best, widest = None, -1.0
    for seed in range(40):  # of 40 draws the one whose returns spread most
        scale = 1.0 if env.discrete else 0.4
        theta = np.random.default_rng(seed).normal(0, scale, spec.parameters).astype(np.float32)
        spread = len(np.unique(lanes(env, spec, theta, 400).round(1)))
        if spread > widest:
            best, widest = theta, spread
    assert best is not None
    return best


def lanes(env: Any, spec: Any, theta: np.ndarray, episodes: int) -> np.ndarray:
    engine = NativeEngine(env, spec, episodes=episodes)
    return engine.evaluate(Population(theta, 0.0, 5, 0, 1, antithetic=False)).returns[0]


def doubles(name: str, env: Any, spec: Any, theta: np.ndarray, episodes: int) -> np.ndarray:
    vector = gymnasium.make_vec(f"ember_ml/{name}", num_envs=episodes, autoreset_mode="Disabled")
    observation, _ = vector.reset(seed=1)
    total, live = np.zeros(episodes), np.ones(episodes, bool)
    while live.any():
        actions = env.actions(forward(spec, theta, observation.astype(np.float32)))
        observation, reward, terminated, truncated, _ = vector.step(actions)
        total += np.where(live, reward, 0.0)
        ended = terminated | truncated
        live &= ~ended
        if ended.any() and live.any():  # they may not be stepped on: begin them again and look away
            observation, _ = vector.reset(options={"reset_mask": ended})
    return total


def distance(a: np.ndarray, b: np.ndarray) -> float:
    """The largest difference of the two distribution functions."""
    at = np.sort(np.concatenate([a, b]))
    below = [np.searchsorted(np.sort(x), at, "right") / len(x) for x in (a, b)]
    return float(np.abs(below[0] - below[1]).max())


def p_value(d: float, n: int) -> float:
    """Kolmogorov's limit for two samples of n; for returns with ties it is an upper bound."""
    z = d * np.sqrt(n / 2)
    k = np.arange(1, 101)
    return float(np.clip(2 * np.sum((-1.0) ** (k - 1) * np.exp(-2 * (k * z) ** 2)), 0, 1)) if z > 0.1 else 1.0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--episodes", type=int, default=10_000)
    parser.add_argument("--file", type=Path)
    options = parser.parse_args()
    lines = [
        f"# Float lanes and float64 environments: returns of {options.episodes:,} episodes each",
        "",
        "`python benchmarks/float_lanes.py`; the means' difference is in units of its standard error,",
        "`values` are distinct returns.",
        "",
        "| task | float32 lanes | float64 | difference | values | Kolmogorov-Smirnov distance | p |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in TASKS:
        env = envs.make(name)
        spec = MLPPolicy(hidden=(8,)).compile(env)
        theta = mixed_policy(name, spec, env)
        a = lanes(env, spec, theta, options.episodes).round(2)
        b = doubles(name, env, spec, theta, options.episodes).round(2)
        error = np.sqrt((a.var() + b.var()) / options.episodes)
        d = distance(a, b)
        lines.append(
            f"| {name} | {a.mean():.2f} +- {a.std():.2f} | {b.mean():.2f} +- {b.std():.2f} "
            f"| {(a.mean() - b.mean()) / error:+.2f} | {len(np.unique(b))} | {d:.4f} "
            f"| {p_value(d, len(a)):.2f} |"
        )
        print(lines[-1], flush=True)
    if options.file:
        options.file.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
