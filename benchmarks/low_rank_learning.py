"""How training goes by rank: medians and worst of fresh seeds on the classic tasks.

    python benchmarks/low_rank_learning.py runs.jsonl --seeds 20 [--threads 1]
    python benchmarks/low_rank_learning.py runs.jsonl --table

The first plays what is missing in the file, seed by seed, and adds a line a training; the second prints the
table of docs/strategies.md, whose trainings are in benchmarks/results/low_rank_learning.jsonl. Each is the
general default (16 pairs, sigma 0.3, Adam 0.1, both decayed to 5%) with noise of that rank, 300 generations,
judged by 100 fresh episodes of the last policy.
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path

from ember_ml import es
from ember_ml.training import Adam

TASKS = ("CartPole-v1", "Acrobot-v1", "MountainCar-v0", "MountainCarContinuous-v0", "Pendulum-v1")
HIDDEN = ((16, 16), (64, 64))
RANKS = (0, 1, 2, 4)  # 0: full noise
GENERATIONS, FIRST_SEED = 300, 700


def strategy(rank: int) -> es.OpenAIES:
    return es.OpenAIES(
        directions=16,
        sigma=0.3,
        optimizer=Adam(learning_rate=0.1, betas=(0.9, 0.99)),
        sigma_decay=0.05,
        learning_rate_decay=0.05,
        perturbation=es.LowRank(rank) if rank else None,
    )


def train(task: str, hidden: tuple[int, ...], rank: int, seed: int, threads: int) -> float:
    trainer = es.Trainer(
        task, hidden, strategy(rank), seed=seed, generations=GENERATIONS, threads=threads, progress=False
    )
    return float(trainer.run().evaluate(episodes=100).mean)


def play(path: Path, seeds: int, threads: int) -> None:
    done = {key(row) for row in read(path)}
    for seed in range(FIRST_SEED, FIRST_SEED + seeds):
        for task in TASKS:
            for hidden in HIDDEN:
                for rank in RANKS:
                    row = {"task": task, "hidden": list(hidden), "rank": rank, "seed": seed}
                    if key(row) in done:
                        continue
                    row["mean"] = train(task, hidden, rank, seed, threads)
                    with path.open("a") as file:
                        file.write(json.dumps(row) + "\n")


def read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def key(row: dict) -> tuple:
    return row["task"], tuple(row["hidden"]), row["rank"], row["seed"]


def table(rows: list[dict]) -> str:
    seeds = {row["seed"] for row in rows}
    whole = [
        s for s in seeds if sum(row["seed"] == s for row in rows) == len(TASKS) * len(HIDDEN) * len(RANKS)
    ]
    lines = [f"Seeds {min(whole)} to {max(whole)} ({len(whole)}), median [worst]:", ""]
    lines += ["| task | hidden | full | rank 1 | rank 2 | rank 4 |", "|---|---|---|---|---|---|"]
    for task in TASKS:
        for hidden in HIDDEN:
            cells = []
            for rank in RANKS:
                means = [r["mean"] for r in rows if r["seed"] in whole and key(r)[:3] == (task, hidden, rank)]
                cells.append(f"{statistics.median(means):.1f} [{min(means):.1f}]")
            lines.append(f"| {task} | {'-'.join(map(str, hidden))} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--table", action="store_true")
    given = parser.parse_args()
    if given.table:
        print(table(read(given.file)))
    else:
        play(given.file, given.seeds, given.threads)


if __name__ == "__main__":
    main()
