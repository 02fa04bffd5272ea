"""Moving curves of an episode's observations, for environments that nobody draws."""

from __future__ import annotations

from typing import Any

import numpy as np

from ember_ml.envs.spec import EnvSpec
from ember_ml.report.episode import Episode
from ember_ml.report.labels import labels
from ember_ml.report.numbers import value_text
from ember_ml.report.style import theme
from ember_ml.report.trajectory import MOST_PANELS, draw_values, line_label

#: Dots an inch of a frame.
_DPI = 100


def traces(played: Episode, env: EnvSpec, most_frames: int, dark: bool | None = False) -> list[np.ndarray]:
    """Frames (height, width, 3) uint8: each shows the observations so far, and where they are now."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    colors, names = theme(dark), played.labels or labels(env)
    shown = min(played.observations.shape[1], MOST_PANELS)
    steps = len(played.rewards)
    with colors.applied():
        figure = Figure(
            figsize=(5.6, 1.0 + (2.1 if shown == 1 else 0.72 * shown)), dpi=_DPI, layout="constrained"
        )
        canvas: Any = FigureCanvasAgg(figure)  # matplotlib leaves its methods untyped
        axes = figure.subplots(shown, 1, sharex=True, squeeze=False)[:, 0]
        moving = []
        for index, axis in enumerate(axes):
            values = played.observations[:, index]
            (whole,) = draw_values(
                axis, values, names.limits[index], names.target if index == 0 else None, colors
            )
            whole.set(color=colors.muted, alpha=0.25)
            line_label(axis, names.observations[index])
            (way,) = axis.plot([], [], color=colors.policy, linewidth=1.6, animated=True)
            (here,) = axis.plot([], [], "o", color=colors.policy, markersize=5, animated=True, clip_on=False)
            here.set_in_layout(False)  # a point that is not clipped and has no place yet takes all the room
            moving += [(way, here, values)]
        axes[-1].set_xlabel("step")
        axes[-1].set_xlim(0, max(steps, 1))
        figure.align_ylabels(axes)
        axes[0].set_title(env.name, loc="left", color=colors.muted)
        title = axes[0].set_title(" ", loc="right")
        title.set_animated(True)
        canvas.draw()
        # All that stands still is drawn once.
        still = canvas.copy_from_bbox(figure.bbox)
        returns, frames = played.returns, []
        stride = max(1, -(-steps // (most_frames - 1)))
        for step in sorted({*range(0, steps + 1, stride), steps}):
            canvas.restore_region(still)
            for way, here, values in moving:
                way.set_data(np.arange(step + 1), values[: step + 1])
                here.set_data([step], values[step : step + 1])
                way.axes.draw_artist(way)
                way.axes.draw_artist(here)
            title.set_text(f"step {step}   return {value_text(float(returns[step]))}")
            axes[0].draw_artist(title)
            frames.append(np.asarray(canvas.buffer_rgba())[..., :3].copy())
    return frames
