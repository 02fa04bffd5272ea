"""What policies with and without memory reach on the tasks of examples/memory.py.

    python benchmarks/memory_tasks.py [--tasks cartpole copy pendulum] [--kinds gru mlp seen] [--seeds 10]

Each training is that of the example with another seed, on one thread; its last policy plays 200 fresh
episodes. `seen` is the network without memory by the same plan on the task that shows the velocities. Prints
every mean, then the median and the worst.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
from pathlib import Path
from typing import Any

from ember_ml import envs, es, ops

EXAMPLE = Path(__file__).parents[1] / "examples" / "memory.py"
SEEN = {"cartpole": "CartPole-v1", "pendulum": "Pendulum-v1"}


def example() -> Any:
    spec = importlib.util.spec_from_file_location("memory_example", EXAMPLE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def trained(tasks: Any, task: str, kind: str, seed: int) -> Any:
    """The run of one training."""
    plan = {"preset": None, "threads": 1, "progress": False}
    seen = kind == "seen"
    env = envs.make(SEEN[task]) if seen else tasks.TASKS[task]()
    ops.set_seed(seed)
    policy = tasks.network(env, "mlp" if seen else kind, tasks.UNITS[task])
    if task == "pendulum":
        return tasks.lessons(policy, seed, seen, **plan)
    return es.train(env, policy, seed=seed, **{**tasks.PLANS[task], **plan})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", nargs="+", default=["cartpole", "copy", "pendulum"])
    parser.add_argument("--kinds", nargs="+", default=["gru", "mlp", "seen"])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    options = parser.parse_args()
    tasks = example()
    for task in options.tasks:
        for kind in options.kinds:
            if kind == "seen" and task not in SEEN:
                continue
            means = []
            for seed in range(options.first, options.first + options.seeds):
                means.append(trained(tasks, task, kind, seed).evaluate(200).mean)
            shown = " ".join(f"{mean:.6g}" for mean in sorted(means))
            print(
                f"{task} {kind}: median {statistics.median(means):.6g}, worst {min(means):.6g}: {shown}",
                flush=True,
            )


if __name__ == "__main__":
    main()
