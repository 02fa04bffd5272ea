"""A controller that is trained on keeps its return: theta0 decides how observations come."""

from __future__ import annotations

import numpy as np
import pytest
from ember_ml import es

TASK = {"seed": 1, "progress": False, "policy": ()}


def trainer(**options):
    options = {"strategy": es.OpenAIES(2, sigma=1e-3), "episodes": 20, **TASK, **options}
    return es.Trainer("CartPole-v1", **options)


@pytest.fixture(scope="module", params=[True, False], ids=["normalised", "as they come"])
def run(request):
    """A controller that balances nearly always, trained with and without statistics."""
    found = es.train(
        "CartPole-v1",
        (),
        es.OpenAIES(16, sigma=0.3, optimizer={"name": "Adam", "learning_rate": 0.2}),
        seed=0,
        generations=60,
        normalize_observations=request.param,
        progress=False,
    )
    assert found.evaluate(100).mean > 400
    return found


def test_a_run_or_its_file_keeps_its_return(run, tmp_path):
    normalised = run.config["trainer"]["normalize_observations"]
    wanted = run.evaluate(100).mean
    for theta0 in (run, run.save(tmp_path / "run.npz"), es.load(tmp_path / "run.npz")):
        made = trainer(theta0=theta0)
        assert np.array_equal(made.theta, run.theta)
        assert (made.observations is not None) == normalised
        assert made.step()["policy_return"] > wanted - 60
        through_train = es.train("CartPole-v1", theta0=theta0, generations=1, episodes=20, **TASK)
        assert through_train.history["policy_return"][0] > wanted - 60
        assert through_train.config["trainer"]["normalize_observations"] == normalised
    text = made.explain()
    assert ("observations: as they come, because theta0" in text) == (not normalised)


def test_a_vector_keeps_the_return_of_a_controller_without_statistics(run):
    made = trainer(theta0=run.theta)
    assert made.observations is None
    assert "observations: as they come, because theta0 is numbers" in made.explain()
    if not run.config["trainer"]["normalize_observations"]:
        assert made.step()["policy_return"] > run.evaluate(100).mean - 60
    # What the user or the strategy says stands.
    assert trainer(theta0=run.theta, normalize_observations=True).observations is not None
    version = es.ARS(directions=2, version="V2")
    assert trainer(theta0=run.theta, strategy=version).observations is not None


def test_zeros_and_no_theta0_are_normalised_as_ever(run):
    assert trainer(theta0=np.zeros(run.theta.size)).observations is not None
    assert trainer().observations is not None
    assert trainer(strategy=es.ARS(directions=2, version="V1")).observations is None


def test_a_contradiction_is_an_error_or_said(run):
    if run.config["trainer"]["normalize_observations"]:
        with pytest.raises(ValueError, match="normalize_observations: got False, but theta0"):
            trainer(theta0=run, normalize_observations=False)
        # A strategy that normalises by its own nature gives way to the controller.
        made = trainer(theta0=run, strategy=es.ARS(directions=2, version="V1"))
        assert made.observations is not None
    else:
        made = trainer(theta0=run, normalize_observations=True)
        assert "normalised as asked, though theta0" in made.explain()


def test_resuming_does_not_ask_again(run, tmp_path):
    made = trainer(theta0=run.theta, generations=4)
    made.run(generations=2)
    again = es.Trainer.load(made.save(tmp_path / "a.npz"))
    assert again.observations is None and np.array_equal(again.run().theta, made.run().theta)
