"""What a preset reaches on a MuJoCo task: several seeds, the final policy, beside published figures.

    python benchmarks/results.py --task HalfCheetah-v5 --seeds 5 [--preset ars-v2] [--generations 200]

Each training is saved every half minute into the folder `--runs` and goes on from there when this is called
again; seeds that the table's JSON has, of the same plan and versions, are not played again. Writes
`benchmarks/results/learning/TASK-PRESET.json` and `.png`, and the line of that task and preset in
docs/results.md.

A threshold is reached at the first evaluation (about every 200 episodes of training, 20 episodes that are
not of training) whose mean is at least that; counted are the episodes of training until then, without
evaluations. The final policy plays 100 further episodes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from pathlib import Path
from typing import Any

import numpy as np
from ember_ml import es
from ember_ml.es import presets

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "results.md"
APART, EPISODES, FINAL = 200, 20, 100  # episodes of training between evaluations; of each; of the last

#: Threshold and the episodes to it of ARS V2-t, Mania, Guy and Recht 2018, table 1 (on gym's -v1 tasks).
PAPER = {
    "Swimmer": (325, 427),
    "Hopper": (3120, 1973),
    "HalfCheetah": (3430, 1707),
    "Walker2d": (4390, 24000),
    "Ant": (3580, 20800),
    "Humanoid": (6000, 142600),
}

HEAD = """\
# What the presets reach on MuJoCo's tasks

Final unperturbed policy, mean of 100 episodes that training never uses: median [worst, best] over seeds.
"threshold" is the ARS paper's (Mania, Guy and Recht 2018, arXiv 1803.07055): how many seeds had an evaluation
(20 episodes, about every 200 of training) of at least that, and after how many training episodes (median of
those that had), beside the paper's ARS V2-t, which was measured on older versions of the tasks. Steps and
time are those of one training; the machine may have been busy with other work.

`python benchmarks/results.py --task TASK --preset PRESET --seeds N --first-seed S --generations G` makes a
line again. A line says nothing of more generations, other seeds or other versions.

| task | preset | generations | seeds | final policy | threshold | paper | steps | minutes | versions |
|---|---|---|---|---|---|---|---|---|---|
"""


def train(task: str, name: str, generations: int, seed: int, folder: Path, threads: int | None) -> es.Run:
    path = folder / f"{task}-{name}-{generations}-seed{seed}.npz"
    saver = es.Checkpoint(path, every=None, seconds=30)
    options = {"callbacks": saver, "threads": threads, "progress": False}
    if path.exists():
        trainer = es.Trainer.load(path, **options)
    else:
        preset = presets.find(name, task)[0]
        strategy = preset.strategy()
        every = max(1, round(APART / (2 * strategy.config()["directions"])))
        trainer = es.Trainer(
            task, preset.policy, strategy, seed=seed, generations=generations,
            eval_every=every, eval_episodes=EPISODES, **preset.options, **options,
        )  # fmt: skip
    left = generations - trainer.generation
    run = trainer.run() if left > 0 else es.load(path)
    if run.interrupted:
        raise KeyboardInterrupt
    return run


def known_rows(path: Path, generations: int) -> dict[int, dict[str, Any]]:
    """Rows of the JSON by seed, where it is of this plan and of these versions."""
    told = json.loads(path.read_text()) if path.exists() else {}
    same = {"generations": generations, "versions": versions()}
    if any(told.get(key) != value for key, value in same.items()):
        return {}
    return {row["seed"]: row for row in told["runs"]}


def draw(told: dict[str, Any], path: Path) -> None:
    """Each seed's evaluations over the episodes of training, their median, and the paper's threshold."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7.2, 4.0), layout="constrained")
    curves = [np.asarray(row["evaluations"], float).reshape(-1, 2) for row in told["runs"]]
    row = told["runs"][0]
    for number, curve in enumerate(curves):
        label = f"{len(curves)} seeds" if number == 0 and len(curves) > 1 else None
        played = curve[:, 0] * row["episodes"] / row["generations"]
        axes.plot(played, curve[:, 1], color="#0072b2", alpha=0.35, linewidth=1.0, label=label)
    length = min(len(curve) for curve in curves)
    median = np.median([curve[:length, 1] for curve in curves], axis=0)
    name = "median" if len(curves) > 1 else f"seed {row['seed']}"
    axes.plot(played[:length], median, color="#0072b2", linewidth=2.2, label=name)
    axes.axhline(
        told["threshold"], color="#d55e00", linestyle="--", linewidth=1.2,
        label=f"ARS paper: {told['threshold']} after {told['paper']:,} episodes (V2-t)",
    )  # fmt: skip
    axes.set_title(f"{told['task']}, {told['preset']}", loc="left", fontweight="bold")
    axes.set_xlabel("episodes of training")
    axes.set_ylabel("mean return of 20 fresh episodes")
    axes.set_xlim(left=0)
    axes.grid(alpha=0.3)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    figure.savefig(path, dpi=130)
    pyplot.close(figure)


def describe(run: es.Run, threshold: float) -> dict[str, Any]:
    """What one training came to."""
    final = run.evaluate(FINAL, policy="last")
    evaluated, means = np.asarray(run.evaluations["generation"]), np.asarray(run.evaluations["mean"])
    reached = np.flatnonzero(means >= threshold)
    first = int(evaluated[reached[0]]) if len(reached) else None
    played = np.cumsum(run.history["episodes"])
    return {
        "seed": run.seed,
        "generations": len(run.history),
        "final": final.mean,
        "final_std": final.std,
        "best_evaluation": float(means.max()) if len(means) else None,
        "evaluations": [[int(g), float(m)] for g, m in zip(evaluated, means)],
        "episodes_to_threshold": None if first is None else int(played[max(0, first - 1)]),
        "episodes": int(played[-1]),
        "steps": int(run.steps),
        "minutes": float(run.history["wall_time"][-1]) / 60,
    }


def versions() -> dict[str, str]:
    import gymnasium
    import mujoco

    return {
        "mujoco": mujoco.__version__,
        "gymnasium": gymnasium.__version__,
        "machine": f"{platform.machine()}, {os.cpu_count()} CPUs",
    }


def line(told: dict[str, Any]) -> str:
    """The line of docs/results.md; it begins with the cells that it is known by."""
    rows = told["runs"]
    finals = np.sort([row["final"] for row in rows])
    taken = [row["episodes_to_threshold"] for row in rows if row["episodes_to_threshold"] is not None]
    seeds = [row["seed"] for row in rows]
    which = f"{seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else str(seeds[0])
    reached = f"{told['threshold']}: {len(taken)} of {len(rows)}"
    if taken:
        reached += f", {np.median(taken):,.0f} episodes"
    cells = [
        told["task"], f"`{told['preset']}`", str(told["generations"]), which,
        f"{np.median(finals):.0f} [{finals[0]:.0f}, {finals[-1]:.0f}]",
        reached, f"{told['paper']:,} episodes",
        f"{np.median([row['steps'] for row in rows]) / 1e6:.2f} M",
        f"{np.median([row['minutes'] for row in rows]):.1f}",
        f"mujoco {told['versions']['mujoco']}, gymnasium {told['versions']['gymnasium']}",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def with_line(page: str, new: str) -> str:
    """The page with this line in the place of the one of the same task and preset, or at the table's end."""
    key = new.split("|")[1:3]
    lines = [old for old in (page or HEAD).splitlines() if old.split("|")[1:3] != key]
    end = max(number for number, old in enumerate(lines) if old.startswith("|")) + 1
    return "\n".join([*lines[:end], new, *lines[end:]]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--task", required=True, choices=[f"{name}-v5" for name in PAPER])
    parser.add_argument("--preset", default="ars-v2")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=60000)
    parser.add_argument("--generations", type=int, default=None, help="default: the preset's")
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--runs", type=Path, default=ROOT / "build" / "learning")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "learning")
    parser.add_argument("--page", type=Path, default=PAGE)
    options = parser.parse_args()
    task, name = options.task, options.preset
    generations = options.generations or presets.find(name, task)[0].generations
    threshold, paper = PAPER[task.removesuffix("-v5")]
    for folder in (options.runs, options.out):
        folder.mkdir(parents=True, exist_ok=True)
    path = options.out / f"{task}-{name}.json"
    rows, known = [], known_rows(path, generations)
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        if seed not in known:
            run = train(task, name, generations, seed, options.runs, options.threads)
            known[seed] = describe(run, threshold)
        rows.append(known[seed])
        print(json.dumps({key: value for key, value in rows[-1].items() if key != "evaluations"}), flush=True)
    told = {
        "task": task, "preset": name, "generations": generations, "threshold": threshold, "paper": paper,
        "versions": versions(), "runs": rows,
    }  # fmt: skip
    path.write_text(json.dumps(told, indent=1) + "\n")
    draw(told, path.with_suffix(".png"))
    page = options.page.read_text() if options.page.exists() else ""
    options.page.write_text(with_line(page, line(told)))
    print(line(told))


if __name__ == "__main__":
    main()
