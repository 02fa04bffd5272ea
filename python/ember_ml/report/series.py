"""From the records of a training to what its curve draws: the horizontal axis, running means, limits."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ember_ml.report.numbers import count_tick, no_tick, tick_formatter

X = Literal["generation", "steps", "time"]
Floats = NDArray[np.float64]

#: Below so many generations every return is drawn as it is.
FEW = 30


def check_x(x: str) -> None:
    if x not in ("generation", "steps", "time"):
        raise ValueError(f"x: got {x!r}, wanted 'generation', 'steps' or 'time'")


def horizontal(records: Any, x: X) -> Floats:
    """float64 (generations,): number of the generation, environment steps so far, or seconds so far."""
    if x == "generation":
        numbers: Floats = records["generation"].astype(np.float64)
        return numbers
    if x == "steps":
        return np.cumsum(records["steps"], dtype=np.float64)
    return np.asarray(records["wall_time"], np.float64)


class Axis:
    """The horizontal axis: its unit, label and ticks.

    Args:
        x: what it counts.
        largest: the largest value that will be drawn.
        log: logarithmic; generations then count from 1, because there is no logarithm of 0.
    """

    def __init__(self, x: X, largest: float, log: bool = False) -> None:
        self.x, self.log = x, log
        self.unit = 1.0
        if x == "generation":
            self.label = "generation, counted from 1" if log else "generation"
        elif x == "steps":
            self.label = "environment steps"
        else:
            for size, self.label in (
                (3600.0, "hours"),
                (60.0, "minutes"),
                (1.0, "seconds"),
                (1e-3, "milliseconds"),
            ):
                self.unit = size
                if largest >= 2 * size:
                    break

    def of(self, values: Floats) -> Floats:
        """Values as they are drawn."""
        return values + 1 if self.log and self.x == "generation" else values / self.unit

    def dress(self, axis: Any, low: float, high: float, ticks: int | None = None) -> None:
        """Sets scale, limits and ticks of a matplotlib axis that shows values (as drawn) from low to high."""
        from matplotlib.ticker import MaxNLocator

        whole = self.x != "time"
        if self.log:
            axis.set_xscale("log")
            room = (high / low) ** 0.02 if high > low else 2.0
            axis.set_xlim(low / room, high * room)
            axis.xaxis.set_major_formatter(count_tick)
            axis.xaxis.set_minor_formatter(no_tick)
            return
        room = 0.012 * (high - low) if high > low else (0.5 if whole else max(abs(high), 1.0) * 0.5)
        axis.set_xlim(low - room, high + room)
        nbins: Any = "auto" if ticks is None else ticks
        axis.xaxis.set_major_locator(MaxNLocator(nbins, integer=whole, steps=[1, 2, 5, 10], min_n_ticks=1))
        axis.xaxis.set_major_formatter(tick_formatter(high))


def window_of(count: int) -> int:
    """Generations that a running mean takes: 1 (none) for few, then about a fortieth, an odd number."""
    return 1 if count <= FEW else 2 * (max(5, count // 40) // 2) + 1


def running_mean(values: Floats, window: int) -> Floats:
    """The mean of the finite values among `window` neighbours, half on either side.

    At the start there are as many behind as before, so the first value is the first value itself and a fast
    rise is not hidden; at the end there are those that are left. NaN where none of them is finite.
    """
    if window <= 1:
        return np.where(np.isfinite(values), values, np.nan)
    finite = np.isfinite(values)
    # Sums relative to a typical value keep their digits where returns are large and nearly equal.
    middle = float(np.median(values[finite])) if finite.any() else 0.0
    sums = np.concatenate([[0.0], np.cumsum(np.where(finite, values - middle, 0.0))])
    counts = np.concatenate([[0], np.cumsum(finite)])
    index = np.arange(len(values))
    half = np.minimum(index, window // 2)
    first, last = index - half, np.minimum(index + half + 1, len(values))
    number = counts[last] - counts[first]
    with np.errstate(invalid="ignore"):
        mean = (sums[last] - sums[first]) / np.where(number > 0, number, np.nan)
    result: Floats = mean + middle
    return result


def limits(main: list[Floats], rest: list[Floats], lines: list[float]) -> tuple[float, float, list[bool]]:
    """(bottom, top, which of `lines` lie inside) of an axis of returns.

    All of `main` is inside. Of `rest`, such as a population's spread, the lowest tenth and the highest
    hundredth may leave the picture. Lines such as a threshold are inside unless they would leave the curves
    less than a quarter of the height.
    """
    low, high = np.inf, -np.inf
    for curves, lowest, highest in ((main, 0, 100), (rest, 10, 99)):
        for curve in curves:
            finite = curve[np.isfinite(curve)]
            if finite.size:
                least, most = np.percentile(finite, [lowest, highest])
                low, high = min(low, float(least)), max(high, float(most))
    if not np.isfinite(low):  # no return is a number, so the lines are all there is
        shown = [line for line in lines if np.isfinite(line)] or [0.0, 1.0]
        low, high = min(shown), max(shown)
    span = (high - low) or max(1.0, abs(high)) * 0.2
    inside = [bool(high - 4 * span <= line <= low + 4 * span) for line in lines]
    low = min([low, *(line for line, fits in zip(lines, inside) if fits)])
    high = max([high, *(line for line, fits in zip(lines, inside) if fits)])
    room = 0.06 * (high - low) or max(1.0, abs(high)) * 0.1
    return low - room, high + room, inside
