"""ember-ml train --seeds."""

import importlib
import json

import pytest
from conftest import skip_without
from ember_ml import es
from ember_ml.cli import flags, program

SHORT = ["train", "CartPole-v1", "--preset", "default", "--generations", "3"]


@pytest.mark.parametrize(
    ("text", "wanted"), [("3", [0, 1, 2]), ("2:5", [2, 3, 4]), (":2", [0, 1]), ("7,3", [7, 3]), ("1", [0])]
)
def test_ways_to_write_seeds(text, wanted):
    assert flags.seeds(text) == wanted


def test_a_table_and_a_folder(tmp_path, capsys):
    folder = tmp_path / "runs"
    assert program.main([*SHORT, "--seeds", "1:4", "--out", str(folder), "--explain"]) == 0
    out = capsys.readouterr().out
    assert "CartPole-v1, 3 seeds" in out and "median" in out and f"saved to  {folder}" in out
    assert "engine: native" in out
    loaded = es.Runs.load(folder)
    assert loaded.seeds == [1, 2, 3]
    alone = es.train("CartPole-v1", preset=None, generations=3, seed=2, progress=False)
    assert (loaded[1].theta == alone.theta).all()
    assert program.main([*SHORT, "--seeds", "1:4", "--out", str(folder)]) != 0
    assert "has trainings already" in capsys.readouterr().err


@pytest.mark.parametrize("finished", [0, 2])
def test_what_ctrl_c_ended_is_kept_too(finished, tmp_path, capsys, monkeypatch):
    """Whoever pressed it can go on with those that were under way."""
    module = importlib.import_module("ember_ml.es.train")
    whole = es.train("CartPole-v1", preset=None, generations=3, seeds=range(3), progress=False)
    monkeypatch.setattr(module, "train", lambda *_, **__: es.Runs(whole[:finished], [whole[2]], True))
    folder = tmp_path / "runs"
    assert program.main([*SHORT, "--seeds", "3", "--out", str(folder)]) == 130
    assert f"unfinished  {folder / 'unfinished-seed-2.npz'}" in capsys.readouterr().out
    assert len(list(folder.glob("seed-*.npz"))) == finished
    resumed = es.Trainer.load(folder / "unfinished-seed-2.npz", progress=False)
    assert resumed.seed == 2 and resumed.generation == 3


def test_json_and_until(capsys):
    assert program.main([*SHORT, "--seeds", "2", "--json", "--until", "400"]) == 3
    answer = json.loads(capsys.readouterr().out)
    assert [run["seed"] for run in answer["runs"]] == [0, 1] and not answer["interrupted"]
    assert {run["generations"] for run in answer["runs"]} == {3} and answer["files"] == {}


def test_a_picture(tmp_path, capsys):
    skip_without("matplotlib")
    assert program.main([*SHORT, "--seeds", "3", "--plot", str(tmp_path / "a.png"), "--quiet"]) == 0
    assert capsys.readouterr().out == "" and (tmp_path / "a.png").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--seeds", "x"], "--seeds: got 'x', wanted 20, 0:20 or 3,5,8"),
        (["--seeds", "5:5"], "seeds: got none"),
        (["--seeds", "3", "--seed", "1"], "seed: got 1 beside seeds"),
        (["--seeds", "3", "--save", "a.npz"], "--save: not with --seeds"),
    ],
)
def test_errors(words, message, capsys):
    assert program.main([*SHORT, *words]) in (1, 2)
    assert message in capsys.readouterr().err
