"""The curves of a page as data: columns of numbers, and series that name their columns for each axis.

A series has `name`, `color`, `data` (axis -> {x, y, low, high}, each a column's number) and how it is drawn:
`faint`, `dots`, `ends` (axis -> from where on some of its runs have ended).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ember_ml.report.baseline import random_return
from ember_ml.report.compare import curve_of, quartiles
from ember_ml.report.measured import band
from ember_ml.report.page.numbers import short
from ember_ml.report.series import Floats, X, horizontal, limits, running_mean, window_of
from ember_ml.report.style import DARK, LIGHT

if TYPE_CHECKING:
    from ember_ml.es.result.run import Run

AXES: dict[X, str] = {"generation": "generation", "steps": "environment steps", "time": "seconds"}

#: Points of a curve, at most; of a longer training generations between them are left out.
POINTS = 1500


class Chart:
    """What the page's script draws."""

    def __init__(self, label: str) -> None:
        self._columns: list[list[Any]] = []
        self._series: list[dict[str, Any]] = []
        self._lines: list[dict[str, Any]] = []
        self._range: tuple[float, float] | None = None
        self._label = label

    def column(self, values: Any) -> int:
        self._columns.append(short(values))
        return len(self._columns) - 1

    def add(self, name: str, color: int | str, data: Mapping[Any, Mapping[str, int]], **how: Any) -> None:
        self._series.append({"name": name, "color": _color(color), "data": data, **how})

    def line(self, name: str, value: float) -> None:
        self._lines.append({"name": name, "y": short([value])[0]})

    def fit(self, main: list[Floats], rest: list[Floats]) -> None:
        """The range of returns that is shown first."""
        low, high, _ = limits(main, rest, [line["y"] for line in self._lines])
        self._range = (low, high)

    def to_dict(self) -> dict[str, Any]:
        return {
            "axes": AXES,
            "label": self._label,
            "columns": self._columns,
            "series": self._series,
            "lines": self._lines,
            "range": None if self._range is None else short(self._range),
        }


def _color(color: int | str) -> list[str]:
    """On a light and on a dark ground."""
    if isinstance(color, int):
        return [LIGHT.cycle[color % len(LIGHT.cycle)], DARK.cycle[color % len(DARK.cycle)]]
    return [getattr(LIGHT, color), getattr(DARK, color)]


def one(run: Run) -> dict[str, Any]:
    """The curves of one training."""
    h = run.history.to_numpy()
    chart = Chart("return of an episode")
    count, window = len(h), window_of(len(h))
    some = np.unique(np.linspace(0, count - 1, min(count, POINTS)).astype(int))
    places: dict[str, int] = {x: chart.column(horizontal(h, x)[some]) for x in AXES}

    def data(y: Any, low: Any = None, high: Any = None) -> dict[str, dict[str, int]]:
        columns = {
            key: chart.column(values)
            for key, values in (("y", y), ("low", low), ("high", high))
            if values is not None
        }
        return {x: {"x": places[x], **columns} for x in AXES}

    coarse = window if count > 400 else 1
    mean, spread, most = (
        running_mean(h[key], coarse) for key in ("population_mean", "population_std", "population_max")
    )
    policy = running_mean(h["policy_return"], window)
    above = np.fmin(mean + spread, most)
    chart.add(
        "population, mean and deviation", "population",
        data(mean[some], (mean - spread)[some], above[some]), width=1.2,
    )  # fmt: skip
    chart.add("best member", "best", data(most[some]), width=1)
    if window > 1:
        chart.add("policy, each generation", "policy", data(h["policy_return"][some]), faint=True, width=0.8)
    name = "policy" if window == 1 else f"policy, mean of {window} generations"
    chart.add(name, "policy", data(policy[some]), width=2)
    seen = [policy]
    found = band(run)
    if found is not None:
        seen.append(found.mean)
        columns = {
            "y": chart.column(found.mean),
            "low": chart.column(found.low),
            "high": chart.column(found.high),
        }
        chart.add(
            "evaluated, mean and 95%", "evaluated",
            {x: {"x": chart.column(found.places(h, horizontal(h, x))), **columns} for x in AXES},
            width=1.6, dots=True,
        )  # fmt: skip
    _threshold(chart, [run])
    if run.env.kind == "builtin":
        chart.line("random actions", random_return(run))
    chart.fit(seen, [mean - spread, most])
    return chart.to_dict()


def several(groups: Mapping[str, Sequence[Run]]) -> dict[str, Any]:
    """For each group the median over its runs, and the band between the quartiles."""
    every = [run for runs in groups.values() for run in runs]
    evaluated = all(band(run) is not None for run in every)
    chart = Chart("evaluated return" if evaluated else "return of an episode in training")
    drawn: list[Floats] = []
    for index, (name, runs) in enumerate(groups.items()):
        data, ends = {}, {}
        for x in AXES:
            curves = [curve_of(run, x, evaluated) for run in runs]
            even, low_first = quartiles(curves), quartiles(curves, log=True)
            xs, order = np.unique(np.concatenate([even.xs, low_first.xs]), return_index=True)
            low, median, high = (
                np.concatenate([getattr(even, key), getattr(low_first, key)])[order]
                for key in ("low", "median", "high")
            )
            drawn += [low, median, high]
            data[x] = {"x": chart.column(xs), "y": chart.column(median)}
            if len(runs) > 1:
                data[x].update(low=chart.column(low), high=chart.column(high))
            ends[x] = even.whole
        said = f"{name}, median of {len(runs)} runs" if len(runs) > 1 else name
        chart.add(said, index, data, width=1.8, ends=ends)
    _threshold(chart, every)
    chart.fit(drawn, [])
    return chart.to_dict()


def _threshold(chart: Chart, runs: Sequence[Run]) -> None:
    """A line where the task counts as solved, if all have the same."""
    found = {run.env.reward_threshold for run in runs}
    value = found.pop()
    if not found and value is not None and np.isfinite(value):
        chart.line("solved", float(value))
