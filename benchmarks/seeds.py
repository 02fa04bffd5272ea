"""Many seeds at once beside one after the other on one thread: `es.train(..., seeds=range(20), threads=N)`.

For each task's preset, both sides in turn, `--rounds` times; the figure is the median of the ratios. The
trainings of both sides must end in the same bits.

    python benchmarks/seeds.py [--rounds 5] [--threads N] [--seeds 20] [TASK ...]
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np
from ember_ml import _core, es

TASKS = ("CartPole-v1", "Acrobot-v1", "Pendulum-v1")


def one_after_another(task: str, seeds: range) -> list[es.Run]:
    return [es.train(task, seed=seed, threads=1, progress=False) for seed in seeds]


def same(one: es.Run, other: es.Run) -> bool:
    fields = ("policy_return", "population_mean", "steps", "update_norm")
    return np.array_equal(one.theta, other.theta) and all(
        np.array_equal(one.history[field], other.history[field]) for field in fields
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("tasks", nargs="*", metavar="TASK", default=TASKS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=_core.available_threads())
    parser.add_argument("--seeds", type=int, default=20)
    options = parser.parse_args()
    seeds = range(options.seeds)
    print(
        f"{options.seeds} seeds, {options.threads} threads\n{'':16}{'in turn':>10}{'at once':>10}{'ratio':>8}"
    )
    for task in options.tasks:
        es.train(task, seeds=range(options.threads), threads=options.threads, progress=False)
        alone, together = [], []
        for _ in range(options.rounds):
            began = time.perf_counter()
            runs = one_after_another(task, seeds)
            middle = time.perf_counter()
            found = es.train(task, seeds=seeds, threads=options.threads, progress=False)
            alone.append(middle - began)
            together.append(time.perf_counter() - middle)
            assert all(map(same, runs, found)), f"{task}: other bits"
        ratio = statistics.median(a / b for a, b in zip(alone, together))
        print(f"{task:16}{statistics.median(alone):9.3f}s{statistics.median(together):9.3f}s{ratio:8.2f}")


if __name__ == "__main__":
    main()
