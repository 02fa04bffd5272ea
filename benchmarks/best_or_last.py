"""Which of a run's policies is better, the last or `run.best`: their true means on twenty seeds a task, after
whole plans and after short trainings.

    python benchmarks/best_or_last.py [--seeds 20] [--first-seed 100]

Two minutes on two quiet cores.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from ember_ml import es

EPISODES = 300
TASKS = (
    "Simple1D-v0",
    "CartPole-v1",
    "MountainCar-v0",
    "MountainCarContinuous-v0",
    "Acrobot-v1",
    "Pendulum-v1",
)


class Thermostat:
    """Heats a room that starts near 15 degrees to 20; a step reads and sets the heater."""

    observation_size, action_size, max_steps = 1, 1, 50

    def reset(self, seed: int | None = None) -> Any:
        self.temperature = 15 + 2 * np.random.default_rng(seed).normal()
        self.time = 0
        return np.array([self.temperature / 20], np.float32)

    def step(self, action: Any) -> tuple[Any, float, bool, dict]:
        self.temperature += float(np.clip(action, -1, 1)) - 0.1 * (self.temperature - 14)
        self.time += 1
        state = np.array([self.temperature / 20], np.float32)
        return state, -abs(self.temperature - 20), self.time == 50, {}


class Point:
    """Pushes a point, which is shaken, to the origin of a plane."""

    observation_size, action_size, max_steps = 4, 2, 40

    def reset(self, seed: int | None = None) -> Any:
        self.random = np.random.default_rng(seed)
        self.state = np.concatenate([self.random.uniform(-1, 1, 2), np.zeros(2)])
        self.time = 0
        return self.state.astype(np.float32)

    def step(self, action: Any) -> tuple[Any, float, bool, dict]:
        push = np.clip(np.asarray(action, float).reshape(-1), -1, 1)
        self.state[2:] += 0.1 * push + 0.05 * self.random.normal(size=2)
        self.state[:2] += 0.3 * self.state[2:]
        self.time += 1
        return self.state.astype(np.float32), -float(np.abs(self.state[:2]).sum()), self.time == 40, {}


def line(env: Any, generations: int | None, seeds: range, **options: Any) -> str:
    found, cost = [], []
    for seed in seeds:
        run = es.train(env, seed=seed, generations=generations, progress=False, **options)
        found.append([run.evaluate(EPISODES, policy).mean for policy in ("last", "best")])
        cost.append(run.judge_steps / run.steps)
    last, best = np.array(found).T
    gain = best - last
    name = env if isinstance(env, str) else env.__name__
    better, worse = (gain > 0).sum(), (gain < 0).sum()
    return (
        f"| {name} | {generations or 'all'} | {np.median(last):.2f} ({last.min():.2f}) |"
        f" {np.median(best):.2f} ({best.min():.2f}) | {gain.mean():.2f} |"
        f" {better}, {worse} of {len(seeds)} | {np.median(cost):.2f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=100)
    options = parser.parse_args()
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    print("| task | generations | last (worst) | best (worst) | gain | better, worse | judge's steps / all |")
    print("|---|---|---|---|---|---|---|")
    for env in TASKS:
        for generations in (None, 40, 10):
            print(line(env, generations, seeds), flush=True)
    for own in (Thermostat, Point):
        for generations in (40, 10):
            print(line(own, generations, seeds[:8], policy=(8,)), flush=True)


if __name__ == "__main__":
    main()
