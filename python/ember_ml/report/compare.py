"""Several trainings in one axis: median and interquartile range over seeds, one curve for each group."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ember_ml.errors import need
from ember_ml.report.curve import check_size, legend, title
from ember_ml.report.files import check_picture, write_figure
from ember_ml.report.measured import Band, band, final
from ember_ml.report.numbers import tick_formatter, value_text
from ember_ml.report.series import Axis, Floats, X, check_x, horizontal, limits, running_mean, window_of
from ember_ml.report.style import theme

if TYPE_CHECKING:
    from ember_ml.es.run import Run

    OneRun: TypeAlias = Run | str | os.PathLike[str]

#: Points of a curve, at most.
_POINTS = 400

_DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5)))


def compare(
    runs: Sequence[OneRun] | Mapping[str, Sequence[OneRun] | OneRun],
    path: str | os.PathLike[str] | None = None,
    x: X = "generation",
    dpi: int = 150,
    *,
    size: tuple[float, float] = (8.6, 4.8),
    log: bool = False,
    dark: bool | None = None,
) -> Any:
    """Several trainings in one axis: for each group of runs the median over them, and the band between their
    quartiles.

    A run's curve is what it has of evaluations during training (`eval_every=`) if all runs have some, else
    the running mean of the policy's return in training, as `Run.plot` draws it. A run that ended sooner than
    others of its group counts on with its last value; from there the group's curve is dotted.

    Args:
        runs: runs, or files that `Run.save` wrote; a dict names groups of them (or single ones), a list is
            one group.
        path: file to write; its suffix says the format (png, pdf, svg).
        x: what the horizontal axis counts: generations, environment steps or seconds.
        dpi: dots an inch of the file.
        size: width and height in inches.
        log: logarithmic horizontal axis; generations then count from 1.
        dark: draw on a dark ground; None asks matplotlib's style.

    Returns:
        The `matplotlib.figure.Figure`.

    Raises:
        MissingExtra: matplotlib is not installed.
        TypeError: something that is neither a run nor a file.
        ValueError: no runs, or one without a generation.
    """
    check_x(x)
    need("matplotlib", "plot")
    from ember_ml.report.picture import make_picture

    check_picture(path, dpi)
    groups = _groups(runs)
    every = [run for members in groups.values() for run in members]
    evaluated = all(band(run) is not None for run in every)
    curves = {name: [_curve(run, x, evaluated) for run in members] for name, members in groups.items()}
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


def _groups(runs: Any) -> dict[str, list[Run]]:
    """The runs by the name of their group; files are loaded."""
    if isinstance(runs, Mapping):
        found = {str(name): _group(members, f"runs[{name!r}]") for name, members in runs.items()}
    else:
        members = _group(runs, "runs")
        strategies = dict.fromkeys(run.config["strategy"]["type"] for run in members)
        found = {" / ".join(strategies): members}
    if not found:
        raise ValueError("runs: got none, wanted at least one")
    return found


def _group(members: Any, name: str) -> list[Run]:
    if _is_one(members):
        members = [members]
    if not isinstance(members, Sequence) and not hasattr(members, "__iter__"):
        raise TypeError(
            f"{name}: got {type(members).__name__}, wanted runs or files, in a list or in a dict of lists"
        )
    found = [_run(one, f"{name}[{index}]") for index, one in enumerate(members)]
    if not found:
        raise ValueError(f"{name}: got no runs, wanted at least one")
    return found


def _is_one(value: Any) -> bool:
    return isinstance(value, (str, os.PathLike)) or hasattr(value, "history")


def _run(one: Any, name: str) -> Run:
    if isinstance(one, (str, os.PathLike)):
        from ember_ml.es.restore import load

        one = load(one)
    if not (
        hasattr(one, "history") and hasattr(one, "env") and hasattr(one, "config") and hasattr(one, "seed")
    ):
        raise TypeError(f"{name}: got {type(one).__name__}, wanted a run or the name of its file")
    if not len(one.history):
        raise ValueError(f"{name}: its history is empty, so there is nothing to plot")
    found: Run = one
    return found


def _curve(run: Run, x: X, evaluated: bool) -> tuple[Floats, Floats]:
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


def _label(name: str, runs: list[Run]) -> str:
    finals = [final(run) for run in runs]
    label = f"{name}, {len(runs)} runs" if len(runs) > 1 else name
    means = [measured.mean for measured in finals if measured is not None]
    if len(means) == len(runs):
        what = "evaluated median" if len(runs) > 1 else "evaluated mean"
        return f"{label}, {what} {value_text(float(np.median(means)))}"
    return label
