"""Several trainings in one axis: median and interquartile range over seeds, one curve for each group."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ember_ml.report.curve import check_size, legend, title
from ember_ml.report.files import write_figure
from ember_ml.report.measured import Band, band, final
from ember_ml.report.numbers import tick_formatter, value_text
from ember_ml.report.series import Axis, Floats, X, horizontal, limits, running_mean, window_of
from ember_ml.report.style import theme

if TYPE_CHECKING:
    from ember_ml.es.result.run import Run

#: Points of a curve, at most.
_POINTS = 400

_DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5)))


def draw(
    groups: Mapping[str, Sequence[Run]],
    path: str | os.PathLike[str] | None,
    x: X,
    dpi: int,
    size: tuple[float, float],
    log: bool,
    dark: bool | None,
) -> Any:
    """The figure that `ember_ml.es.compare` describes, of groups of runs by name."""
    from ember_ml.report.picture import make_picture

    every = [run for members in groups.values() for run in members]
    evaluated = all(band(run) is not None for run in every)
    curves = {name: [curve_of(run, x, evaluated) for run in members] for name, members in groups.items()}
    lines = [curve for members in curves.values() for curve in members]
    where = Axis(x, max(float(xs[-1]) for xs, _ in lines), log)
    colors = theme(dark)
    with colors.applied(check_size(size)[0]):
        figure = make_picture(size, colors, show=path is None)
        figure.get_layout_engine().set(w_pad=0.1, h_pad=0.06)
        axis = figure.add_subplot()
        drawn = []
        for index, (name, members) in enumerate(curves.items()):
            color = colors.cycle[index % len(colors.cycle)]
            dashes = _DASHES[index // len(colors.cycle) % len(_DASHES)]
            drawn.append(
                _draw(axis, where, quartiles(members, log), _label(name, groups[name]), color, dashes)
            )
        low, high, _ = limits(drawn, [], [])
        axis.set_ylim(low, high)
        where.dress(
            axis, min(_first(where, xs) for xs, _ in lines), max(float(where.of(xs)[-1]) for xs, _ in lines)
        )
        axis.set_xlabel(where.label)
        axis.set_ylabel("evaluated return" if evaluated else "return of an episode in training")
        axis.yaxis.set_major_formatter(tick_formatter(max(abs(low), abs(high))))
        title(figure, " / ".join(dict.fromkeys(run.env.name for run in every)))
        legend(axis, "median over runs, band between the quartiles", size[0], colors)
        write_figure(figure, path, dpi)
    return figure


def _first(where: Axis, xs: Floats) -> float:
    return float(where.of(xs)[0])


def curve_of(run: Run, x: X, evaluated: bool) -> tuple[Floats, Floats]:
    """(horizontal values, returns) of one run."""
    h = run.history.to_numpy()
    xs = horizontal(h, x)
    if evaluated:
        found = band(run)
        assert isinstance(found, Band)
        return found.places(h, xs), found.mean
    return xs, running_mean(h["policy_return"], window_of(len(h)))


@dataclass(frozen=True)
class Quartiles:
    """The middle of several curves, each array (points,); from `whole` on some curves have ended."""

    xs: Floats
    low: Floats
    median: Floats
    high: Floats
    whole: float
    runs: int


def quartiles(curves: list[tuple[Floats, Floats]], log: bool = False) -> Quartiles:
    """Median and quartiles over curves (xs, returns), at common places.

    Between its points a curve has the value of the last one; before its first it does not count; after its
    last it keeps its value.
    """
    ends = [float(xs[-1]) for xs, _ in curves]
    start = min(float(xs[0]) for xs, _ in curves)
    places = np.unique(np.concatenate([xs for xs, _ in curves]))
    if len(places) > _POINTS:
        if log:
            # Even steps of the logarithm; + 1 because generations count from 0.
            places = np.expm1(np.linspace(np.log1p(start), np.log1p(max(ends)), _POINTS))
        else:
            places = np.linspace(start, max(ends), _POINTS)
        places[[0, -1]] = start, max(ends)
    table = np.full((len(curves), len(places)), np.nan)
    for row, (xs, values) in zip(table, curves):
        index = np.searchsorted(xs, places, side="right") - 1
        row[index >= 0] = values[index[index >= 0]]
    low, median, high = np.full((3, len(places)), np.nan)
    some = np.isfinite(table).any(axis=0)
    table = np.where(np.isfinite(table), table, np.nan)
    low[some], median[some], high[some] = np.nanpercentile(table[:, some], [25, 50, 75], axis=0)
    return Quartiles(places, low, median, high, min(ends), len(curves))


def _draw(axis: Any, where: Axis, q: Quartiles, label: str, color: str, dashes: Any) -> Floats:
    """Draws one group; gives back its median and band, one after the other."""
    xs = where.of(q.xs)
    if q.runs > 1:
        axis.fill_between(xs, q.low, q.high, color=color, alpha=0.18, linewidth=0)
    all_there = q.xs <= q.whole
    mark = "o" if len(xs) == 1 else None
    axis.plot(
        xs[all_there],
        q.median[all_there],
        color=color,
        linewidth=1.8,
        linestyle=dashes,
        label=label,
        marker=mark,
    )
    if not all_there.all():
        after = np.flatnonzero(~all_there)[0]
        rest = slice(max(after - 1, 0), None)
        axis.plot(xs[rest], q.median[rest], color=color, linewidth=1.4, linestyle=(0, (1, 1.5)))
    return np.concatenate([q.low, q.median, q.high])


def _label(name: str, runs: Sequence[Run]) -> str:
    finals = [final(run) for run in runs]
    label = f"{name}, {len(runs)} runs" if len(runs) > 1 else name
    means = [measured.mean for measured in finals if measured is not None]
    if len(means) == len(runs):
        what = "evaluated median" if len(runs) > 1 else "evaluated mean"
        return f"{label}, {what} {value_text(float(np.median(means)))}"
    return label
