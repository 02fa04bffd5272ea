"""Policies with memory on the native engine: the same bits however they are run, and those of the Module."""

from __future__ import annotations

import numpy as np
import pytest
from ember_ml import es, ops
from ember_ml.nn.modules import GRU, LSTM, RNN, Dense, Sequential, Tanh

CELLS = {
    "rnn": lambda n, h: RNN(n, h),
    "relu": lambda n, h: RNN(n, h, nonlinearity="relu"),
    "gru": lambda n, h: GRU(n, h),
    "unbiased": lambda n, h: GRU(n, h, bias=False),
    "lstm": lambda n, h: LSTM(n, h),
}


@pytest.fixture(autouse=True)
def numpy_backend():
    with ops.using_backend("numpy"):
        ops.set_seed(0)
        yield


def trainer(network, start, **options):
    network.from_vector(start)
    strategy = es.OpenAIES(directions=9, sigma=0.3)
    options = {"episodes": 3, "generations": 3, **options}
    return es.Trainer("CartPole-v1", network, strategy, seed=4, progress=False, **options)


@pytest.mark.parametrize("units", [3, 16, 19])
@pytest.mark.parametrize("cell", CELLS)
def test_layouts_and_threads_give_the_same_bits(cell, units):
    network = Sequential(CELLS[cell](4, units), Tanh(), Dense(units, 2))
    start = network.to_vector()
    found = set()
    for layout in ("members", "episodes", "units"):
        for threads in (1, 2, 3, 8) if layout == "members" else (1, 3):
            run = trainer(network, start, layout=layout, threads=threads).run()
            found.add((run.last.theta.tobytes(), tuple(run.history["policy_return"])))
    assert len(found) == 1


def test_two_cells_stepped_or_run_saved_and_loaded_give_the_same_bits(tmp_path):
    network = Sequential(Dense(4, 6, "relu"), LSTM(6, 5), GRU(5, 7), Dense(7, 2))
    start = network.to_vector()
    whole = trainer(network, start).run().last.theta
    stepped = trainer(network, start)
    stepped.step()
    stepped.save(tmp_path / "memory.npz")
    for _ in range(2):
        stepped.step()
    assert stepped.theta.tobytes() == whole.tobytes()
    resumed = es.Trainer.load(tmp_path / "memory.npz")
    assert resumed.problem.policy.describe() == "4 -> 6 relu -> LSTM 5 -> GRU 7 -> 2"
    assert resumed.run(2).last.theta.tobytes() == whole.tobytes()


@pytest.mark.parametrize("cell", CELLS)
def test_the_modules_own_forward_plays_the_episode_that_the_core_plays(cell):
    """Every action of every step follows from the memory of all those before."""
    network = Sequential(CELLS[cell](4, 8), Dense(8, 2))
    run = trainer(network, network.to_vector(), normalize_observations=False).run()
    episode = run.trajectory() if hasattr(run, "trajectory") else None
    returns = run.evaluate(8).returns
    policy = run.policy
    observations = np.random.default_rng(0).standard_normal((20, 4)).astype(np.float32)
    state = network.initial_state(1)
    for x in observations:
        wanted, state = network.forward(x[None], state)
        assert policy.outputs(x[None]).tobytes() == np.asarray(wanted).tobytes()
    assert episode is None or episode
    assert len(set(returns)) > 1
