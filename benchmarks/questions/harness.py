"""Alternating runs of two programs on the same work: medians, and the median of the ratios of neighbours."""

from __future__ import annotations

import importlib.util
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# What a second is. With side_by_side.py --cpu-time it is one of this process alone, so that what else the
# machine does hardly counts.
clock = time.perf_counter
Rate = Callable[[], float]  # does some work, returns how much of it a second
Row = dict[str, Any]


@dataclass(frozen=True)
class Rival:
    """Another program on the same work.

    `goal` is the ratio that was aimed at (own rate over the rival's), `note` what one should know of it.
    """

    rate: Rate
    goal: float | None = None
    note: str = ""


LEAST = 0.2  # seconds of a run
# Seconds that a program runs before it is timed: threads of OpenMP go on spinning for 0.2 s after their work,
# on cores that the next program wants; and cores that rested begin slowly.
BEFORE = 0.35


def timed(work: Callable[[], float]) -> Rate:
    """The rate of `work`, which returns how many units it did; repeated for at least LEAST."""

    def rate() -> float:
        begun = now = clock()
        units = 0.0
        while now < begun + LEAST:
            units += work()
            now = clock()
        return units / (now - begun)

    return rate


def settled(rate: Rate) -> float:
    until = time.perf_counter() + BEFORE
    while time.perf_counter() < until:
        rate()
    return rate()


def compare(question: str, unit: str, own: Rate, rivals: dict[str, Rival], rounds: int) -> list[Row]:
    """Runs own and each rival in turn, A B A B ...; one row a rival."""
    rows = []
    for name, rival in rivals.items():
        own(), rival.rate()  # compiles
        pairs = [(settled(own), settled(rival.rate)) for _ in range(rounds)]
        ratios = sorted(ours / theirs for ours, theirs in pairs)
        quarter = len(ratios) // 4
        row = {
            "question": question,
            "unit": unit,
            "rival": name,
            "own": statistics.median(ours for ours, _ in pairs),
            "other": statistics.median(theirs for _, theirs in pairs),
            "ratio": statistics.median(ratios),
            "middle_half": [ratios[quarter], ratios[-1 - quarter]],
            "rounds": rounds,
            "goal": rival.goal,
            "note": rival.note,
        }
        print(line(row), flush=True)
        rows.append(row)
    return rows


def line(row: Row) -> str:
    goal = "" if row["goal"] is None else f"   goal {row['goal']:g}"
    low, high = row["middle_half"]
    return (
        f"{row['question']:<44} {row['rival']:<36} {short(row['own']):>7} {short(row['other']):>7} "
        f"{row['unit']:<11} {times(row['ratio']):>7} ({times(low)} to {times(high)}){goal}"
    )


def markdown(rows: list[Row]) -> str:
    """Rows of a table: work, rival, both rates, ratio, goal."""
    lines = []
    for n, row in enumerate(rows):
        low, high = row["middle_half"]
        rates = " | ".join(f"{short(row[who]).strip()}" for who in ("own", "other"))
        goal = "" if row["goal"] is None else f"{row['goal']:g}"
        work = f"{row['question']}, {row['unit']}" if n == 0 else "the same"
        rival = f"{row['rival']}: {row['note']}" if row["note"] else row["rival"]
        lines.append(
            f"| {work} | {rival} | {rates} | {times(row['ratio'])} ({times(low)} to {times(high)}) | {goal} |"
        )
    return "\n".join(lines)


def times(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.3g}"


def short(x: float) -> str:
    """Three digits and the prefix of a thousand."""
    for factor, prefix in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if x >= factor:
            return f"{x / factor:.3g}{prefix}"
    return f"{x:.3g}  "


def has(*names: str) -> bool:
    """Whether all are installed; names those that are not."""
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing:
        print(f"(not installed: {', '.join(missing)})")
    return not missing
