"""ARS V2-t as Mania, Guy and Recht wrote it (2018, arXiv 1803.07055), in numpy: is ours the same search?

    python benchmarks/ars_reference.py --task HalfCheetah-v5 --seeds 2 --generations 40

Directions, steps and statistics are numpy's; only the environment is shared, a vector environment of Ember's,
which equals gymnasium's number by number. What differs from `preset="ars-v2"`: no warm-up population, no clip
of the normalised observations at 10, a start of its own for each member of a pair, float64. Every few
generations the unperturbed policy plays as many episodes as a generation has; they are not counted.
"""

from __future__ import annotations

import argparse

import ember_ml.gym  # noqa: F401
import gymnasium
import numpy as np
from ember_ml.es import presets
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Statistics:
    """Mean and deviation of all observations so far."""

    def __init__(self, size: int) -> None:
        self.count, self.mean, self.squares = 0, np.zeros(size), np.zeros(size)

    def add(self, rows: Array) -> None:
        mean = rows.mean(axis=0)
        apart, total = mean - self.mean, self.count + len(rows)
        self.squares += ((rows - mean) ** 2).sum(axis=0) + apart**2 * self.count * len(rows) / total
        self.mean = self.mean + apart * len(rows) / total
        self.count = total

    def deviation(self) -> Array:
        """Infinite where it is next to nothing, so that such an observation counts as 0."""
        if self.count < 2:
            return np.ones_like(self.mean)
        deviation = np.sqrt(self.squares / (self.count - 1))
        return np.where(deviation < 1e-7, np.inf, deviation)


def play(
    env: gymnasium.vector.VectorEnv, weights: Array, known: Statistics, seed: int
) -> tuple[Array, Array]:
    """Returns (members,) of one episode each, and the observations that were acted on."""
    mean, deviation = known.mean, known.deviation()
    seen, _ = env.reset(seed=seed)
    returns, alive = np.zeros(len(weights)), np.ones(len(weights), bool)
    rows = []
    while alive.any():
        rows.append(seen[alive])
        actions = np.einsum("mao,mo->ma", weights, (seen - mean) / deviation)
        seen, reward, terminated, truncated, _ = env.step(actions.astype(np.float32))
        returns[alive] += reward[alive]
        alive &= ~(terminated | truncated)
    return returns, np.concatenate(rows)


def train(task: str, seed: int, generations: int, every: int) -> None:
    preset = presets.find("ars-v2", task)[0]
    config = preset.strategy().config()  # both tasks have no survival bonus to take off
    directions, top, sigma = config["directions"], config["top"], config["sigma"]
    env = gymnasium.make_vec(f"ember_ml/{task}", num_envs=2 * directions)
    random = np.random.default_rng(seed)
    shape = (env.single_action_space.shape[0], env.single_observation_space.shape[0])
    policy, known = np.zeros(shape), Statistics(shape[1])
    for generation in range(1, generations + 1):
        noise = random.standard_normal((directions, *shape))
        members = np.stack([policy + sigma * noise, policy - sigma * noise], axis=1).reshape(-1, *shape)
        returns, rows = play(env, members, known, int(random.integers(2**31)))
        pairs = returns.reshape(directions, 2)
        best = np.argsort(-pairs.max(axis=1))[:top]
        step = np.einsum("k,kao->ao", pairs[best, 0] - pairs[best, 1], noise[best])
        policy = policy + config["learning_rate"] / (top * pairs[best].std()) * step
        known.add(rows)
        if generation % every == 0:
            same = np.repeat(policy[None], 2 * directions, axis=0)
            mean = play(env, same, known, int(random.integers(2**31)))[0].mean()
            print(f"seed {seed}, {generation * 2 * directions} episodes: {mean:.0f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--task", default="HalfCheetah-v5", choices=("HalfCheetah-v5", "Swimmer-v5"))
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--generations", type=int, default=40)
    parser.add_argument("--every", type=int, default=5)
    options = parser.parse_args()
    for seed in range(options.seeds):
        train(options.task, seed, options.generations, options.every)


if __name__ == "__main__":
    main()
