"""Which of the three forward layouts is fastest where, and whether the cost model picks it.

    python benchmarks/layouts.py [--file benchmarks/results/layouts.json] [--seconds 80]

Every cell of population 2^4 to 2^14, two hidden layers of 8 to 512 and 1 to 64 episodes a member
evaluates CartPole on one thread in each layout, in turn. Episodes never end early; they have 200 steps
where a run then takes less than BUDGET, fewer where not, and cells that would have fewer than FEWEST are
left out and counted. What is measured goes into the file: `--seconds` stops early, and the same command
goes on. When all is done a table (.md) and a picture (.png) are written beside it.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from ember_ml import _core, envs
from ember_ml.engines.native import NativeEngine
from ember_ml.es import MLPPolicy
from ember_ml.rollout import Population

POPULATIONS = [2**n for n in range(4, 15)]
HIDDEN = [8, 16, 32, 64, 128, 256, 512]
EPISODES = [1, 2, 4, 8, 16, 32, 64]
LAYOUTS = ("members", "episodes", "units")
BUDGET, STEPS, FEWEST = 0.15, 200, 16  # seconds of a run, about; steps of an episode at most and at least
ENOUGH, RUNS = 0.02, 6  # seconds of a layout in a cell; runs at most (and at least 2)
# Bounds that no episode reaches.
ENV = envs.make("CartPole-v1", theta_threshold_radians=1e6, x_threshold=1e6)


def multiplications(hidden: int) -> int:
    return 4 * hidden + hidden * hidden + 2 * hidden


def steps(population: int, hidden: int, episodes: int) -> int:
    """Of an episode; 0: the cell is left out."""
    step = 10e-9 + 0.06e-9 * multiplications(hidden)  # seconds, about those of the fastest layout
    most = int(min(STEPS, BUDGET / (population * episodes * step)))
    return most if most >= FEWEST else FEWEST if population <= 32 else 0


def measure(population: int, hidden: int, episodes: int) -> dict[str, Any]:
    """Nanoseconds of a member's step in each layout, the least of the runs, and what the cost model picks."""
    policy = MLPPolicy(hidden=(hidden, hidden))
    compiled = policy.compile(ENV)
    theta = policy.initial(compiled, 0)
    length = steps(population, hidden, episodes)
    members = Population(theta, 0.02, 0, 0, population // 2)
    engines = {
        layout: NativeEngine(ENV, compiled, episodes=episodes, max_steps=length, threads=1, layout=layout)
        for layout in LAYOUTS
    }
    units = population * episodes * length
    times: dict[str, list[float]] = {layout: [] for layout in LAYOUTS}
    while len(times["units"]) < 2 or (
        sum(map(sum, times.values())) < ENOUGH * len(LAYOUTS) and len(times["units"]) < RUNS
    ):
        for layout, engine in engines.items():
            begun = time.perf_counter()
            done = engine.evaluate(members).steps
            times[layout].append(time.perf_counter() - begun)
            assert done == units
    free = NativeEngine(ENV, compiled, episodes=episodes, max_steps=length, threads=1)
    picked = next(x for x in LAYOUTS if f"{x} in lanes," in free.evaluator.explain(population // 2, True))
    ns = {layout: 1e9 * min(runs) / units for layout, runs in times.items()}
    cell = {"population": population, "hidden": hidden, "episodes": episodes, "steps": length}
    return cell | {"picked": picked, "ns": ns, "over": ns[picked] / min(ns.values()) - 1}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--file", type=Path, default=Path(__file__).parent / "results" / "layouts.json")
    parser.add_argument(
        "--seconds", type=float, default=np.inf, help="stop after so many; the next run goes on"
    )
    parser.add_argument("--again", action="store_true", help="forget what the file holds")
    options = parser.parse_args()
    wanted = [(p, h, e) for h in HIDDEN for e in EPISODES for p in POPULATIONS if steps(p, h, e)]
    cells = []
    if options.file.exists() and not options.again:
        cells = json.loads(options.file.read_text(encoding="utf-8"))["cells"]
    done = {(c["population"], c["hidden"], c["episodes"]) for c in cells}
    until = time.perf_counter() + options.seconds
    for cell in wanted:
        if cell not in done and time.perf_counter() < until:
            cells.append(measure(*cell))
            done.add(cell)
    cells.sort(key=lambda c: (c["hidden"], c["episodes"], c["population"]))
    found = {"simd": _core.simd_level(), "cells": cells}
    options.file.write_text(json.dumps(found) + "\n", encoding="utf-8")
    print(f"{len(done)} of {len(wanted)} cells")
    if len(done) == len(wanted):
        from layouts_report import draw, table

        options.file.with_suffix(".md").write_text(table(cells), encoding="utf-8")
        draw(cells, options.file.with_suffix(".png"))
        print(table(cells))


if __name__ == "__main__":
    main()
