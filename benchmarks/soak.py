"""Half an hour of everything in turn: do memory, threads and open files stay where they were?

    python benchmarks/soak.py [--minutes 30] [--out soak.json]

Round after round each task is trained, saved, loaded, trained on to the same digest as without the stop,
evaluated, exported, reported and replayed from its log. After each round resident memory, threads, open
files and children are read. The first fifth of the time is warm-up (lazy imports, allocator pools); of the
rest the first and the last fifth are compared by their medians, and memory besides by the slope of a line
through all of it. The exit status is 1 where a thread or a file more is held, or more memory than
--megabytes.

The figures: docs/performance.md, "What grows how".
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from ember_ml import engines, es
from ember_ml.errors import is_installed
from ember_ml.nn import tensor
from ember_ml.nn.modules import GRU, Dense, Sequential

Figures = dict[str, float]


class Drift:
    """A task in Python: stay near 0 while something pushes."""

    observation_size = action_size = 1
    action_low, action_high = -1.0, 1.0

    def __init__(self) -> None:
        self.x, self.n = 0.0, 0

    def reset(self, seed: int | None = None) -> np.ndarray:
        self.x, self.n = 0.0 if seed is None else seed % 97 / 97, 0
        return np.array([self.x], np.float32)

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, dict[str, Any]]:
        self.x, self.n = self.x + 0.3 * float(np.ravel(action)[0]) + 0.1, self.n + 1
        return np.array([self.x], np.float32), -abs(self.x), self.n >= 20, {}


def with_memory() -> Any:
    tensor.set_seed(0)
    return Sequential(GRU(3, 8), Dense(8, 1))


#: What a round trains: a name, and the options of a Trainer.
TASKS: tuple[tuple[str, Callable[[], dict[str, Any]]], ...] = (
    ("native", lambda: {"env": "CartPole-v1", "policy": (16, 16), "strategy": es.OpenAIES(directions=16)}),
    (
        "low rank",
        lambda: {
            "env": "Acrobot-v1",
            "policy": (16, 16),
            "strategy": es.OpenAIES(directions=16, perturbation=es.LowRank(rank=1)),
        },
    ),
    (
        "memory",
        lambda: {"env": "Pendulum-v1", "policy": with_memory(), "strategy": es.SNES(directions=8)},
    ),
    ("python", lambda: {"env": Drift, "policy": (4,), "strategy": es.ARS(directions=4), "engine": "python"}),
    (
        "workers",
        lambda: {
            "env": "Simple1D-v0",
            "policy": (4,),
            "strategy": es.PGPE(directions=4),
            "engine": engines.Local(workers=2),
        },
    ),
    ("full covariance", lambda: {"env": "CartPole-v1", "policy": (), "strategy": es.CMAES(members=16)}),
)

GENERATIONS = 6


def once(name: str, make: Callable[[], dict[str, Any]], seed: int, folder: Path) -> None:
    """Trains a task with a stop in the middle and does with the result what users do."""
    log, half, whole = (folder / file for file in ("training.log", "half.npz", "whole.npz"))
    options = {"seed": seed, "generations": GENERATIONS, "max_steps": 200, "progress": False}
    with closing(es.Trainer(**make(), **options)) as trainer:
        digest = trainer.run().digest
    given = make()
    with closing(es.Trainer(**given, **options, record=log)) as trainer:
        trainer.run(GENERATIONS // 2)
        trainer.save(half)
    env = given["env"] if isinstance(given["env"], type) else None
    engine = {"engine": given["engine"]} if "engine" in given else {}
    with closing(es.Trainer.load(half, env=env, record=log, progress=False, **engine)) as trainer:
        run = trainer.run()
        run.save(whole)
    if run.digest != digest:
        raise SystemExit(f"{name}: another digest after a stop, seed {seed}")
    loaded = es.load(whole, env=env)
    observation = np.zeros(loaded.env.observation_size, np.float32)
    loaded.evaluate(episodes=10)
    loaded.policy(observation)
    loaded.export(folder / "policy.h")
    if is_installed("onnx"):
        loaded.export(folder / "policy.onnx")
    loaded.report(folder / "report.html")
    es.replay(log, generation=GENERATIONS - 1, env=env).policy(observation)
    for file in folder.iterdir():
        file.unlink()


def children() -> int:
    path = Path(f"/proc/self/task/{os.getpid()}/children")
    return len(path.read_text().split()) if path.exists() else 0


def reading(start: float) -> Figures:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "seconds": round(time.monotonic() - start, 1),
        "megabytes": round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 2),
        "threads": len(os.listdir("/proc/self/task")),
        "python threads": threading.active_count(),
        "files": len(os.listdir("/proc/self/fd")),
        "children": children(),
    }


def verdict(readings: list[Figures]) -> dict[str, Any]:
    """Medians of the first and the last fifth after the warm-up, and memory's slope in MB an hour."""
    end = readings[-1]["seconds"]
    kept = [one for one in readings if one["seconds"] >= end / 5]
    part = max(1, len(kept) // 5)
    found: dict[str, Any] = {"rounds": len(readings), "seconds": end}
    for name in kept[0]:
        if name != "seconds":
            first, last = (
                float(np.median([one[name] for one in some])) for some in (kept[:part], kept[-part:])
            )
            found[name] = {"first": first, "last": last, "most": max(one[name] for one in kept)}
    at, size = (np.array([one[name] for one in kept]) for name in ("seconds", "megabytes"))
    found["MB an hour"] = round(float(np.polyfit(at / 3600, size, 1)[0]), 2) if len(kept) > 2 else None
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--megabytes", type=float, default=8, help="most that memory may grow")
    parser.add_argument("--out", type=Path, help="JSON with all readings")
    options = parser.parse_args()
    start, readings, seed = time.monotonic(), [], 0
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        while not readings or readings[-1]["seconds"] < 60 * options.minutes:
            for name, make in TASKS:
                once(name, make, seed, Path(folder))
            seed += 1
            readings.append(reading(start))
            if seed & (seed - 1) == 0:
                print(readings[-1], flush=True)
    found = verdict(readings)
    print(json.dumps(found, indent=1))
    if options.out:
        options.out.write_text(json.dumps({**found, "readings": readings}) + "\n", encoding="utf8")
    grown = found["megabytes"]["last"] - found["megabytes"]["first"]
    held = any(found[name]["last"] > found[name]["first"] for name in ("threads", "files", "children"))
    return int(grown > options.megabytes or held)


if __name__ == "__main__":
    sys.exit(main())
