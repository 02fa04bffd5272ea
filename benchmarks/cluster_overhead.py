"""What two workers cost a generation beyond the evaluation, and what is sent; beside EvoTorch's Ray actors.

    python benchmarks/cluster_overhead.py [--ray] [--generations 60] [--evotorch]

Overhead is the time of `evaluate` (shards cut, sent, answered, merged; replicas brought up to date) minus the
busiest worker's own evaluation, median over generations. The environment of the last rows sleeps, so that two
workers and the coordinator do not contend for the cores of a small machine.

EvoTorch ships the solutions: its rows are a problem of as many parameters whose fitness costs nothing, the
median of `searcher.step()` on two actors, with sampling and update, which here are the column `update`.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any

import numpy as np
from ember_ml import engines, es
from ember_ml.engines.sharded.coordinator import Coordinator


class Sleeping:
    """Episodes of one step that takes so many seconds."""

    observation_size, action_size, max_steps = 1, 1, 1

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds

    def reset(self, seed: int | None = None) -> Any:
        return np.zeros(1)

    def step(self, action: Any) -> Any:
        time.sleep(self.seconds)
        return np.zeros(1), -(float(np.asarray(action).ravel()[0]) ** 2), True, {}


class Sleeper:
    """Makes `Sleeping`; can be sent to other processes."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __call__(self) -> Sleeping:
        return Sleeping(self.seconds)


def measure(engine: Any, env: Any, policy: Any, directions: int, generations: int) -> dict[str, Any]:
    busiest: list[float] = []
    evaluate = Coordinator.evaluate

    def watched(self: Coordinator, shards: Any) -> Any:
        answers = evaluate(self, shards)
        by_worker: dict[int, float] = {}
        for answer in answers:
            worker = heard[answer.round, answer.number]
            by_worker[worker] = by_worker.get(worker, 0.0) + answer.seconds
        busiest.append(max(by_worker.values()))
        return answers

    heard: dict[tuple[int, int], int] = {}
    answered = Coordinator._answered

    def noted(self: Coordinator, worker: int, answer: Any) -> None:
        heard.setdefault((answer.round, answer.number), worker)
        answered(self, worker, answer)

    Coordinator.evaluate, Coordinator._answered = watched, noted  # type: ignore[method-assign]
    strategy = es.OpenAIES(directions=directions, sigma=0.1)
    made = es.Trainer(
        env, policy, strategy, seed=0, engine=engine, progress=False, normalize_observations=False
    )
    took: list[float] = []
    updates: list[float] = []
    with made:
        made.step()
        whole = made.engine.evaluate

        def timed(*arguments: Any) -> Any:
            began = time.perf_counter()
            result = whole(*arguments)
            took.append(time.perf_counter() - began)
            return result

        made.engine.evaluate = timed
        busiest.clear()
        for _ in range(generations):
            began = time.perf_counter()
            made.step()
            updates.append(time.perf_counter() - began - took[-1])
        sent, received = made.engine.bytes_per_generation
        workers = len(made.engine.coordinator.workers)
    Coordinator.evaluate, Coordinator._answered = evaluate, answered  # type: ignore[method-assign]
    over = [1e3 * (a - b) for a, b in zip(took, busiest)]
    return {
        "parameters": made.strategy.parameters,
        "members": 2 * directions,
        "evaluation": 1e3 * statistics.median(busiest),
        "overhead": statistics.median(over),
        "share": statistics.median(o / (1e3 * b) for o, b in zip(over, busiest)),
        "sent": sent,
        "received": received,
        "update": 1e3 * statistics.median(updates),
        "workers": workers,
    }


def evotorch(parameters: int, members: int, generations: int) -> str:
    import torch
    from evotorch import Problem
    from evotorch.algorithms import PGPE

    class Free(Problem):  # type: ignore[misc]
        def _evaluate_batch(self, batch: Any) -> None:
            batch.set_evals(-(batch.values[:, 0] ** 2))

    problem = Free(
        "max", solution_length=parameters, initial_bounds=(-1, 1), dtype=torch.float32, num_actors=2
    )
    searcher = PGPE(
        problem, popsize=members, center_learning_rate=0.1, stdev_learning_rate=0.1, stdev_init=0.1
    )
    searcher.step()
    took = []
    for _ in range(generations):
        began = time.perf_counter()
        searcher.step()
        took.append(time.perf_counter() - began)
    problem.kill_actors()
    sent = 4 * parameters * members
    step = 1e3 * statistics.median(took)
    return f"| EvoTorch, 2 actors | {parameters:,} | {members} | 0 | {step:.1f} | | {sent:,} | | |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ray", action="store_true", help="Ray actors of this machine instead of processes")
    parser.add_argument("--evotorch", action="store_true", help="EvoTorch's rows too")
    parser.add_argument("--generations", type=int, default=60)
    chosen = parser.parse_args()
    kind = engines.Ray if chosen.ray else engines.Local
    print(
        "| engine | parameters | members | evaluation, ms | overhead, ms | share | bytes down | bytes up",
        end="",
    )
    print(f" | update, ms |\n{'|---' * 9}|")
    rows: list[tuple[Any, Any, int]] = [
        ("Simple1D-v0", (16,), 128),
        ("Simple1D-v0", (64, 64), 128),
        ("Simple1D-v0", (300, 300), 128),
        (Sleeper(0.0006), (4,), 64),
        (Sleeper(0.002), (4,), 64),
    ]
    for env, policy, directions in rows:
        r = measure(kind(workers=2, threads=1), env, policy, directions, chosen.generations)
        print(
            f"| {kind.name}, {r['workers']} workers | {r['parameters']:,} | {r['members']}"
            f" | {r['evaluation']:.1f} | {r['overhead']:.2f} | {100 * r['share']:.1f}%"
            f" | {r['sent']:,} | {r['received']:,} | {r['update']:.2f} |",
            flush=True,
        )
        if chosen.evotorch and env == "Simple1D-v0":
            print(evotorch(r["parameters"], r["members"], chosen.generations), flush=True)


if __name__ == "__main__":
    main()
