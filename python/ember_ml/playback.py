"""One episode of a trained policy: recorded, plotted, animated (extra ``plot``)."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ember_ml.atomic_file import check_target, replacing
from ember_ml.engines.select import in_python
from ember_ml.envs.messages import headless
from ember_ml.envs.names import OBSERVATIONS
from ember_ml.errors import need
from ember_ml.plot import BEST, MUTED, POLICY, POPULATION, STYLE, make_figure, write_figure

if TYPE_CHECKING:
    from ember_ml.envs.spec import EnvSpec
    from ember_ml.es.run import Run

#: Where the task wants the first observation value to go.
TARGETS = {"Simple1D-v0": 10.0, "MountainCar-v0": 0.5, "MountainCarContinuous-v0": 0.45}

_COLORS = (POLICY, POPULATION, BEST, "#CC79A7", "#56B4E9", "#D55E00", "#8C6D1F", MUTED)

#: Observation values beyond these are not drawn.
MOST_PANELS = 8

#: An episode without a time limit is cut here.
MOST_STEPS = 5000


@dataclass
class Episode:
    """What happened in one episode of T steps.

    Attributes:
        observations: float32 (T + 1, n), the last one included.
        actions: (T,) or (T, actions).
        rewards: float64 (T,).
        frames: pictures (height, width, 3) uint8, one a step, if they were wanted and the environment makes
            them.
    """

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    frames: list[np.ndarray] = field(default_factory=list)

    @property
    def total(self) -> float:
        return float(self.rewards.sum())


def play(run: Run, episode: int = 0, frames: bool = False) -> Episode:
    """One episode of the trained policy, stepped in Python.

    Args:
        episode: decides the start.
        frames: also take pictures, where gymnasium can render the environment.

    Raises:
        ValueError: the environment cannot be stepped from Python.
    """
    from ember_ml.es.noise import derived_seed

    limit = run._snapshot.problem.options.max_steps or run.env.max_steps or MOST_STEPS
    seed = derived_seed("evaluate", run.seed, 0, 0, episode)
    player = _player(run.env, frames)
    try:
        observation = player.reset(seed)
        observations, actions, pictures = [observation], [], []
        rewards: list[float] = []
        over = False
        while not over and len(rewards) < limit:
            picture = player.picture()
            if picture is not None:
                pictures.append(picture)
            action = run.policy(observation)
            observation, reward, over = player.step(action)
            observations.append(observation)
            actions.append(action)
            rewards.append(reward)
        picture = player.picture()
        if picture is not None:
            pictures.append(picture)
    finally:
        player.close()
    return Episode(np.asarray(observations), np.asarray(actions), np.asarray(rewards, np.float64), pictures)


class _Player:
    """One environment object: gymnasium's, the user's, or a native one."""

    def __init__(self, adapter: Any, render: Any = None) -> None:
        self.adapter = adapter
        self.render = render

    def reset(self, seed: int) -> Any:
        return self.adapter.reset(seed)

    def step(self, action: Any) -> tuple[Any, float, bool]:
        action = action if isinstance(action, int) else np.asarray(action)
        observation, reward, terminated, truncated = self.adapter.step(action)
        return observation, float(reward), bool(terminated or truncated)

    def picture(self) -> Any:
        return None if self.render is None else np.asarray(self.render())

    def close(self) -> None:
        self.adapter.close()


def _player(env: EnvSpec, frames: bool) -> _Player:
    stepped = in_python(env)
    if stepped is None:
        raise ValueError(f"env: {env.name} cannot be stepped from Python, so there is no episode to show")
    adapter = stepped.factory()
    render = None
    if frames and hasattr(adapter, "env") and hasattr(adapter.env, "render"):
        drawn = _with_renderer(adapter.env)
        if drawn is not None:
            adapter.close()
            adapter = adapter.around(drawn)
            render = drawn.render
    return _Player(adapter, render)


def _with_renderer(env: Any) -> Any:
    """A gymnasium environment like this one that makes pictures, or None where it cannot."""
    spec = getattr(env, "spec", None)
    if spec is None:
        return None
    gymnasium = need("gymnasium", "gym")
    try:
        with headless():
            drawn = gymnasium.make(spec, render_mode="rgb_array", disable_env_checker=True)
            drawn.reset()
            drawn.render()
    except Exception:  # no renderer here, such as pygame missing
        return None
    return drawn


def trajectory(run: Run, path: str | os.PathLike[str] | None = None, episode: int = 0, dpi: int = 150) -> Any:
    """One episode of the trained policy over its steps: observations, actions and the return so far.

    Args:
        path: file to write; its suffix says the format (png, pdf, svg).
        episode: decides the start.

    Returns:
        The `matplotlib.figure.Figure`.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    matplotlib = need("matplotlib", "plot")
    played = play(run, episode)
    shown = min(played.observations.shape[1], MOST_PANELS)
    heights = [2.6] if shown == 1 else [1.0] * shown
    with matplotlib.rc_context(STYLE):
        figure = make_figure((8.6, 1.1 + 1.05 * (sum(heights) + 2)))
        figure.get_layout_engine().set(w_pad=0.1, h_pad=0.03)
        *seen, acted, earned = figure.subplots(shown + 2, 1, sharex=True, height_ratios=[*heights, 1, 1])
        _observations(seen, played, run.env.name)
        _actions(acted, played, run.env)
        earned.plot(
            np.arange(1, len(played.rewards) + 1), np.cumsum(played.rewards), color=POLICY, linewidth=1.5
        )
        earned.set_ylabel("return so far")
        earned.set_xlabel("step")
        seen[0].set_title(f"{run.env.name}   one episode", loc="left", fontweight="bold", fontsize=11)
        seen[0].set_title(
            f"return {played.total:.4g} in {len(played.rewards)} steps", loc="right", color=MUTED
        )
        for axis in (*seen, acted, earned):
            axis.margins(x=0.01)
            axis.yaxis.label.set(rotation=0, ha="left", va="center")
            axis.yaxis.set_label_coords(-0.21, 0.5)
        write_figure(figure, path, dpi)
    return figure


def _observations(axes: list[Any], played: Episode, name: str) -> None:
    names = OBSERVATIONS.get(name, ())
    for index, axis in enumerate(axes):
        values = played.observations[:, index]
        axis.plot(values, color=POLICY, linewidth=0.9 if len(values) > 150 else 1.5)
        axis.set_ylabel(names[index] if index < len(names) else f"observation {index}")
        axis.locator_params(axis="y", nbins=4)
    if name in TARGETS:
        axes[0].axhline(TARGETS[name], color=MUTED, linewidth=1, linestyle=(0, (4, 3)), label="target")
        axes[0].legend(loc="lower right")


def _actions(axis: Any, played: Episode, env: EnvSpec) -> None:
    steps = np.arange(len(played.actions))
    actions = played.actions.reshape(len(steps), -1)
    if env.discrete:
        for index in range(actions.shape[1]):
            axis.plot(steps, actions[:, index], "|", color=_COLORS[index % len(_COLORS)], markersize=5)
        choices = np.unique(actions)
        axis.set_yticks(choices if len(choices) <= 5 else choices[[0, -1]])
        axis.margins(y=0.35)
    else:
        for index in range(min(actions.shape[1], len(_COLORS))):
            color = _COLORS[(index + 2) % len(_COLORS)]
            axis.plot(steps, actions[:, index], color=color, linewidth=0.9 if len(steps) > 150 else 1.3)
        axis.locator_params(axis="y", nbins=4)
    axis.set_ylabel("action" if actions.shape[1] == 1 else "actions")


def animate(
    run: Run, path: str | os.PathLike[str], episode: int = 0, fps: int = 30, most_frames: int = 300
) -> Path:
    """One episode of the trained policy as an animated GIF: gymnasium's own pictures where it can draw them,
    else the observations over time.

    Args:
        path: file to write, ending in ``.gif``.
        episode: decides the start.
        fps: pictures a second.
        most_frames: a longer episode is thinned out to so many.

    Raises:
        MissingExtra: matplotlib or pillow is not installed.
    """
    need("PIL", "plot")
    path = check_target(path)
    if path.suffix.lower() != ".gif":
        raise ValueError(f"path: got {os.fspath(path)!r}, wanted a name that ends in .gif")
    played = play(run, episode, frames=True)
    thin = max(1, -(-(len(played.rewards) + 1) // most_frames))
    pictures = played.frames[::thin] if played.frames else _draw(run, played, thin)
    _write_gif(pictures, path, fps)
    return path


def _draw(run: Run, played: Episode, thin: int) -> list[np.ndarray]:
    """Pictures of an environment that nobody draws: where it is on a line, and the way it came."""
    matplotlib = need("matplotlib", "plot")
    values, name = played.observations, run.env.name
    low, high = float(values[:, 0].min()), float(values[:, 0].max())
    target = TARGETS.get(name)
    if target is not None:
        low, high = min(low, target), max(high, target)
    room = 0.08 * (high - low) or 1.0
    pictures = []
    with matplotlib.rc_context(STYLE):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=(5.4, 2.6), dpi=100, layout="constrained")
        canvas = FigureCanvasAgg(figure)
        axis = figure.add_subplot()
        axis.set_xlim(0, len(values) - 1)
        axis.set_ylim(low - room, high + room)
        axis.set_xlabel("step")
        axis.set_ylabel(OBSERVATIONS.get(name, ("observation 0",))[0])
        if target is not None:
            axis.axhline(target, color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
        (way,) = axis.plot([], [], color=POLICY, linewidth=1.6)
        (here,) = axis.plot([], [], "o", color=POLICY, markersize=7)
        title = axis.set_title("", loc="left")
        returns = np.concatenate([[0.0], np.cumsum(played.rewards)])
        for step in range(0, len(values), thin):
            way.set_data(range(step + 1), values[: step + 1, 0])
            here.set_data([step], [values[step, 0]])
            title.set_text(f"{name}   return {returns[step]:.1f}")
            canvas.draw()
            pictures.append(np.asarray(canvas.buffer_rgba())[..., :3].copy())
    return pictures


def _write_gif(pictures: list[np.ndarray], path: Path, fps: int) -> None:
    from PIL import Image

    kind = Image.Quantize.FASTOCTREE
    images = [Image.fromarray(p).quantize(64, method=kind, dither=Image.Dither.NONE) for p in pictures]
    pause = [round(1000 / fps)] * (len(images) - 1) + [1500]  # the end stands a while before it begins again
    with replacing(path) as file:
        images[0].save(
            file, "gif", save_all=True, append_images=images[1:], duration=pause, loop=0, optimize=False
        )
