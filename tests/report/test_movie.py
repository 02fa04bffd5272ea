"""Animations: whose pictures, how many, in which file."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import ClassVar

import numpy as np
import pytest
from conftest import skip_without
from ember_ml import envs, es
from ember_ml.errors import EvaluationError, MissingExtra
from ember_ml.playback import play
from ember_ml.report.camera import Reel
from ember_ml.report.movie import Animation
from walk_env import Walk


@pytest.fixture(autouse=True)
def _needs_matplotlib_and_pillow():
    skip_without("matplotlib")
    skip_without("PIL", "pillow")


def trained(env, **options):
    return es.train(env, generations=2, seed=0, **options)


def red(height=40, width=60):
    picture = np.zeros((height, width, 3), np.uint8)
    picture[..., 0] = 200
    return picture


def figure_of(env):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(0.6, 0.4), dpi=100, facecolor=(200 / 255, 0, 0))
    return figure


def pillow_of(env):
    from PIL import Image

    return Image.fromarray(red())


RENDERS = {
    "uint8": lambda env: red(),
    "float": lambda env: red() / 255.0,
    "rgba": lambda env: np.dstack([red(), np.full((40, 60), 255, np.uint8)]),
    "nested lists": lambda env: red().tolist(),
    "all frames so far": lambda env: [red() * 0, red()],
    "figure": figure_of,
    "pillow": pillow_of,
}


@pytest.mark.parametrize("kind", list(RENDERS))
def test_a_class_draws_itself(kind, tmp_path):
    class Drawn(Walk):
        def render(self):
            return RENDERS[kind](self)

    run = trained(Drawn)
    played = play(run, frames=True)
    assert len(played.frames) == 11 and played.frame_steps == list(range(11))
    assert all(np.abs(frame.astype(int) - red()).max() <= 1 for frame in played.frames)
    made = run.animate()
    # A strip with words above, the picture below as it is.
    assert made.frames[0].shape[0] > 40 and made.frames[0].shape[1] == 60
    assert np.abs(made.frames[-1][-40:].astype(int) - red()).max() <= 1
    assert made.frames[-1][:-40].min() < 100


def test_older_render_with_a_mode_and_one_in_grey(tmp_path):
    class Old(Walk):
        def render(self, mode="human"):
            return None if mode == "human" else np.full((20, 30), 7, np.uint8)

    frames = play(trained(Old), frames=True).frames
    assert len(frames) == 11 and frames[0].shape == (20, 30, 3) and (frames[0] == 7).all()


def test_without_a_picture_the_observations_move():
    class Silent(Walk):
        def render(self):
            return None

    for env in (Walk, Silent):
        made = trained(env).animate()
        assert len(made.frames) == 11
        changes = [np.any(a != b) for a, b in zip(made.frames, made.frames[1:])]
        assert all(changes)


def test_what_render_raises_or_returns_wrongly_is_said():
    class Raises(Walk):
        def render(self):
            raise RuntimeError("no screen")

    class Wrong(Walk):
        def render(self):
            return np.zeros(5)

    with pytest.raises(EvaluationError, match=r"Raises.render raised RuntimeError: no screen"):
        trained(Raises).animate()
    with pytest.raises(
        EvaluationError, match=r"Wrong.render returned ndarray of shape \(5,\); wanted an array"
    ):
        trained(Wrong).animate()


def test_gymnasium_environments_draw_themselves():
    gymnasium = pytest.importorskip("gymnasium")
    pytest.importorskip("pygame")
    played = play(trained(lambda: gymnasium.make("CartPole-v1")), frames=True)
    assert played.frames[0].shape == (400, 600, 3) and len(played.frames) == len(played.rewards) + 1


def test_vector_environments_show_their_first():
    gymnasium = pytest.importorskip("gymnasium")
    pytest.importorskip("pygame")
    many = gymnasium.make_vec("CartPole-v1", num_envs=2, vectorization_mode="sync", render_mode="rgb_array")
    played = play(trained(many), frames=True)
    assert played.frames[0].shape == (400, 600, 3) and len(played.frames) == len(played.rewards) + 1


def test_a_gymnasium_class_of_ones_own_is_made_again_with_pictures():
    gymnasium = pytest.importorskip("gymnasium")

    class Own(gymnasium.Env):
        metadata: ClassVar = {"render_modes": ["rgb_array"], "render_fps": 30}

        def __init__(self, size=3, render_mode=None):
            self.size, self.render_mode = size, render_mode
            self.observation_space = gymnasium.spaces.Box(-9, 9, (1,), np.float32)
            self.action_space = gymnasium.spaces.Discrete(2)

        def reset(self, *, seed=None, options=None):
            super().reset(seed=seed)
            self.count = 0
            return np.zeros(1, np.float32), {}

        def step(self, action):
            self.count += 1
            return np.zeros(1, np.float32), 1.0, self.count >= self.size, False, {}

        def render(self):
            return red() if self.render_mode == "rgb_array" else None

    assert len(play(trained(Own), frames=True).frames) == 4
    assert len(play(trained(envs.make(Own, size=5)), frames=True).frames) == 6


def test_pictures_of_built_in_tasks_follow_their_constants():
    def pole(length):
        """Rows that the pole covers, less those of its round ends."""
        frame = play(trained(envs.make("CartPole-v1", length=length)), frames=True).frames[0].astype(int)
        orange = (frame[..., 0] > 200) & (frame[..., 1] > 120) & (frame[..., 2] < 60)
        return int(orange.any(axis=1).sum()) - 9

    assert abs(pole(0.25) / pole(0.5) - 0.5) < 0.05
    frames = play(trained("Pendulum-v1"), frames=True).frames
    assert frames[0].shape == (360, 560, 3) and np.any(frames[0] != frames[50])


def test_long_episodes_are_thinned_evenly_and_end_with_the_end():
    run = trained("Pendulum-v1")
    played = play(run, frames=True, most_frames=30)
    assert 15 <= len(played.frames) <= 30 and len(played.frames) == len(played.frame_steps)
    assert played.frame_steps[0] == 0 and played.frame_steps[-1] == 200
    assert set(np.diff(played.frame_steps[:-1])) == {8}
    for most in range(2, 12):
        for steps in range(1, 60):
            reel = Reel(most)
            for step in range(steps + 1):
                if step == steps or reel.wants(step):
                    reel.add(step, red(2, 2), last=step == steps)
            assert len(reel.pictures) == len(reel.steps) <= most and reel.steps[-1] == steps
            assert reel.steps[0] == 0 and len(set(np.diff(reel.steps[:-1]))) <= 1


def test_gif(walk, tmp_path):
    from PIL import Image

    path = trained(walk).animate(tmp_path / "walk.gif", most_frames=6, fps=20)
    with Image.open(path) as image:
        assert image.format == "GIF" and 4 <= image.n_frames <= 6
        assert image.info["duration"] == 50 and image.info["loop"] == 0
        image.seek(image.n_frames - 1)
        assert image.info["duration"] == 1500


def test_small_things_keep_their_colors_in_a_gif(tmp_path):
    """A ground of many shades would otherwise take all of the palette."""
    random = np.random.default_rng(0)
    frames = []
    for k in range(3):
        frame = random.integers(100, 250, (200, 200, 1)) + random.integers(-6, 7, (200, 200, 3))
        frame[20 + 30 * k : 28 + 30 * k, 60:68] = (200, 30, 30)
        frame[150:154, 20:24] = (240, 190, 50)
        frames.append(frame.astype(np.uint8))
    from PIL import Image

    path = Animation(frames, 10, "small").save(tmp_path / "small.gif")
    with Image.open(path) as movie:
        for k in range(3):
            movie.seek(k)
            shown = np.asarray(movie.convert("RGB")).astype(int)
            assert np.abs(shown - frames[k]).max() <= 40


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffmpeg is not installed")
def test_mp4(tmp_path):
    path = trained("MountainCar-v0").animate(tmp_path / "car.mp4", most_frames=50, fps=25)
    asked = ["-v", "error", "-count_frames", "-show_streams", "-of", "json", str(path)]
    found = json.loads(subprocess.run(["ffprobe", *asked], capture_output=True, check=True).stdout)[
        "streams"
    ][0]
    assert found["r_frame_rate"] == "25/1" and found["width"] == 560 and found["height"] % 2 == 0
    assert int(found["nb_read_frames"]) > 50  # the end stands a while


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffmpeg is not installed")
def test_mp4_without_ffmpeg_names_what_to_install(walk, tmp_path, monkeypatch):
    import sys

    run = trained(walk)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(MissingExtra, match="pip install imageio-ffmpeg"):
        run.animate(tmp_path / "walk.mp4")
    assert list(tmp_path.iterdir()) == []


def test_mistakes(walk, tmp_path):
    run = trained(walk)
    with pytest.raises(
        ValueError, match=r"path: got '.*walk.webm', wanted a name that ends in \.gif or \.mp4"
    ):
        run.animate(tmp_path / "walk.webm")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        run.animate(tmp_path / "no" / "walk.gif")
    with pytest.raises(ValueError, match="most_frames: got 1"):
        run.animate(most_frames=1)
    with pytest.raises(ValueError, match="fps"):
        run.animate(fps=0)
