"""The command that a run gives makes the same training again: the same digest."""

from __future__ import annotations

import shlex

import pytest
from ember_ml import cli, envs, es
from ember_ml.es.result.again import again
from ember_ml.training import Adam

IN_THE_SHELL = {
    "the preset": lambda: es.train("CartPole-v1", seed=3),
    "until": lambda: es.train("CartPole-v1", seed=3, until=400.0),
    "changes": lambda: es.train("Pendulum-v1", seed=3, directions=4, sigma=0.4, generations=4, frame_skip=2),
    "another strategy": lambda: es.train(
        "Acrobot-v1", policy=(8,), strategy="snes", learning_rate=0.2, members=10, seed=1, generations=3
    ),
    "ended early": lambda: es.train("CartPole-v1", seed=2, steps=2000, reward_scale=0.5),
    "no preset": lambda: es.train(
        "CartPole-v1", preset=None, seed=4, generations=3, warmup=False, episodes=2
    ),
    "constants": lambda: es.train(envs.make("Simple1D-v0", target=4.0), seed=2, generations=3),
    "ars v1": lambda: es.train("CartPole-v1", preset=None, strategy="ars", seed=4, generations=3),
}

IN_PYTHON = {
    "an optimiser's own settings": lambda: es.train(
        "MountainCarContinuous-v0",
        policy=es.MLPPolicy((5,), activation="relu", bias=False),
        strategy=es.OpenAIES(directions=3, optimizer=Adam(learning_rate=0.1, betas=(0.8, 0.9))),
        seed=3,
        generations=3,
        common_starts=True,
    ),
    "steps": lambda: es.train("CartPole-v1", strategy=es.ARS("V1", directions=3), seed=0, steps=300),
    "constants": lambda: es.train(
        envs.make("Simple1D-v0", target=4.0),
        strategy=es.PGPE(directions=5, sigma_learning_rate=0.2),
        seed=0,
        generations=2,
    ),
}


@pytest.mark.parametrize("name", IN_THE_SHELL)
def test_in_the_shell(name, tmp_path):
    run = IN_THE_SHELL[name]()
    made = again(run)
    assert made.shell and made.notes == () and made.text == run.command
    program, *words = shlex.split(made.text)
    saved = tmp_path / "again.npz"
    assert program == "ember-ml" and cli.main([*words, "--quiet", "--save", str(saved)]) in (0, 3)
    assert es.load(saved).digest == run.digest
    if not run.reached:
        assert es.load(saved).command == run.command


@pytest.mark.parametrize("name", IN_PYTHON)
def test_in_python(name):
    run = IN_PYTHON[name]()
    made = again(run)
    assert not made.shell and made.notes == ()
    names = {}
    exec(made.text, names)
    assert names["run"].digest == run.digest


def test_what_only_its_user_has_is_named(walk, tmp_path):
    run = es.train(walk, generations=2, seed=0, progress=False)
    made = again(run)
    assert shlex.split(made.text)[:3] == ["ember-ml", "train", "ENV"] and "environment Walk" in made.notes[0]
    trainer = es.Trainer("CartPole-v1", strategy="ars", generations=2, seed=0, progress=False)
    trainer.run()
    assert "train on behind the plan" in again(trainer.run(generations=1)).notes[0]
    run = es.train("CartPole-v1", until=400.0, seed=3, progress=False)
    run.save(tmp_path / "reached.npz")
    assert "does not hold" in again(es.load(tmp_path / "reached.npz")).notes[0]
