"""Learning rates and sigma may be set between generations; what cannot change says so."""

from __future__ import annotations

import numpy as np
import pytest
from ember_ml import es, training

TASK = {"env": "Pendulum-v1", "policy": (4,), "seed": 0, "progress": False, "max_steps": 40}


def at(generation, change):
    def callback(trainer):
        if trainer.generation == generation:
            change(trainer.strategy)

    return callback


OPTIMIZERS = {
    "sgd": lambda rate: training.SGD(rate),
    "momentum": lambda rate: training.SGD(rate, momentum=0.9),
    "adam": lambda rate: training.Adam(rate),
    "adamw": lambda rate: training.AdamW(rate),
    "clipup": lambda rate: training.ClipUp(rate, max_speed=0.3),
    "described": lambda rate: {"name": "Adam", "learning_rate": rate},
    "own": lambda rate: Own(rate),
}


class Own(training.SGD):
    """Goes through Python."""


def set_rate(rate):
    def change(strategy):
        strategy.optimizer.learning_rate = rate

    return change


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("engine", ["native", "step"])
def test_a_learning_rate_of_zero_stops_the_mean(name, engine):
    strategy = es.OpenAIES(4, sigma=0.3, optimizer=OPTIMIZERS[name](0.1))
    if engine == "native":
        trainer = es.Trainer(**TASK, strategy=strategy, callbacks=at(3, set_rate(0.0)))
        trainer.run(generations=3)
        moved = trainer.run(generations=4).history["update_norm"][3:]
    else:
        trainer = es.Trainer(**TASK, strategy=strategy)
        for _ in range(3):
            trainer.step()
        set_rate(0.0)(trainer.strategy)
        moved = np.array([trainer.step()["update_norm"] for _ in range(4)])
    assert (trainer.history["update_norm"][:3] > 0).all()
    if name == "clipup":  # its momentum goes on
        assert (np.diff(moved) < 0).all()
    else:
        assert (moved == 0).all()


@pytest.mark.parametrize("name", ["momentum", "adam", "clipup", "described"])
def test_a_rate_that_is_set_goes_on_as_one_that_was_given(name):
    """From the first generation on, there is no telling them apart."""
    given = es.Trainer(
        **TASK, strategy=es.OpenAIES(4, sigma=0.3, optimizer=OPTIMIZERS[name](0.05)), generations=9
    )
    strategy = es.OpenAIES(4, sigma=0.3, optimizer=OPTIMIZERS[name](0.1))
    changed = es.Trainer(**TASK, strategy=strategy, generations=9)
    changed.strategy.optimizer.learning_rate = 0.05
    assert np.array_equal(given.run().theta, changed.run().theta)


CHANGES = {
    "rate": (lambda: es.OpenAIES(4, learning_rate_decay=0.1, sigma_decay=0.2), set_rate(0.3)),
    "sigma": (
        lambda: es.OpenAIES(4, learning_rate_decay=0.1, sigma_decay=0.2),
        lambda s: setattr(s, "sigma", 0.5),
    ),
    "momentum": (
        lambda: es.OpenAIES(4, optimizer=training.SGD(0.1)),
        lambda s: setattr(s.optimizer, "momentum", 0.5),
    ),
    "no momentum": (
        lambda: es.OpenAIES(4, optimizer=training.SGD(0.1, momentum=0.5)),
        lambda s: setattr(s.optimizer, "momentum", 0.0),
    ),
    "ars": (lambda: es.ARS(directions=4), lambda s: setattr(s, "learning_rate", 0.5)),
    "ars sigma": (lambda: es.ARS(directions=4, sigma_decay=0.3), lambda s: setattr(s, "sigma", 0.5)),
    "snes": (lambda: es.SNES(4), lambda s: setattr(s, "sigma_learning_rate", 0.5)),
    "snes sigma": (lambda: es.SNES(4), lambda s: setattr(s, "sigma", 0.5)),
    "pgpe": (lambda: es.PGPE(4), lambda s: setattr(s, "sigma_learning_rate", 0.5)),
    "pgpe rate": (lambda: es.PGPE(4), set_rate(0.3)),
    "pgpe sigma": (lambda: es.PGPE(4), lambda s: setattr(s, "sigma", np.full(s.parameters, 0.5))),
}


@pytest.mark.parametrize("name", CHANGES)
def test_changes_are_saved_and_native_runs_and_steps_agree(name, tmp_path):
    make, change = CHANGES[name]
    options = {**TASK, "generations": 12}
    straight = es.Trainer(**options, strategy=make(), callbacks=at(4, change))
    theta = straight.run().theta
    untouched = es.Trainer(**options, strategy=make()).run()
    assert not np.array_equal(theta, untouched.theta)
    stepped = es.Trainer(**options, strategy=make())
    for _ in range(12):
        if stepped.generation == 4:
            change(stepped.strategy)
            stepped.save(tmp_path / "at once.npz")
        if stepped.generation == 8:
            stepped.save(tmp_path / "later.npz")
        stepped.step()
    assert np.array_equal(theta, stepped.theta)
    assert np.array_equal(straight.history["sigma"], stepped.history["sigma"])
    for file in ("at once.npz", "later.npz"):
        resumed = es.Trainer.load(tmp_path / file)
        assert np.array_equal(resumed.run().theta, theta), file
        assert np.array_equal(resumed.history["sigma"], straight.history["sigma"]), file


def test_sigma_is_the_next_generations_and_decays_from_there():
    trainer = es.Trainer(**TASK, strategy=es.OpenAIES(4, sigma=0.1, sigma_decay=0.5), generations=11)
    trainer.run(generations=5)
    trainer.strategy.sigma = 0.6
    assert trainer.strategy.sigma == pytest.approx(0.6, rel=1e-15)
    sigma = trainer.run().history["sigma"]
    plan = 1 - 0.5 * np.arange(11) / 10
    np.testing.assert_allclose(sigma[:5], 0.1 * plan[:5])
    np.testing.assert_allclose(sigma[5:], 0.6 * plan[5:] / plan[5])


def test_a_restart_begins_with_the_settings_that_were_given():
    rates = []

    def note(trainer):
        rates.append(trainer.strategy.optimizer.learning_rate)
        trainer.strategy.optimizer.learning_rate = 0.5

    es.train(
        "CartPole-v1",
        (4,),
        es.OpenAIES(2, optimizer=training.Adam(0.1)),
        generations=2,
        seed=0,
        restarts=3,
        callbacks=note,
        max_steps=20,
    )
    assert rates == [0.1, 0.5] * 3


def started(strategy):
    strategy.start(np.zeros(3), 0)
    return strategy


@pytest.mark.parametrize("make", [es.SepCMAES, es.CRFMNES, es.CholeskyCMAES])
def test_sigma_of_the_cma_family_is_refused(make):
    strategy = started(make(6))
    with pytest.raises(ValueError, match="sigma: this strategy adapts it"):
        strategy.sigma = 0.1


@pytest.mark.parametrize("name", ["directions", "sigma_decay", "shaping", "antithetic", "optimizer"])
def test_what_cannot_change_says_so(name):
    strategy = started(es.OpenAIES(4))
    with pytest.raises(AttributeError, match=rf"{name}: OpenAIES cannot change it"):
        setattr(strategy, name, 2)
    assert es.OpenAIES(4).config() == strategy.config()


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf, [0.1, 0.2], "a lot", None])
def test_a_sigma_that_does_not_fit_is_refused(value):
    strategy = started(es.OpenAIES(4))
    with pytest.raises((ValueError, TypeError), match="sigma"):
        strategy.sigma = value
    assert strategy.sigma == started(es.OpenAIES(4)).sigma


def test_settings_that_do_not_fit_are_refused():
    for optimizer in (training.Adam(0.1), {"name": "Adam", "learning_rate": 0.1}):
        strategy = started(es.OpenAIES(4, optimizer=optimizer))
        strategy.optimizer.learning_rate = -1.0
        with pytest.raises(ValueError, match="learning_rate: got -1"):
            strategy.tell(np.arange(8.0))
        assert strategy.generation == 0
    with pytest.raises(AttributeError, match="Adam has no setting 'momentum'"):
        strategy.optimizer.momentum = 0.5
    snes = started(es.SNES(4))
    with pytest.raises(ValueError, match="learning_rate"):
        snes.learning_rate = 0.0
    assert snes.learning_rate == es.SNES(4).learning_rate
    with pytest.raises(ValueError, match="maximize"):
        turned = started(es.OpenAIES(4, optimizer=training.Adam(0.1)))
        turned.optimizer.maximize = True
        turned.tell(np.arange(8.0))


def test_sigma_after_ask_waits_for_tell():
    strategy = started(es.OpenAIES(4))
    strategy.ask()
    with pytest.raises(RuntimeError, match="sigma: the members of this generation are asked for"):
        strategy.sigma = 0.5
    strategy.tell(np.arange(8.0))
    strategy.sigma = 0.5
