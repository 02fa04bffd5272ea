"""Learning table: ten fresh seeds a task, the final unperturbed policy on starts that training never used,
environment steps counted; and the learning curves, median and quartiles.

    python benchmarks/learning_table.py [--seeds 10] [--first-seed 40000] [--out benchmarks/learning_table]

writes OUT.md and OUT.png. Half a minute on two quiet cores.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import numpy as np
from ember_ml import es
from ember_ml.plot import POLICY, STYLE


@dataclass(frozen=True)
class Row:
    env: str
    preset: str | None
    target: float  # a run solves the task if its final policy reaches this
    published: str
    restarts: int = 1
    episodes: int = 100

    @property
    def label(self) -> str:
        kind = "general default" if self.preset is None else "preset"
        return kind + (f", best of {self.restarts}" if self.restarts > 1 else "")


ZOO = "RL Baselines3 Zoo, as recalled"
ROWS = (
    Row("Simple1D-v0", "auto", -45.8, "optimum -45", episodes=1),
    Row("CartPole-v1", "auto", 500, f"500 at 50 k ({ZOO})"),
    Row("MountainCar-v0", "auto", -100, "-", episodes=1000),
    Row("MountainCarContinuous-v0", "auto", 94, f"96.7 at 500 k ({ZOO})"),
    Row("Acrobot-v1", "auto", -82, "-", episodes=1000),
    Row("Pendulum-v1", "auto", -160, f"-212 at 2 M ({ZOO})", episodes=1000),
    Row("Pendulum-v1", "auto", -160, "best possible about -139", restarts=3, episodes=1000),
    Row("Simple1D-v0", None, -46, "optimum -45", episodes=1),
    Row("CartPole-v1", None, 500, f"500 at 50 k ({ZOO})"),
    Row("MountainCar-v0", None, -100, "-"),
    Row("MountainCarContinuous-v0", None, 94, f"96.7 at 500 k ({ZOO})"),
    Row("Acrobot-v1", None, -85, "-"),
)


def measure(row: Row, seeds: range) -> dict:
    runs, finals, begun = [], [], time.perf_counter()
    for seed in seeds:
        run = es.train(row.env, preset=row.preset, seed=seed, restarts=row.restarts, progress=False)
        runs.append(run)
        finals.append(run.evaluate(row.episodes).mean)
    first = []
    for run in runs:
        reached = np.flatnonzero(run.history["policy_return"] >= row.target)
        first.append(np.cumsum(run.history["steps"])[reached[0]] if len(reached) else np.inf)
    return {
        "runs": runs,
        "finals": np.sort(finals),
        "steps": np.median([run.steps for run in runs]),
        "first": np.median(first),
        "seconds": time.perf_counter() - begun,
    }


def count(steps: float) -> str:
    if not np.isfinite(steps):
        return "never"
    return f"{steps / 1e6:.2f} M" if steps >= 1e6 else f"{steps / 1e3:.0f} k"


def line(row: Row, found: dict, seeds: int) -> str:
    finals = found["finals"]
    solved = int((finals >= row.target).sum())
    first = "-" if row.restarts > 1 else count(found["first"])
    return (
        f"| {row.env} | {row.label} | {np.median(finals):.2f} [{finals[0]:.2f}, {finals[-1]:.2f}] |"
        f" {solved} of {seeds} reach {row.target:g} | {count(found['steps'])} | {first} |"
        f" {found['seconds'] / seeds:.2f} | {row.published} |"
    )


def smooth(returns: np.ndarray, window: int = 9) -> np.ndarray:
    """Running mean: a policy's return is one episode's."""
    ones = np.ones(window)
    return np.convolve(returns, ones, "same") / np.convolve(np.ones(len(returns)), ones, "same")


def draw(results: list[tuple[Row, dict]], path: str) -> None:
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    shown = [(row, found) for row, found in results if row.restarts == 1]
    with plt.rc_context(STYLE):
        columns = 4
        rows = -(-len(shown) // columns)
        figure, axes = plt.subplots(rows, columns, figsize=(3.1 * columns, 2.4 * rows))
        figure.set_layout_engine("constrained")
        for axis in np.ravel(axes)[len(shown) :]:
            axis.remove()
        for axis, (row, found) in zip(np.ravel(axes), shown):
            steps = np.median([np.cumsum(r.history["steps"]) for r in found["runs"]], axis=0)
            curves = np.array([smooth(r.history["policy_return"]) for r in found["runs"]])
            low, middle, high = np.percentile(curves, (25, 50, 75), axis=0)
            axis.fill_between(steps, low, high, color=POLICY, alpha=0.25, linewidth=0)
            axis.plot(steps, middle, color=POLICY, linewidth=1.2)
            bottom, top = np.percentile(low, 8), high.max()
            room = 0.08 * (top - bottom) or 0.05 * abs(top)
            axis.set_ylim(bottom - room, top + room)
            axis.xaxis.set_major_formatter(matplotlib.ticker.EngFormatter(sep=""))
            axis.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(4))
            axis.set_title(row.env, loc="left", fontweight="bold")
            axis.text(0.98, 0.04, row.label, ha="right", transform=axis.transAxes, fontsize=8.5)
        figure.supxlabel("environment steps", fontsize=9.5)
        figure.supylabel("return of the policy: median and quartiles, smoothed over 9", fontsize=9.5)
        figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=40000)
    parser.add_argument("--out", default="benchmarks/learning_table")
    options = parser.parse_args()
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    head = [
        f"Seeds {seeds[0]} to {seeds[-1]}; final policy: median [worst, best] over seeds of its mean return.",
        "",
        "| task | settings | final policy | solved | steps | first at target (median) | seconds a run |"
        " published |",
        "|---|---|---|---|---|---|---|---|",
    ]
    print("\n".join(head), flush=True)
    results, lines = [], []
    for row in ROWS:
        found = measure(row, seeds)
        results.append((row, found))
        lines.append(line(row, found, len(seeds)))
        print(lines[-1], flush=True)
    with open(f"{options.out}.md", "w") as file:
        file.write("# Learning table\n\n" + "\n".join([*head, *lines]) + "\n")
    draw(results, f"{options.out}.png")


if __name__ == "__main__":
    main()
