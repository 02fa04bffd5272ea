"""One episode of a trained policy over its steps."""

from __future__ import annotations

import os
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from ember_ml.envs.spec import EnvSpec
from ember_ml.errors import need
from ember_ml.report.beside import write_beside
from ember_ml.report.episode import Episode, play
from ember_ml.report.files import check_picture, write_figure
from ember_ml.report.labels import Labels, Limits, labels
from ember_ml.report.numbers import tick_formatter, value_text
from ember_ml.report.style import Theme, theme

if TYPE_CHECKING:
    from ember_ml.es.result.run import Run

#: Observation values beyond these are not drawn.
MOST_PANELS = 8

#: Action values beyond these are not drawn.
MOST_ACTIONS = 6


def trajectory(
    run: Run,
    path: str | os.PathLike[str] | None = None,
    episode: int = 0,
    dpi: int = 150,
    dark: bool | None = None,
) -> Any:
    """One episode of the trained policy over its steps: observations with their limits, actions with their
    bounds, rewards and the return so far. A line at its end says how the episode ended.

    Names come from the environment (`observation_names`, `action_names`) or, for built-in tasks, from us.

    Args:
        path: file to write; its suffix says the format (png, pdf, svg).
        episode: number of the episode of `run.evaluate` whose start is taken.
        dpi: dots an inch of the file.
        dark: draw on a dark ground; None asks matplotlib's style.

    Returns:
        The `matplotlib.figure.Figure`.

    Raises:
        MissingExtra: matplotlib is not installed.
        EvaluationError: the environment failed.
    """
    need("matplotlib", "plot")
    from ember_ml.report.picture import make_picture

    check_picture(path, dpi)
    colors = theme(dark)
    played = play(run, episode)
    names = played.labels or labels(run.env)
    size = played.observations.shape[1]
    shown = min(size, MOST_PANELS)
    heights = [*([2.6] if shown == 1 else [1.0] * shown), 1.0, 1.0, 1.0]
    with colors.applied():
        figure = make_picture((8.6, 1.1 + 0.95 * sum(heights)), colors, show=path is None)
        figure.get_layout_engine().set(w_pad=0.1, h_pad=0.03)
        axes = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
        *seen, acted, rewarded, earned = axes
        for index, axis in enumerate(seen):
            target = names.target if index == 0 else None
            draw_values(axis, played.observations[:, index], names.limits[index], target, colors)
            line_label(axis, names.observations[index])
        _actions(acted, played, run.env, names, colors)
        steps = len(played.rewards)
        _over_steps(rewarded, np.arange(steps), played.rewards, colors.best, "reward")
        _over_steps(earned, np.arange(steps + 1), played.returns, colors.policy, "return so far")
        for axis in axes:
            axis.axvline(steps, color=colors.muted, linewidth=1.2)
        _frame(figure, axes, played, run.env, size - shown, colors)
        write_figure(figure, path, dpi)
    return figure


def _frame(figure: Any, axes: Any, played: Episode, env: EnvSpec, hidden: int, colors: Theme) -> None:
    """Title, label of the steps, limits; the end is written above its line."""
    from matplotlib.ticker import MaxNLocator

    steps = len(played.rewards)
    axes[-1].set_xlabel("step" + (f"   ({hidden} more observation values are not drawn)" if hidden else ""))
    axes[-1].set_xlim(-0.01 * steps, steps * 1.01)
    axes[-1].xaxis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10], min_n_ticks=1))
    axes[-1].xaxis.set_major_formatter(tick_formatter(steps))
    axes[0].set_title(f"{env.name}   one episode", loc="left", fontweight="bold", fontsize=11)
    how = {"terminated": "terminated", "truncated": "truncated", "time limit": "time limit"}[played.end]
    facts = f"return {value_text(played.total)}, {how} after {steps} steps"
    axes[0].set_title(facts, loc="right", color=colors.muted)
    figure.align_ylabels(axes)


def line_label(axis: Any, text: str) -> None:
    """A label beside the axis, to be read without turning the head."""
    name, bracket, unit = text.partition(" (")
    if bracket and len(text) > 16:  # the unit gets a line of its own
        text = textwrap.fill(name, 16) + "\n(" + unit
    else:
        text = textwrap.fill(text, 16)
    axis.set_ylabel(text, rotation=0, ha="right", va="center", labelpad=8)


def _over_steps(axis: Any, steps: Any, values: Any, color: str, label: str) -> list[Any]:
    many = len(values) > 150
    lines: list[Any] = axis.plot(steps, values, color=color, linewidth=0.9 if many else 1.5)
    if len(values) == 1:
        lines[0].set(marker="o", markersize=4)
    line_label(axis, label)
    if values.min() == values.max():
        axis.set_ylim(*sorted((0.0, 1.2 * float(values[0]) or 1.0)))
    _ticks(axis, float(np.abs(values).max(initial=0.0)))
    return lines


def _ticks(axis: Any, largest: float) -> None:
    from matplotlib.ticker import MaxNLocator

    axis.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10], min_n_ticks=2))
    axis.yaxis.set_major_formatter(tick_formatter(largest))


def draw_values(axis: Any, values: Any, limits: Limits, target: float | None, colors: Theme) -> list[Any]:
    """One observation value over its steps, with its limits where they are near, and its target."""
    lines: list[Any] = axis.plot(
        np.arange(len(values)), values, color=colors.policy, linewidth=0.9 if len(values) > 150 else 1.5
    )
    low, high = float(values.min()), float(values.max())
    span = max(high - low, 1e-3 * max(abs(low), abs(high)), 1e-6)
    # A limit far away would press the curve into a line; of two both are drawn, or none.
    reach = 8 * span if np.isfinite(limits).all() else 4 * span
    ends = [bound for bound in limits if np.isfinite(bound)]
    near = max([high, *ends]) - min([low, *ends]) <= reach
    bounds = [(bound, colors.evaluated, (0, (1, 2)), "limit") for bound in ends if near]
    if target is not None:
        bounds.append((target, colors.muted, (0, (4, 3)), "target"))
    bounds = [line for line in bounds if low - 8 * span <= line[0] <= high + 8 * span]
    for bound, color, dashes, label in bounds:
        axis.axhline(bound, color=color, linewidth=1.1, linestyle=dashes, label=label, zorder=1.5)
        low, high = min(low, bound), max(high, bound)
    room = 0.08 * (high - low) or max(1.0, abs(high)) * 0.1
    axis.set_ylim(low - room, high + room)
    height = high - low + 2 * room
    names = [(label, (bound - low + room) / height, color) for bound, color, _, label in bounds]
    write_beside(axis, names, 0.17, fontsize=8)
    _ticks(axis, max(abs(low), abs(high)))
    return lines


def _actions(axis: Any, played: Episode, env: EnvSpec, names: Labels, colors: Theme) -> None:
    steps = np.arange(len(played.actions))
    actions = played.actions.reshape(len(steps), -1)
    count = min(actions.shape[1], MOST_ACTIONS)
    line_label(axis, "action" if actions.shape[1] == 1 else "actions")
    if env.discrete:
        _choices(axis, steps, actions[:, :count], env, names, colors)
        return
    for index in range(count):
        name = names.actions[index] if names.actions else f"action {index}"
        axis.step(
            steps, actions[:, index], where="post", color=colors.cycle[(index + 2) % len(colors.cycle)],
            linewidth=0.9 if len(steps) > 150 else 1.3, label=name, marker="o" if len(steps) == 1 else None,
        )  # fmt: skip
    if actions.shape[1] == 1 and names.actions:
        line_label(axis, names.actions[0])
    elif count > 1:
        axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8, labelspacing=0.2)
    low, high = float(np.nanmin(actions)), float(np.nanmax(actions))
    for bounds in (env.action_low, env.action_high):
        for bound in np.unique(np.asarray([] if bounds is None else bounds)[:count]):
            if np.isfinite(bound):
                axis.axhline(bound, color=colors.evaluated, linewidth=1.1, linestyle=(0, (1, 2)), zorder=1.5)
                low, high = min(low, float(bound)), max(high, float(bound))
    room = 0.08 * (high - low) or max(1.0, abs(high)) * 0.1
    axis.set_ylim(low - room, high + room)
    _ticks(axis, max(abs(low), abs(high)))


def _choices(axis: Any, steps: Any, actions: Any, env: EnvSpec, names: Labels, colors: Theme) -> None:
    """Choices as marks, one row a choice; several choices at once as steps."""
    for index in range(actions.shape[1]):
        color = colors.cycle[(index + 2) % len(colors.cycle)]
        if actions.shape[1] == 1:
            axis.plot(steps, actions[:, 0], "|", color=color, markersize=5)
        else:
            axis.step(
                steps,
                actions[:, index],
                where="post",
                color=color,
                label=names.actions[index] if names.actions else f"choice {index}",
            )
    if actions.shape[1] > 1:
        axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8, labelspacing=0.2)
    first = env.action_start
    count = max(env.choices) if env.choices else env.action_size
    axis.set_ylim(first - 0.5, first + count - 0.5)
    axis.grid(False, axis="y")
    shown = range(count) if count <= 5 else sorted({0, count // 2, count - 1})
    texts = names.actions if not env.choices and len(names.actions) == count else ()
    axis.set_yticks([first + i for i in shown], [texts[i] if texts else str(first + i) for i in shown])
    if texts:
        axis.tick_params(axis="y", labelsize=8)
