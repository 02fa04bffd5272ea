"""The options of `ember-ml train` and the arguments of `es.train` are the same, by the same names."""

import argparse
import importlib
import inspect
import re

import pytest
from ember_ml import cli, es
from ember_ml.cli import flags, program

#: What only the shell has: where things are written and what is printed.
SHELL = {
    *("save", "out", "resume", "force", "checkpoint_every", "plot", "tensorboard", "wandb"),
    *("quiet", "json", "explain", "env_arg", "named_env", "help", "ray"),
}


def parser_of(name):
    parser = program.make_parser()
    action = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    return action.choices[name]


def arguments_of_train():
    train_module = importlib.import_module("ember_ml.es.train")
    named = set(inspect.signature(es.train).parameters) - {"trainer_options", "unknown"}
    return named | {*train_module.OPTIONS, *train_module.LIMITS}


def test_every_argument_of_train_is_an_option_and_the_other_way_round():
    options = {action.dest for action in parser_of("train")._actions}
    assert options - SHELL == (arguments_of_train() - set(flags.NOT_HERE)) | {"env"}


def test_options_have_the_names_of_the_arguments():
    for action in parser_of("train")._actions:
        if action.option_strings and action.dest not in ("named_env", "help"):
            assert f"--{action.dest.replace('_', '-')}" in action.option_strings


def test_every_option_is_used():
    """None is declared and then forgotten."""
    used = {*flags.FREE, *flags.LIMITS, *flags.RESULT, *flags.OWN, *flags.STRATEGY, "env"}
    assert used == {action.dest for action in parser_of("train")._actions} - SHELL


def test_the_defaults_in_the_help_are_those_of_the_functions():
    parameters = {
        **inspect.signature(es.Trainer.__init__).parameters,
        "restarts": inspect.signature(es.train).parameters["restarts"],
        "preset": inspect.signature(es.train).parameters["preset"],
    }
    checked = 0
    for action in parser_of("train")._actions:
        default = parameters[action.dest].default if action.dest in parameters else None
        if default is None or default is inspect.Parameter.empty or action.dest in flags.NOT_HERE:
            continue
        value = ("no", "yes")[default] if isinstance(default, bool) else str(default).removesuffix(".0")
        assert re.search(rf"\({value}\)$", action.help), action.dest
        checked += 1
    assert checked >= 9


def test_all_reach_the_trainer(capsys):
    import json

    values = {
        "episodes": 2,
        "max_steps": 20,
        "frame_skip": 2,
        "reward_offset": 0.5,
        "reward_scale": 2.0,
        "layout": "episodes",
        "threads": 1,
    }
    words = [word for name, value in values.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    switches = ["--no-warmup", "--no-clip-actions", "--common-starts", "--no-normalize-observations"]
    quick = ["--generations", "2", "--seed", "1", "--json"]
    assert cli.main(["train", "Simple1D-v0", *words, *switches, *quick]) == 0
    trainer = json.loads(capsys.readouterr().out)["config"]["trainer"]
    values |= {"warmup": False, "clip_actions": False, "common_starts": True, "normalize_observations": False}
    assert {name: trainer[name] for name in values} == values


def test_theta0_is_a_file(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    quick = ["--generations", "2", "--seed", "1", "--quiet"]
    assert cli.main(["train", "Simple1D-v0", *quick, "--save", "a.npz"]) == 0
    assert cli.main(["train", "Simple1D-v0", *quick, "--theta0", "a.npz", "--save", "b.npz"]) == 0
    first = es.load("b.npz").history["policy_return"][0]
    assert first != es.load("a.npz").history["policy_return"][0]
    assert cli.main(["train", "--resume", "a.npz", "--theta0", "b.npz"]) == 2
    assert "--theta0: the resumed training has its own" in capsys.readouterr().err


@pytest.mark.parametrize("width", [60, 80, 200])
def test_help_fits_the_terminal(width, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    parser = program.make_parser()
    action = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    for name in ("", *action.choices):
        assert cli.main([*([name] if name else []), "--help"]) == 0
        lines = capsys.readouterr().out.splitlines()
        fixed = [
            line for line in lines if line.startswith("  ") and "ember-ml " in line
        ]  # examples to be copied
        assert max(len(line) for line in lines if line not in fixed) <= width
        assert max(map(len, fixed), default=0) <= 78
        assert max(map(len, lines)) > min(width, 100) // 2


def test_lists_fit_eighty_columns(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    for words in (["envs"], ["presets"], ["presets", "Pendulum-v1"], ["info"]):
        assert cli.main(words) == 0
        assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_presets_and_environments_are_listed(capsys):
    from ember_ml import envs

    assert cli.main(["presets"]) == 0
    text = capsys.readouterr().out
    for env, presets in es.PRESETS.items():
        assert env in text and all(preset.name in text for preset in presets)
    assert cli.main(["presets", "HalfCheetah-v5"]) == 0
    assert "directions 32, top 4" in capsys.readouterr().out
    assert cli.main(["presets", "Pendulm-v1"]) == 2
    assert "did you mean 'Pendulum-v1'" in capsys.readouterr().err
    assert cli.main(["envs"]) == 0
    text = capsys.readouterr().out
    assert all(name in text for name in envs.registry())
