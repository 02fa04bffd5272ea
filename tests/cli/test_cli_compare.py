"""`ember-ml compare`: which files become which group."""

import pytest
from conftest import skip_without
from ember_ml import cli, es


@pytest.fixture
def files(folder):
    for seed in (1, 2):
        words = ["train", "Simple1D-v0", "--generations", "3", "--seed", str(seed), "--quiet"]
        assert cli.main([*words, "--save", f"{seed}.npz"]) == 0
    return folder


def test_names_make_groups(files, capsys, monkeypatch):
    asked = []
    monkeypatch.setattr(es, "compare", lambda runs, path, x: asked.append((runs, path, x)))
    assert cli.main(["compare", "1.npz", "2.npz"]) == 0
    assert cli.main(["compare", "a=1.npz", "b=2.npz", "a=2.npz", "--out", "c.svg", "--x", "steps"]) == 0
    assert cli.main(["compare", "a=1.npz", "2.npz"]) == 0
    assert asked == [
        (["1.npz", "2.npz"], "compare.png", "generation"),
        ({"a": ["1.npz", "2.npz"], "b": ["2.npz"]}, "c.svg", "steps"),
        ({"a": ["1.npz"], "2": ["2.npz"]}, "compare.png", "generation"),
    ]
    assert capsys.readouterr().out.split() == ["compare.png", "c.svg", "compare.png"]


def test_it_draws(files, capsys):
    skip_without("matplotlib")
    assert cli.main(["compare", "a=1.npz", "b=2.npz"]) == 0
    assert (files / "compare.png").stat().st_size > 10_000
    assert cli.main(["compare", "a=gone.npz"]) == 1
    assert "gone.npz" in capsys.readouterr().err
