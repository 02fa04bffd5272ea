"""Strategies by name: the same in `es.train`, `es.Trainer` and the shell; options that editors complete."""

from __future__ import annotations

import inspect
import json
from typing import get_args

import numpy as np
import pytest
from ember_ml import cli, es, training
from ember_ml.engines.options import LAYOUTS
from ember_ml.engines.select import ENGINES
from ember_ml.engines.sharded.settings import KINDS
from ember_ml.es import options, presets
from ember_ml.es.strategies import names
from ember_ml.es.train import OPTIONS

ENV = "Simple1D-v0"


def trained(**arguments):
    return es.train(ENV, generations=2, seed=1, **arguments)


@pytest.mark.parametrize("name", options.STRATEGIES)
def test_every_name_trains_as_its_class_does(name):
    if name == "cmaes":
        pytest.importorskip("cma", reason="cma is not installed")
    kind = getattr(es, options.STRATEGIES[name])
    run = trained(strategy=name, directions=4, sigma=0.3)
    assert np.array_equal(run.theta, trained(strategy=kind(directions=4, sigma=0.3)).theta)
    assert np.array_equal(run.theta, trained(strategy=kind.__name__, members=8, sigma=0.3).theta)


@pytest.mark.parametrize(
    "spelt", ["SNES", "Snes", "openai_es", "OpenAI-ES", "cr-fm-nes", "CR FM NES", "Sep-CMA-ES"]
)
def test_case_and_dashes_do_not_count(spelt):
    assert issubclass(names.kind_of(spelt), es.Strategy)


def test_the_trainer_takes_names_too():
    trainer = es.Trainer(ENV, strategy="snes", seed=0)
    assert isinstance(trainer.strategy, es.SNES) and trainer.strategy.config() == es.SNES().config()


def test_python_and_the_shell_agree(capsys):
    words = ["--strategy", "snes", "--members", "12", "--sigma", "0.25", "--learning-rate", "0.5"]
    assert cli.main(["train", ENV, *words, "--generations", "3", "--seed", "5", "--json"]) == 0
    shell = json.loads(capsys.readouterr().out)["config"]["strategy"]
    run = es.train(
        ENV, strategy="snes", members=12, sigma=0.25, learning_rate=0.5, generations=3, seed=5, progress=False
    )
    assert run.config["strategy"] == shell


def test_the_learning_rate_is_the_optimisers():
    for name, kind in (("openai-es", training.Adam), ("pgpe", training.ClipUp)):
        optimizer = trained(strategy=name, learning_rate=0.03)._snapshot.config["strategy"]["optimizer"]
        assert (optimizer["name"], optimizer["learning_rate"]) == (kind.__name__, 0.03)
    made = names.make(es.PGPE(), {"learning_rate": 0.5})
    assert made.optimizer["learning_rate"] == 0.5 and made.config()["optimizer"]["max_speed"] is None


def test_a_preset_with_changes_is_that_preset_otherwise():
    run = es.train("Pendulum-v1", sigma=0.4, directions=3, generations=1, seed=0)
    usual = presets.find("auto", "Pendulum-v1")[0].strategy().config()
    assert run.config["strategy"] == {**usual, "sigma": 0.4, "directions": 3}
    assert "with directions=3, sigma=0.4" in run.explain()


def test_changes_of_a_preset_that_is_for_its_own_policy():
    """CartPole's preset is ARS for a linear policy; with another policy the general default is changed."""
    run = es.train("CartPole-v1", (8,), directions=2, generations=1, seed=0)
    assert run.config["strategy"]["type"] == "OpenAIES" and run.config["strategy"]["directions"] == 2
    run = es.train("CartPole-v1", members=6, generations=1, seed=0)
    assert run.config["strategy"]["type"] == "ARS" and run.config["strategy"]["top"] == 1


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"strategy": "sness"},
            ValueError,
            "strategy: got 'sness', wanted one of openai-es.*did you mean 'snes'",
        ),
        ({"strategy": "adam"}, ValueError, "strategy: got 'adam', wanted one of openai-es"),
        ({"strategy": es.SNES}, TypeError, "got the class SNES"),
        ({"strategy": 3}, TypeError, "strategy: got 3.*a name such as 'snes'"),
        ({"strategy": "sep-cmaes", "learning_rate": 1.0}, ValueError, "learning_rate: SepCMAES takes none"),
        ({"strategy": "snes", "sigma": -1}, ValueError, "sigma: got -1"),
        ({"strategy": "snes", "members": 3}, ValueError, "members: got 3, wanted an even number"),
        ({"strategy": "snes", "members": 4, "directions": 2}, ValueError, "wanted one of the two"),
        ({"sigma": 0}, ValueError, "sigma: got 0"),
        ({"learning_rate": "fast"}, TypeError, "learning_rate: got 'fast'"),
        ({"sgma": 0.1}, TypeError, "unknown option 'sgma'; did you mean 'sigma'"),
        ({"directons": 4}, TypeError, "did you mean 'directions'"),
    ],
)
def test_errors_name_what_is_wrong(arguments, error, message):
    with pytest.raises(error, match=message):
        trained(**arguments)


def test_options_beside_a_strategy_that_has_its_own():
    with pytest.raises(ValueError, match=r"sigma: got 0\.1 beside a strategy that has its own: SNES"):
        trained(strategy=es.SNES(), sigma=0.1)


def test_train_names_every_option_of_the_trainer():
    """So that editors complete them; what is not given is the preset's."""
    train, trainer = inspect.signature(es.train).parameters, inspect.signature(es.Trainer.__init__).parameters
    for name in OPTIONS:
        assert name in train, f"es.train has no {name}="
        assert train[name].kind is inspect.Parameter.KEYWORD_ONLY and train[name].default is options.UNSET
        assert train[name].annotation == trainer[name].annotation
    limits = inspect.signature(es.Trainer.run).parameters
    for name in ("until", "seconds", "steps"):
        assert train[name].annotation == limits[name].annotation
    assert set(names_of_choices()) == {"engine", "layout", "strategy", "preset"}


def names_of_choices():
    train = inspect.signature(es.train).parameters
    for name, kind in (
        ("engine", "EngineName"),
        ("layout", "Layout"),
        ("strategy", "StrategyName"),
        ("preset", "PresetName"),
    ):
        if kind in train[name].annotation:
            yield name


def test_what_is_given_replaces_the_presets():
    """Also where it is the trainer's own default: this preset has warmup=False."""
    assert es.train(ENV, generations=1, seed=0).config["trainer"]["warmup"] is False
    assert es.train(ENV, generations=1, seed=0, warmup=True).config["trainer"]["warmup"] is True


def test_the_types_name_what_there_is():
    assert set(get_args(options.EngineName)) == {"auto", *ENGINES, *KINDS}
    assert get_args(options.Layout) == LAYOUTS
    assert set(get_args(options.StrategyName)) == set(options.STRATEGIES)
    known = {preset.name for of_task in presets.PRESETS.values() for preset in of_task}
    assert set(get_args(options.PresetName)) == known | {"auto", "default"}
    for shaping in get_args(options.Shaping):
        es.OpenAIES(shaping=shaping)
    for version in get_args(options.ARSVersion):
        es.ARS(version)
