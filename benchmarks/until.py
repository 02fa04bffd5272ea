"""Whether `until` means what it says: the usual thresholds on twenty seeds, and the policy that came back on
fresh episodes that neither training nor confirming used.

    python benchmarks/until.py [--seeds 20] [--first-seed 60000] [--out benchmarks/results/until.md]

A minute on two quiet cores.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from ember_ml import es

EPISODES = 1000


@dataclass(frozen=True)
class Row:
    env: str
    until: float


ROWS = (
    Row("CartPole-v1", 475),
    Row("MountainCar-v0", -110),
    Row("Acrobot-v1", -100),
    Row("Pendulum-v1", -200),
    Row("Pendulum-v1", -160),
)


def measure(row: Row, seeds: range, **options: int) -> dict[str, float]:
    """Over the seeds: how many runs say reached, how many of them hold, and what it took."""
    reached, holds, margins, steps, cost, tries = 0, 0, [], [], [], []
    for seed in seeds:
        run = es.train(row.env, seed=seed, until=row.until, progress=False, **options)
        if not run.reached:
            continue
        reached += 1
        fresh = run.evaluate(EPISODES)
        holds += fresh.mean >= row.until - 2 * fresh.std / EPISODES**0.5
        margins.append(fresh.mean)
        steps.append(run.steps)
        cost.append(run.confirm_steps)
        tries.append(max(1, len(run.confirmations)))
    middle = [float(np.median(values)) if values else np.nan for values in (margins, steps, cost, tries)]
    least = min(margins, default=np.nan)
    names = ("mean", "steps", "confirm_steps", "tries")
    return {"reached": reached, "holds": holds, "least": least, **dict(zip(names, middle))}


def count(steps: float) -> str:
    return "-" if np.isnan(steps) else f"{steps / 1e6:.2f} M" if steps >= 1e6 else f"{steps / 1e3:.0f} k"


def line(row: Row, how: str, found: dict[str, float], seeds: int) -> str:
    return (
        f"| {row.env} | {row.until:g} | {how} | {found['reached']} of {seeds} | {found['holds']} of"
        f" {found['reached']} | {found['mean']:.1f} ({found['least']:.1f}) | {count(found['steps'])} |"
        f" {count(found['confirm_steps'])} | {found['tries']:.0f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=60000)
    parser.add_argument("--out", default="benchmarks/results/until.md")
    options = parser.parse_args()
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    lines = [
        f"Seeds {seeds[0]} to {seeds[-1]}, each task's preset. A run holds if its policy's mean over",
        f"{EPISODES:,} fresh episodes is at least the threshold less two standard errors. Means, steps and",
        "tries are medians over the runs that say reached.",
        "",
        "| task | until | believed | says reached | holds | true mean (least) | training steps |"
        " confirming steps | tries |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    print("\n".join(lines), flush=True)
    for row in ROWS:
        for how, asked in (("confirmed", {}), ("the first draw", {"confirm_episodes": 0})):
            lines.append(line(row, how, measure(row, seeds, **asked), len(seeds)))
            print(lines[-1], flush=True)
    with open(options.out, "w") as file:
        file.write("# `until`\n\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
