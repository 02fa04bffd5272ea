"""The small panels below a learning curve: episode length, sigma, update norm, speed."""

from __future__ import annotations

from typing import Any

import numpy as np

from ember_ml.report.numbers import tick_formatter
from ember_ml.report.series import Axis, running_mean, window_of
from ember_ml.report.style import Theme


def draw_panels(figure: Any, places: list[Any], xs: Any, h: Any, where: Axis, colors: Theme) -> None:
    """Draws the four panels at four places of a grid.

    Args:
        xs: (generations,) horizontal values, as drawn.
        h: records of training, as `History.to_numpy` gives them.
    """
    lengths = h["steps"] / np.maximum(h["episodes"], 1)
    seconds = np.diff(h["wall_time"], prepend=0.0)
    window = window_of(len(xs)) if len(xs) > 400 else 1
    panels = [
        ("mean episode length", running_mean(lengths, window)),
        ("sigma", running_mean(h["sigma"], 1)),
        ("update norm", running_mean(h["update_norm"], window)),
        ("steps per second", speed(h["steps"], seconds)),
    ]
    for place, (title, values) in zip(places, panels):
        _panel(figure.add_subplot(place), xs, values, title, where, colors)


def _panel(axis: Any, xs: Any, values: Any, title: str, where: Axis, colors: Theme) -> None:
    from matplotlib.ticker import MaxNLocator

    axis.plot(
        xs, values, color=colors.policy, linewidth=1.1, marker="o" if len(xs) == 1 else None, markersize=4
    )
    axis.set_title(title, loc="left")
    where.dress(axis, float(xs[0]), float(xs[-1]), ticks=3)
    finite = values[np.isfinite(values)]
    top = float(finite.max()) if finite.size else 1.0
    if not finite.size or finite.min() >= 0:
        axis.set_ylim(0, top * 1.12 if top > 0 else 1.0)
    axis.yaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 2.5, 5, 10]))
    axis.yaxis.set_major_formatter(tick_formatter(top if top < 1000 else 1e4))
    axis.tick_params(labelsize="small")


def speed(steps: Any, seconds: Any) -> Any:
    """Steps per second over windows of at least 2% of the run: single generations may be shorter than the
    clock.
    """
    window = max(1, len(steps) // 50)
    kernel = np.ones(window)
    inside = np.convolve(np.ones(len(steps)), kernel, "same")
    over = np.convolve(seconds, kernel, "same") / inside
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.convolve(steps, kernel, "same") / inside / over
    return np.where(np.isfinite(found), found, np.nan)
