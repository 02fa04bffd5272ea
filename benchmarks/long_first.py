"""What handing out long episodes first could gain: schedules of real episode lengths, simulated.

    python benchmarks/long_first.py [--generations 60]

Threads take the pairs of a generation from a counter, in index order. Here the lengths of 60 generations
of a training are handed to 2 and 8 threads in three orders: by index, the longest first as an oracle
would, and the longest of the last generation first. Figures are the mean time over that of an ideal
split. A pair's noise is new in every generation, so its last length says nothing about its next: their
correlation is printed too.
"""

from __future__ import annotations

import argparse
import heapq
import itertools

import numpy as np
from ember_ml import envs, es
from ember_ml.engines.native import NativeEngine
from ember_ml.rollout import Population

TASKS = (("CartPole-v1", 8), ("CartPole-v1", 16), ("CartPole-v1", 128), ("Acrobot-v1", 16))


def makespan(work: np.ndarray, threads: int) -> float:
    ends = [0.0] * threads
    for piece in work:
        heapq.heapreplace(ends, ends[0] + piece)
    return max(ends)


def lengths(env: str, pairs: int, generations: int) -> np.ndarray:
    """Steps of each pair, (generations, pairs), while a policy learns."""
    policy, spec = es.MLPPolicy(hidden=(16, 16)), envs.make(env)
    options = {"normalize_observations": False, "seed": 0, "progress": False}
    trainer = es.Trainer(env, policy, es.OpenAIES(directions=pairs, sigma=0.1), **options)
    engine = NativeEngine(spec, policy.compile(spec), episodes=1)
    rows = []
    for generation in range(generations):
        population = Population(trainer.theta, 0.1, 0, generation, pairs)
        rows.append(engine.evaluate(population).lengths.reshape(pairs, 2).sum(1))
        trainer.step()
    return np.array(rows, float)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--generations", type=int, default=60)
    options = parser.parse_args()
    print(f"{'':<24}{'threads':>8}{'by index':>10}{'oracle':>8}{'by the last':>13}{'correlation':>13}")
    for env, pairs in TASKS:
        rows = lengths(env, pairs, options.generations)
        alike = [np.corrcoef(a, b)[0, 1] for a, b in itertools.pairwise(rows) if a.std() > 0 and b.std() > 0]
        for threads in (2, 8):
            over = []
            for last, row in itertools.pairwise(rows):
                ideal = max(row.sum() / threads, row.max())
                orders = (row, np.sort(row)[::-1], row[np.argsort(-last, kind="stable")])
                over.append([makespan(order, threads) / ideal - 1 for order in orders])
            index, oracle, by_last = 100 * np.mean(over, axis=0)
            name = f"{env}, {pairs} pairs"
            print(
                f"{name:<24}{threads:>8}{index:>9.1f}%{oracle:>7.1f}%{by_last:>12.1f}%{np.mean(alike):>13.3f}"
            )


if __name__ == "__main__":
    main()
