"""The native core beside other programs on the same work, in alternation: medians, and ratios pair by pair.

    python benchmarks/side_by_side.py [QUESTION ...] [--rounds 7] [--cpu-time] [--json FILE] [--plot FILE]

Rivals that are not installed are left out and named. All sides use two threads, or as many as they can,
unless the row says otherwise; `taskset -c 0` in front gives them one, and `--cpu-time` counts the seconds
that this process runs, for a machine on which others work. `--json` adds to what FILE holds of other
questions; `--plot` draws all of it.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import json
import platform
import time
from pathlib import Path
from typing import Any

from ember_ml import _core
from questions import harness

QUESTIONS = ("cartpole", "mlp", "widths", "noise", "stepping", "functions", "vector")
RIVALS = ("numpy", "numba", "torch", "jax", "evosax", "gymnasium", "gymnax", "envpool")


def machine() -> dict[str, Any]:
    versions = {}
    for name in ("ember-ml", *RIVALS):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    limits = {f"{r['what']}, {r['threads']} threads": r["figure"] for r in _core.bench("limits", 0.2)}
    return {
        "simd": _core.simd_level(),
        "threads": _core.available_threads(),
        "platform": platform.platform(),
        "limits": limits,
        "versions": versions,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "questions", nargs="*", metavar="QUESTION", help=f"{', '.join(QUESTIONS)} (all of them)"
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--cpu-time", action="store_true")
    parser.add_argument("--json", metavar="FILE", type=Path)
    parser.add_argument("--plot", metavar="FILE", type=Path)
    parser.add_argument("--table", action="store_true", help="measure nothing: print what --json FILE holds")
    options = parser.parse_args()
    for name in options.questions:
        if name not in QUESTIONS:
            parser.error(f"there is no question '{name}'; there are {', '.join(QUESTIONS)}")
    if options.cpu_time:
        harness.clock = time.process_time
    held: dict[str, Any] = {"questions": {}}
    if options.json and options.json.exists():
        held = json.loads(options.json.read_text(encoding="utf-8"))
    found = held if options.table else {"machine": machine(), "questions": held["questions"]}
    for name in () if options.table else options.questions or QUESTIONS:
        found["questions"][name] = importlib.import_module(f"questions.{name}").ask(options.rounds)
        if options.json:
            options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if options.table:
        print(
            "\n".join(
                harness.markdown(found["questions"][name]) for name in QUESTIONS if name in found["questions"]
            )
        )
    if options.plot:
        from questions.picture import draw

        draw([found["questions"][name] for name in QUESTIONS if name in found["questions"]], options.plot)


if __name__ == "__main__":
    main()
