"""The history, written to Weights & Biases: with a module of its shape, since it wants an account."""

from __future__ import annotations

import sys
import types

import numpy as np
import pytest
from ember_ml import errors, es


class Run:
    def __init__(self, **arguments):
        self.arguments, self.logged, self.finished = arguments, [], 0
        self.config = types.SimpleNamespace(update=lambda values, **how: self.updates.append(values))
        self.updates = []

    def log(self, values, step):
        self.logged.append((step, values))

    def finish(self):
        self.finished += 1


@pytest.fixture
def wandb(monkeypatch):
    module = types.ModuleType("wandb")
    module.runs = []
    module.init = lambda **arguments: module.runs.append(Run(**arguments)) or module.runs[-1]
    monkeypatch.setitem(sys.modules, "wandb", module)
    return module


def test_logs_every_generation_once(wandb):
    logger = es.WandbLogger(every=4, project="walker", config={"note": "first"})
    run = es.train("CartPole-v1", generations=10, seed=0, callbacks=logger)
    (made,) = wandb.runs
    assert made.arguments["project"] == "walker" and made.finished == 1
    config = made.arguments["config"]
    assert config["note"] == "first" and config["seed"] == 0 and config["strategy"]["type"] == "ARS"
    assert [step for step, _ in made.logged] == run.history["generation"].tolist()
    returns = [values["train/policy_return"] for _, values in made.logged]
    assert np.array_equal(returns, run.history["policy_return"])
    assert all(type(value) in (int, float) for _, values in made.logged for value in values.values())


def test_a_run_that_is_given_stays_open_and_a_resumed_training_goes_on(wandb):
    mine = Run()
    trainer = es.Trainer("CartPole-v1", seed=0, generations=5, callbacks=es.WandbLogger(run=mine))
    trainer.run(3)
    trainer.run(2)
    assert [step for step, _ in mine.logged] == trainer.history["generation"].tolist()
    assert mine.finished == 0 and not wandb.runs and mine.updates[0]["seed"] == 0
    with pytest.raises(TypeError, match="run: got a run beside project="):
        es.WandbLogger(run=mine, project="walker")


def test_evaluations_are_logged_at_their_generations(wandb):
    mine = Run()
    callbacks = [es.WandbLogger(run=mine, every=2)]
    trainer = es.Trainer("CartPole-v1", seed=0, callbacks=callbacks, eval_every=3, eval_episodes=4)
    trainer.run(7)
    steps = [step for step, _ in mine.logged]
    assert steps == sorted(steps)  # a step that is over takes no more
    evaluated = [(step, values["eval/mean"]) for step, values in mine.logged if "eval/mean" in values]
    found = trainer.evaluations
    assert len(found) and evaluated == list(zip(found["generation"].tolist(), found["mean"].tolist()))
    trained = [values["train/policy_return"] for _, values in mine.logged if "train/policy_return" in values]
    assert trained == trainer.history["policy_return"].tolist()


def test_numbers_that_are_missing_are_left_out(wandb):
    mine = Run()
    trainer = es.Trainer("CartPole-v1", seed=0, callbacks=es.WandbLogger(run=mine))
    trainer.run(1)
    record = {**trainer.history[-1], "population_mean": float("nan")}
    trainer.history.append(**{**record, "generation": 1})
    trainer.callbacks[0].on_end(trainer)
    assert "train/population_mean" not in mine.logged[-1][1] and "train/sigma" in mine.logged[-1][1]


def test_a_missing_package_names_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises((errors.MissingExtra, ImportError), match="wandb"):
        es.WandbLogger()
