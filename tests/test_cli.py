"""The command line: what it writes, prints and returns."""

import json
import subprocess
import sys

import numpy as np
import pytest
from conftest import skip_without
from ember_ml import cli, es
from ember_ml.cli.strategy import STRATEGIES

ENV = "Simple1D-v0"
QUICK = ["--generations", "6", "--directions", "4", "--seed", "3"]


@pytest.fixture
def saved(tmp_path, capsys):
    path = tmp_path / "saved.npz"
    assert cli.main(["train", ENV, *QUICK, "--save", str(path), "--quiet"]) == 0
    capsys.readouterr()
    return path


def test_train_prints_a_summary_and_writes_files(tmp_path, capsys):
    skip_without("matplotlib")
    out = tmp_path / "runs" / "a"
    plot = ["--plot", str(tmp_path / "curve.png")]
    code = cli.main(["train", ENV, *QUICK, "--out", str(out), *plot, "--explain"])
    text = capsys.readouterr().out
    assert code == 0
    for part in ("Simple1D-v0, seed 3", "policy return", "environment steps", "engine: native", str(out)):
        assert part in text
    assert sorted(p.name for p in out.iterdir()) == ["checkpoint.npz", "log.csv", "training.png"]
    assert (tmp_path / "curve.png").stat().st_size > 20_000
    assert len((out / "log.csv").read_text().splitlines()) == 7


def test_the_readme_line_solves_the_task(tmp_path, capsys):
    skip_without("matplotlib")
    picture = tmp_path / "training.png"
    assert cli.main(["train", ENV, "--plot", str(picture), "--json", "--seed", "0"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["policy_return"] >= -50 and summary["files"]["plot"] == str(picture)


def test_train_json_is_one_object(capsys):
    assert cli.main(["train", ENV, *QUICK, "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["env"] == ENV and summary["seed"] == 3 and summary["generations"] == 6
    assert summary["episodes"] == 6 * 9 and summary["config"]["strategy"]["directions"] == 4


@pytest.mark.parametrize("strategy", sorted(set(STRATEGIES) - {"cmaes", "cr-fm-nes"}))
def test_every_strategy(strategy, capsys):
    options = ["--strategy", strategy, "--generations", "2", "--seed", "1", "--quiet"]
    assert cli.main(["train", ENV, *options]) == 0
    assert capsys.readouterr().out == ""


def test_options_reach_the_strategy(capsys):
    options = ["--sigma", "0.2", "--learning-rate", "0.03", "--hidden", "8", "--json"]
    code = cli.main(["train", ENV, *QUICK, *options])
    config = json.loads(capsys.readouterr().out)["config"]
    assert code == 0
    assert config["strategy"]["sigma"] == 0.2
    assert config["strategy"]["optimizer"]["learning_rate"] == pytest.approx(0.03)
    assert [layer["outputs"] for layer in config["policy"]["spec"]["layers"]] == [8, 1]


def test_resume_goes_on(saved, tmp_path, capsys):
    longer = tmp_path / "longer.npz"
    options = ["--generations", "2", "--save", str(longer), "--quiet"]
    assert cli.main(["train", "--resume", str(saved), *options]) == 0
    run = es.load(longer)
    assert len(run.history) == 8
    assert np.array_equal(run.history["policy_return"][:6], es.load(saved).history["policy_return"])
    assert cli.main(["train", "--resume", str(saved), "--seed", "1"]) == 2
    assert "--seed" in capsys.readouterr().err


def test_evaluate(saved, capsys):
    assert cli.main(["evaluate", str(saved), "--episodes", "7"]) == 0
    assert "7 episodes" in capsys.readouterr().out
    assert cli.main(["evaluate", str(saved), "--episodes", "7", "--json", "--best"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["episodes"] == 7 and answer["mean_length"] == 100


def test_plot_and_export(saved, tmp_path, capsys):
    skip_without("matplotlib")
    assert cli.main(["plot", str(saved)]) == 0
    assert capsys.readouterr().out.strip() == str(saved.with_suffix(".png"))
    assert cli.main(["plot", str(saved), "--trajectory", "--out", str(tmp_path / "way.png")]) == 0
    assert cli.main(["export", str(saved), str(tmp_path / "policy.h")]) == 0
    assert "policy_act" in (tmp_path / "policy.h").read_text()
    assert cli.main(["export", str(saved), str(tmp_path / "policy.exe")]) == 2


def test_info(capsys):
    assert cli.main(["info", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["simd"] in found["simd_levels"] and ENV in found["environments"] and found["threads"] >= 1
    assert cli.main(["info"]) == 0
    assert "SIMD level" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments, code, message",
    [
        ([], 2, ""),
        (["--help"], 0, ""),
        (["train"], 2, "either an environment or --resume"),
        (["train", "--help"], 0, ""),
        (["fly"], 2, "invalid choice"),
        (["train", "Simple1D-v9"], 2, "Simple1D-v0"),
        (["train", ENV, "--directions", "0"], 2, "directions"),
        (["train", ENV, "--directions", "x"], 2, "invalid int"),
        (["train", ENV, "--preset", "nope"], 2, "'simple1d'"),
        (["train", ENV, "--hidden", "a,b"], 2, "--policy"),
        (["train", ENV, "--engine", "nativ"], 2, "did you mean 'native'"),
        (["train", ENV, "--save", "/nowhere/a.npz"], 2, "does not exist"),
        (["train", ENV, "--save", "."], 2, "it is a folder"),
        (["train", ENV, "--plot", "curve.txt"], 2, "ends in .png"),
        (["train", ENV, "--directions", str(10**20)], 2, "directions: got 1000"),
        (["train", ENV, "--strategy", "sep-cmaes", "--learning-rate", "1"], 2, "--learning-rate: SepCMAES"),
        (["evaluate", "missing.npz"], 1, "no file at missing.npz"),
        (["evaluate", __file__], 2, "not saved by ember-ml"),
    ],
)
def test_exit_codes_and_messages(arguments, code, message, capsys):
    assert cli.main(arguments) == code
    assert message in capsys.readouterr().err


def test_help_teaches(capsys):
    assert cli.main(["train", "--help"]) == 0
    text = capsys.readouterr().out
    assert "examples:" in text and "--until" in text and "training.png" in text


def test_a_failing_environment_is_exit_code_1(monkeypatch, capsys):
    def fail(*_, **__):
        raise es.EvaluationError("member 3: the motor burnt out", 2, 3)

    monkeypatch.setattr(es.Trainer, "run", fail)
    assert cli.main(["train", ENV]) == 1
    assert "motor" in capsys.readouterr().err


def test_python_m(tmp_path):
    command = [sys.executable, "-m", "ember_ml", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("ember-ml ")
