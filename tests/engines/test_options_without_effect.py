"""Options that mean nothing to an engine: said, and no reason to take another."""

import warnings

import numpy as np
import pytest
from conftest import skip_without
from ember_ml import envs, es

WORKERS = "workers=4 has no effect"


@pytest.mark.parametrize("engine", ["auto", "native"])
def test_workers_keep_a_native_task_native(engine):
    plain = es.train("Simple1D-v0", seed=1, generations=4, progress=False)
    with pytest.warns(UserWarning, match=WORKERS) as said:
        trainer = es.Trainer("Simple1D-v0", engine=engine, workers=4, progress=False)
    assert trainer.choice.name == "native" and WORKERS in trainer.explain()
    assert [warning.filename for warning in said] == [__file__]
    with pytest.warns(UserWarning, match=WORKERS):
        run = es.train("Simple1D-v0", seed=1, generations=4, engine=engine, workers=4, progress=False)
    assert np.array_equal(run.theta, plain.theta)


def test_workers_of_environments_in_c_and_vector_environments():
    skip_without("numba")
    skip_without("gymnasium")
    import gymnasium

    @envs.native(state_size=1, observation_size=1, action_size=1, max_steps=5)
    class Still:
        def reset(state, rng):
            state[0] = 0.0

        def step(state, action):
            return 0.0, False

        def observe(state, observation):
            observation[0] = state[0]

    for engine in ("auto", "python"):
        with pytest.warns(UserWarning, match=WORKERS):
            assert es.Trainer(Still, engine=engine, workers=4, progress=False).choice.name != "torch"
    vector = gymnasium.make_vec("CartPole-v1", num_envs=2, vectorization_mode="sync")
    with pytest.warns(UserWarning, match=WORKERS):
        es.Trainer(vector, workers=4, progress=False)


def test_a_layout_off_the_native_engine(walk):
    with pytest.warns(UserWarning, match="layout='units' has no effect: .*, not python"):
        trainer = es.Trainer(walk, layout="units", progress=False)
    assert trainer.choice.name == "python"


def test_no_warning_where_they_have_one(walk):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        es.Trainer(walk, workers=2, threads=2, progress=False)
        es.Trainer("Simple1D-v0", workers=1, layout="units", threads=2, progress=False)
