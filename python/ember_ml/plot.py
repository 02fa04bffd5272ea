"""The learning curve of a training (extra ``plot``)."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ember_ml.atomic_file import replacing
from ember_ml.errors import need

if TYPE_CHECKING:
    from ember_ml.es.run import Run

# Okabe and Ito's colours, which people with any colour vision can tell apart.
POLICY, POPULATION, BEST, MUTED = "#0072B2", "#E69F00", "#009E73", "#6b6b6b"

STYLE: dict[str, Any] = {
    "font.size": 9.5,
    "axes.titlesize": 9.5,
    "axes.labelsize": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#888888",
    "axes.linewidth": 0.8,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.8,
    "xtick.color": "#444444",
    "ytick.color": "#444444",
    "legend.frameon": False,
    "savefig.facecolor": "white",
}

X = Literal["generation", "steps", "time"]


def training(
    run: Run, path: str | os.PathLike[str] | None = None, x: X = "generation", dpi: int = 150
) -> Any:
    """The learning curve: return of the policy, mean and spread of the population, its best member, and below
    episode length, sigma, update norm and speed.

    Args:
        run: what `es.train` or `Trainer.run` gave.
        path: file to write; its suffix says the format (png, pdf, svg).
        x: what the horizontal axis counts: generations, environment steps or seconds.

    Returns:
        The `matplotlib.figure.Figure`.

    Raises:
        MissingExtra: matplotlib is not installed.
        ValueError: no generation has been trained.
    """
    if x not in ("generation", "steps", "time"):
        raise ValueError(f"x: got {x!r}, wanted 'generation', 'steps' or 'time'")
    if not len(run.history):
        raise ValueError("run: its history is empty, so there is nothing to plot")
    matplotlib = need("matplotlib", "plot")
    h = run.history.to_numpy()
    xs, label = _axis(h, x)
    with matplotlib.rc_context(STYLE):
        figure = make_figure((8.6, 6.2))
        figure.get_layout_engine().set(w_pad=0.1, h_pad=0.08)
        grid = figure.add_gridspec(2, 4, height_ratios=(3.2, 1), hspace=0.08, wspace=0.08)
        main = figure.add_subplot(grid[0, :])
        _returns(main, xs, h, run)
        main.set_xlabel(label)
        lengths = h["steps"] / np.maximum(h["episodes"], 1)
        seconds = np.diff(h["wall_time"], prepend=0.0)
        panels = [
            ("mean episode length", lengths, "linear"),
            ("sigma", h["sigma"], "linear"),
            ("update norm", h["update_norm"], "linear"),
            ("steps per second", _speed(h["steps"], seconds), "linear"),
        ]
        for column, (title, values, scale) in enumerate(panels):
            axis = figure.add_subplot(grid[1, column])
            _panel(axis, xs, values, title, scale)
        write_figure(figure, path, dpi)
    return figure


def _returns(axis: Any, xs: Any, h: Any, run: Run) -> None:
    mean, spread = h["population_mean"], h["population_std"]
    above = np.fmin(
        mean + spread, h["population_max"]
    )  # a skewed population's deviation passes its best member
    axis.fill_between(xs, mean - spread, above, color=POPULATION, alpha=0.20, linewidth=0)
    axis.plot(xs, mean, color=POPULATION, linewidth=1.2, label="population, mean and deviation")
    axis.plot(xs, h["population_max"], color=BEST, linewidth=0.9, alpha=0.85, label="best member")
    axis.plot(xs, h["policy_return"], color=POLICY, linewidth=1.9, label="policy")
    threshold = run.env.reward_threshold
    low, high = _limits(h, threshold)
    axis.set_ylim(low, high)
    if threshold is not None and np.isfinite(threshold):
        axis.axhline(threshold, color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
        axis.annotate(
            f"solved: {threshold:g}",
            (0.995, threshold),
            xycoords=("axes fraction", "data"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="right",
            color=MUTED,
            fontsize=8.5,
        )
    axis.margins(x=0.01)
    axis.set_ylabel("return of an episode")
    handles, names = axis.get_legend_handles_labels()
    axis.legend(handles[::-1], names[::-1], loc="lower right", bbox_to_anchor=(1.0, 0.02))
    strategy = run.config["strategy"]["type"]
    title = f"{run.env.name}   {strategy}, seed {run.seed}"
    axis.set_title(title, loc="left", fontweight="bold", fontsize=11)
    steps, seconds = count_text(h["steps"].sum()), seconds_text(h["wall_time"][-1])
    final = h["policy_return"][-1]
    axis.set_title(f"return {final:.4g}, {steps} steps, {seconds}", loc="right", color=MUTED)


def _panel(axis: Any, xs: Any, values: Any, title: str, scale: str) -> None:
    from matplotlib.ticker import EngFormatter, MaxNLocator

    axis.plot(xs, values, color=POLICY, linewidth=1.1)
    axis.set_title(title, loc="left", color="#333333")
    axis.set_yscale(scale)
    axis.margins(x=0.02)
    top = np.nanmax(values) if np.isfinite(values).any() else 1.0
    if np.nanmin(values) >= 0:
        axis.set_ylim(0, top * 1.12 if top > 0 else 1.0)
    axis.xaxis.set_major_locator(MaxNLocator(3))
    axis.yaxis.set_major_locator(MaxNLocator(3))
    if top >= 1000:
        axis.yaxis.set_major_formatter(EngFormatter(sep=""))
    axis.tick_params(labelsize=8)


def _speed(steps: Any, seconds: Any) -> Any:
    """Steps per second over windows of at least 1% of the run: single generations may be shorter than the
    clock.
    """
    window = max(1, len(steps) // 50)
    kernel = np.ones(window)
    inside = np.convolve(np.ones(len(steps)), kernel, "same")
    over = np.convolve(seconds, kernel, "same") / inside
    with np.errstate(divide="ignore", invalid="ignore"):
        speed = np.convolve(steps, kernel, "same") / inside / over
    return np.where(np.isfinite(speed), speed, np.nan)


def _limits(h: Any, threshold: float | None) -> tuple[float, float]:
    """Limits that a few members far off do not decide: the band may leave the picture."""
    policy = h["policy_return"]
    mean, most = h["population_mean"], h["population_max"]
    finite = np.isfinite(mean)
    low = [policy.min()]
    high = [policy.max()]
    if finite.any():
        low.append(np.percentile((mean - h["population_std"])[finite], 10))
        high.append(np.percentile(most[finite], 99))
    if (
        threshold is not None
        and np.isfinite(threshold)
        and abs(threshold) < 10 * max(1.0, np.abs(policy).max())
    ):
        high.append(threshold)
        low.append(threshold)
    bottom, top = float(min(low)), float(max(high))
    room = 0.06 * (top - bottom) or max(1.0, abs(top)) * 0.1
    return bottom - room, top + room


def _axis(h: Any, x: str) -> tuple[Any, str]:
    if x == "generation":
        return h["generation"], "generation"
    if x == "steps":
        return np.cumsum(h["steps"]), "environment steps"
    return h["wall_time"], "seconds"


def count_text(number: float) -> str:
    """A number with three digits and k, M or G."""
    for size, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g}{suffix}"
    return f"{number:.4g}"


def seconds_text(seconds: float) -> str:
    """A time with three digits and its unit."""
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms"
    if seconds < 120:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.3g} min" if seconds < 7200 else f"{seconds / 3600:.3g} h"


def make_figure(size: tuple[float, float]) -> Any:
    """A figure that shows once in a notebook, through `plt.show()` in a script that uses pyplot, and leaks
    nowhere else.
    """
    from matplotlib.figure import Figure

    if "IPython" in sys.modules and sys.modules["IPython"].get_ipython() is not None:
        import matplotlib.pyplot  # noqa: F401  registers how a Figure is displayed
    elif "matplotlib.pyplot" in sys.modules:
        return sys.modules["matplotlib.pyplot"].figure(figsize=size, layout="constrained")
    return Figure(figsize=size, layout="constrained")


def check_path(path: str | os.PathLike[str]) -> None:
    """Raises ValueError where the name's suffix is no picture format that matplotlib writes."""
    need("matplotlib", "plot")
    from matplotlib.backend_bases import FigureCanvasBase

    if Path(path).suffix[1:].lower() not in FigureCanvasBase.get_supported_filetypes():
        raise ValueError(f"path: got {os.fspath(path)!r}, wanted a name that ends in .png, .pdf or .svg")


def write_figure(figure: Any, path: str | os.PathLike[str] | None, dpi: int) -> None:
    if path is None:
        return
    path = Path(path)
    check_path(path)
    with replacing(path) as file:
        figure.savefig(file, dpi=dpi, format=path.suffix[1:].lower())
