"""A training as data: setup, state and snapshot, and what outlives them."""

import dataclasses
import gc
import json
import multiprocessing
import pickle
import weakref

import numpy as np
import pytest
from ember_ml import es
from ember_ml.es.state.snapshot import Snapshot
from ember_ml.es.state.training_state import TrainingState


def trainer_of(env="CartPole-v1", **options):
    options = {"seed": 4, "progress": False, "generations": 6, "max_steps": 30, **options}
    return es.Trainer(env, (4,), es.OpenAIES(directions=4, sigma=0.1), **options)


class Breaks:
    """Fails in its third episode."""

    observation_size = action_size = 1
    action_low, action_high = -1.0, 1.0

    def __init__(self):
        self.resets = 0

    def reset(self, seed=None):
        self.resets += 1
        return np.zeros(1, np.float32)

    def step(self, action):
        if self.resets > 2:
            raise OSError("broken")
        return np.zeros(1, np.float32), 1.0, True, {}


def test_a_setup_is_frozen_and_describes_what_a_file_has():
    trainer = trainer_of(common_starts=True)
    with pytest.raises(dataclasses.FrozenInstanceError):
        trainer.setup.seed = 5
    trainer.run(2)
    config = trainer.config()
    assert config["seed"] == 4 and config["trainer"]["common_starts"]
    assert {name: config[name] for name in trainer.setup.description} == trainer.setup.description


def test_the_state_is_all_that_a_generation_changes():
    trainer = trainer_of()
    setup, state = trainer.setup, trainer.state
    trainer.run(3)
    assert trainer.setup is setup and trainer.state is state
    assert state.generation == 3 and state.history is trainer.history
    assert state.strategy is trainer.strategy and state.candidate is trainer.candidate
    fields = {field.name for field in dataclasses.fields(TrainingState)}
    with pytest.raises(AttributeError):
        state.more = 1
    assert {"strategy", "observations", "history", "candidate", "elapsed", "warmed"} <= fields


def test_a_snapshot_stays_as_it_was():
    trainer = trainer_of()
    run = trainer.run(2)
    theta, count, mean = run.theta.copy(), len(run.history), run.snapshot.normalizer.mean.copy()
    trainer.run(3)
    assert np.array_equal(run.theta, theta) and len(run.history) == count
    assert np.array_equal(run.snapshot.normalizer.mean, mean) and not np.array_equal(trainer.theta, theta)


def test_a_loaded_run_is_the_same_snapshot(tmp_path):
    run = trainer_of().run(3)
    loaded = es.load(run.save(tmp_path / "run.npz"))
    assert loaded.config == json.loads(json.dumps(run.config))
    for field in dataclasses.fields(Snapshot):
        own, other = getattr(run.snapshot, field.name), getattr(loaded.snapshot, field.name)
        if field.name in ("strategy_state", "observation_state"):
            assert own.keys() == other.keys()
            assert all(np.array_equal(own[name], other[name]) for name in own)
        elif field.name in ("theta", "history", "warmed", "elapsed"):
            assert np.array_equal(own, other) if isinstance(own, np.ndarray) else own == other
        elif field.name == "normalizer":
            assert np.array_equal(own.mean, other.mean) and np.array_equal(own.inverse, other.inverse)
    again = es.load(loaded.save(tmp_path / "again.npz"))
    assert again.config == loaded.config and np.array_equal(again.theta, run.theta)


def test_a_load_builds_no_trainer(tmp_path, monkeypatch):
    path = trainer_of().run(2).save(tmp_path / "run.npz")
    monkeypatch.setattr(es.Trainer, "__init__", lambda *_, **__: pytest.fail("a Trainer was made"))
    assert len(es.load(path).history) == 2


@pytest.mark.parametrize("engine", ["native", "python"])
def test_a_run_keeps_no_trainer_and_no_engine(engine, walk):
    trainer = trainer_of("CartPole-v1" if engine == "native" else walk, engine=engine)
    run = trainer.run(2)
    text = trainer.explain()
    kept = [weakref.ref(trainer), weakref.ref(trainer.engine)]
    trainer.close()
    del trainer
    gc.collect()
    assert [one() for one in kept] == [None, None]
    assert run.explain() == text and pickle.loads(pickle.dumps(run)).explain() == text
    assert len(run.evaluate(3).returns) == 3


def test_a_changed_setting_is_in_the_snapshot():
    trainer = trainer_of()
    before = trainer.run(1)
    trainer.strategy.weight_decay = 0.25
    after = trainer.run(1)
    assert (
        before.config["strategy"]["weight_decay"] == 0.0 and after.config["strategy"]["weight_decay"] == 0.25
    )
    assert "weight_decay=0.0" in before.explain() and "weight_decay=0.25" in after.explain()


def test_train_closes_what_it_opened(walk):
    run = es.train(walk, (4,), generations=2, seed=0, workers=2, progress=False)
    assert "2 worker processes" in run.explain() and multiprocessing.active_children() == []


def test_train_closes_what_it_opened_when_it_fails():
    with pytest.raises(es.EvaluationError) as found:
        es.train(Breaks, (4,), generations=2, seed=0, workers=2, progress=False)
    assert "broken" in str(found.value) and multiprocessing.active_children() == []
