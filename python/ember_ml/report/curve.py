"""The learning curve of a training."""

from __future__ import annotations

import os
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from ember_ml.errors import need
from ember_ml.report.baseline import random_return
from ember_ml.report.beside import write_beside
from ember_ml.report.files import check_picture, write_figure
from ember_ml.report.measured import band, final
from ember_ml.report.numbers import count_text, seconds_text, tick_formatter, value_text
from ember_ml.report.panels import draw_panels
from ember_ml.report.series import Axis, X, check_x, horizontal, limits, running_mean, window_of
from ember_ml.report.style import Theme, theme
from ember_ml.validate import positive, real

if TYPE_CHECKING:
    from ember_ml.es.result.run import Run


def training(
    run: Run,
    path: str | os.PathLike[str] | None = None,
    x: X = "generation",
    dpi: int = 150,
    *,
    size: tuple[float, float] = (8.6, 6.2),
    log: bool = False,
    panels: bool = True,
    baseline: str | float | None = "auto",
    dark: bool | None = None,
) -> Any:
    """The learning curve: return of the policy, mean and spread of the population, its best member, evaluated
    returns with their 95% band where the run has them; below it episode length, sigma, update norm, speed.

    From 31 generations on the policy's return is drawn as a running mean (half of its window on either side,
    its width in the legend), with the returns themselves faint behind it. Returns that are not finite are
    marked at the bottom.

    Args:
        run: what `es.train` or `Trainer.run` gave.
        path: file to write; its suffix says the format (png, pdf, svg).
        x: what the horizontal axis counts: generations, environment steps or seconds.
        dpi: dots an inch of the file.
        size: width and height in inches.
        log: logarithmic horizontal axis; generations then count from 1.
        panels: also draw the four small panels below.
        baseline: "random" draws the mean return of 100 episodes of random actions; "auto" does so for native
            environments (for others it would step the user's environment); a number is drawn as given; None
            draws none.
        dark: draw on a dark ground; None asks matplotlib's style.

    Returns:
        The `matplotlib.figure.Figure`.

    Raises:
        MissingExtra: matplotlib is not installed.
        ValueError: no generation has been trained, or an argument is out of range.
    """
    check_x(x)
    need("matplotlib", "plot")
    from ember_ml.report.picture import make_picture

    check_picture(path, dpi)
    if not len(run.history):
        raise ValueError("run: its history is empty, so there is nothing to plot")
    lines = _lines(run, baseline)
    colors = theme(dark)
    h = run.history.to_numpy()
    with colors.applied(check_size(size)[0]):
        figure = make_picture(size, colors, show=path is None)
        figure.get_layout_engine().set(w_pad=0.08, h_pad=0.06)
        columns = 4 if size[0] >= 6 else 2
        rows = [3.4, *[1.0] * (4 // columns)] if panels else [1.0]
        grid = figure.add_gridspec(len(rows), columns, height_ratios=rows, hspace=0.06, wspace=0.06)
        main = figure.add_subplot(grid[0, :])
        raw = horizontal(h, x)
        axis = Axis(x, float(raw[-1]), log)
        xs = axis.of(raw)
        _returns(main, xs, h, run, axis, lines, colors)
        main.set_xlabel(axis.label)
        title(figure, f"{run.env.name}   {run.config['strategy']['type']}, seed {run.seed}")
        legend(main, _facts(run, h), size[0], colors)
        if panels:
            places = [grid[1 + i // columns, i % columns] for i in range(4)]
            draw_panels(figure, places, xs, h, axis, colors)
        write_figure(figure, path, dpi)
    return figure


def check_size(size: Any) -> tuple[float, float]:
    try:
        width, height = size
    except (TypeError, ValueError):
        raise TypeError(f"size: got {size!r}, wanted (width, height) in inches") from None
    return positive("size", width), positive("size", height)


def _lines(run: Run, baseline: str | float | None) -> list[tuple[str, float]]:
    """Horizontal lines: (what it is, where)."""
    lines = []
    threshold = run.env.reward_threshold
    if threshold is not None and np.isfinite(threshold):
        lines.append(("solved", float(threshold)))
    if isinstance(baseline, str):
        if baseline not in ("auto", "random"):
            raise ValueError(f"baseline: got {baseline!r}, wanted 'auto', 'random', a number or None")
        quick = run.env.kind == "builtin" or run.env.address != 0  # and here
        if baseline == "random" or quick:
            lines.append(("random\nactions", random_return(run)))
    elif baseline is not None:
        lines.append(("baseline", real("baseline", baseline)))
    return lines


def _facts(run: Run, h: Any) -> str:
    """The line below the title."""
    measured = final(run)
    if measured is not None:
        said = f"evaluated mean {value_text(measured.mean)}"
        if measured.episodes > 1:
            said += f" (95%: {value_text(measured.low)} to {value_text(measured.high)})"
        said += f" over {measured.episodes} episodes"
    else:
        said = f"last return in training {value_text(float(h['policy_return'][-1]))}"
    steps, seconds = count_text(float(h["steps"].sum())), seconds_text(float(h["wall_time"][-1]))
    return f"{said}   {steps} steps   {seconds}"


def title(figure: Any, text: str) -> None:
    figure.suptitle(text, x=0.012, ha="left", fontweight="bold", fontsize="large")


def legend(axis: Any, facts: str, width: float, colors: Theme) -> None:
    """The legend, headed by a line of facts, above the axis: there no curve can cross it."""
    handles, names = axis.get_legend_handles_labels()
    # Inches: letters are about 0.56 times as wide as the font is high.
    letter = 0.56 * axis.yaxis.label.get_fontsize() / 72
    room = width - 0.9
    widths = [0.35 + letter * len(name) for name in names]
    columns = len(names)
    if sum(widths) > room:
        columns = max(1, min(columns - 1, int(room / max(widths))))
    facts = textwrap.fill(facts, max(20, int(room / letter)))
    box = axis.legend(
        handles, names, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=columns, title=facts,
        alignment="left", borderaxespad=0.3, borderpad=0.2, handlelength=1.4, columnspacing=1.4,
    )  # fmt: skip
    box.get_title().set(color=colors.muted)


def _returns(
    axis: Any, xs: Any, h: Any, run: Run, where: Axis, lines: list[tuple[str, float]], colors: Theme
) -> None:
    count = len(xs)
    window = window_of(count)
    # The population's curves are means of many episodes: they need no smoothing until they are a comb.
    coarse = window if count > 400 else 1
    mean, spread, most = (
        running_mean(h[key], coarse) for key in ("population_mean", "population_std", "population_max")
    )
    policy = running_mean(h["policy_return"], window)
    dot = {"marker": "o", "markersize": 4} if count == 1 else {}
    above = np.fmin(mean + spread, most)  # a skewed population's deviation passes its best member
    if count == 1:
        axis.errorbar(
            xs, mean, [mean - (mean - spread), above - mean], color=colors.population, linewidth=5, alpha=0.25
        )
    axis.fill_between(xs, mean - spread, above, color=colors.population, alpha=0.20, linewidth=0)
    if window > 1:
        axis.plot(xs, running_mean(h["policy_return"], 1), color=colors.policy, linewidth=0.7, alpha=0.22)
    label = "policy" if window == 1 else f"policy, mean of {window} generations"
    axis.plot(xs, policy, color=colors.policy, linewidth=1.9, label=label, zorder=3, **dot)
    axis.plot(xs, mean, color=colors.population, linewidth=1.2, label="population, mean and deviation", **dot)
    axis.plot(xs, most, color=colors.best, linewidth=0.9, alpha=0.85, label="best member", **dot)
    measured = _evaluated(axis, h, run, where, colors)
    low, high, inside = limits([policy, *measured], [mean - spread, most], [line for _, line in lines])
    axis.set_ylim(low, high)
    _failures(axis, xs, h["policy_return"], colors)
    where.dress(axis, float(xs[0]), float(xs[-1]))
    axis.set_ylabel("return of an episode")
    axis.yaxis.set_major_formatter(tick_formatter(max(abs(low), abs(high))))
    _mark(
        axis,
        [(f"{name}\n{value_text(line)}", line, fits) for (name, line), fits in zip(lines, inside)],
        colors,
    )


def _evaluated(axis: Any, h: Any, run: Run, where: Axis, colors: Theme) -> list[Any]:
    """Draws evaluations during training with their band; gives back what must be seen."""
    found = band(run)
    if found is None:
        return []
    at = where.of(found.places(h, horizontal(h, where.x)))
    axis.fill_between(at, found.low, found.high, color=colors.evaluated, alpha=0.25, linewidth=0, zorder=3)
    axis.plot(
        at, found.mean, color=colors.evaluated, linewidth=1.4, marker="o", markersize=3, zorder=4,
        label="evaluated, mean and 95%",
    )  # fmt: skip
    return [found.mean]


def _failures(axis: Any, xs: Any, returns: Any, colors: Theme) -> None:
    """Marks generations whose policy has no finite return (its simulation diverged) at the bottom."""
    failed = ~np.isfinite(returns)
    if failed.any():
        axis.plot(
            xs[failed], np.full(failed.sum(), 0.015), "x", color=colors.evaluated, markersize=5,
            transform=axis.get_xaxis_transform(), label="policy failed", clip_on=False,
        )  # fmt: skip


def _mark(axis: Any, lines: list[tuple[str, float, bool]], colors: Theme) -> None:
    """Horizontal lines, named to the right of the axis; of one outside an arrow says where it would be."""
    low, high = axis.get_ylim()
    names = []
    for text, value, fits in lines:
        if fits:
            axis.axhline(value, color=colors.muted, linewidth=1, linestyle=(0, (4, 3)), zorder=1.5)
        else:
            text += " \u2191" if value > high else " \u2193"
        share = (value - low) / (high - low) if fits else (1.0 if value > high else 0.0)
        names.append((text, share, colors.muted))
    write_beside(axis, names, 0.11, fontsize="small", linespacing=1.05)
