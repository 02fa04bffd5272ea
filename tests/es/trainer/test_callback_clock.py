"""Callbacks by the clock: `seconds=`, on every engine, without a change of any number."""

import numpy as np
import pytest
from ember_ml import es


class Count(es.Callback):
    def __init__(self, **when):
        super().__init__(**when)
        self.fired = []

    def on_generation(self, trainer):
        self.fired.append(trainer.generation)


@pytest.mark.parametrize("native", [True, False])
def test_seconds_fire_and_change_nothing(native, walk):
    env = "Simple1D-v0" if native else walk
    plain = es.train(env, generations=12, seed=3, progress=False)
    always, never, both = (
        Count(every=None, seconds=1e-9),
        Count(every=None, seconds=1e9),
        Count(every=5, seconds=1e9),
    )
    callbacks = [always, never, both]
    run = es.train(env, generations=12, seed=3, progress=False, callbacks=callbacks)
    assert always.fired == list(range(1, 13)) and never.fired == [] and both.fired == [5, 10]
    assert np.array_equal(run.theta, plain.theta)


def test_a_checkpoint_by_the_clock(tmp_path):
    path = str(tmp_path / "{generation}.npz")
    es.train(
        "Simple1D-v0",
        generations=3,
        seed=0,
        progress=False,
        callbacks=es.Checkpoint(path, every=None, seconds=1e-9),
    )
    assert sorted(p.name for p in tmp_path.iterdir()) == ["1.npz", "2.npz", "3.npz"]


def test_wrong_clocks():
    with pytest.raises(ValueError, match="every: got None"):
        es.Callback(every=None)
    with pytest.raises(ValueError, match="seconds: got 0"):
        es.Callback(seconds=0)
