"""The arm of the example learns to follow its target, and is drawn."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from scripts import load_script

pytest.importorskip("mujoco")
pytest.importorskip("numba")
PATH = Path(__file__).parents[2] / "examples" / "reacher.py"


@pytest.fixture(scope="module")
def example():
    return load_script(PATH)


@pytest.fixture(scope="module")
def run(example):
    return example.train(generations=150)


def test_it_ends_good(example, run):
    """With half of the example's generations."""
    assert run.evaluate(episodes=100).mean >= example.GOOD
    assert run.steps < 1_000_000


def test_pictures(example, run, tmp_path, monkeypatch):
    Image = pytest.importorskip("PIL.Image")
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        run.animate("reacher.gif", most_frames=5)
    if any("MuJoCo cannot draw here" in str(warning.message) for warning in told):
        pytest.skip("OpenGL does not work here; the observations were drawn instead")
    frame = np.asarray(Image.open("reacher.gif").convert("RGB"))
    red = (frame[..., 0] > 150) & (frame[..., 1:] < 110).all(axis=-1)
    assert red.sum() > 20  # the target is in the picture
    example.picture(run, "reacher.png")
    assert Image.open("reacher.png").size[0] > 800


def test_without_opengl_observations_are_drawn(example, run, tmp_path, monkeypatch):
    from ember_ml.envs.robots import picture

    def nothing(width, height):
        raise picture.NoPictures("MuJoCo cannot draw here (none)")

    monkeypatch.setattr(picture, "_context", nothing)
    with pytest.warns(UserWarning, match="observations are drawn instead: MuJoCo cannot draw here"):
        path = run.animate(tmp_path / "traces.gif", most_frames=3)
    assert path.stat().st_size > 0
