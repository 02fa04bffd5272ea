"""Policies with memory on the native engine: the same bits however they are run, and those of the Module."""

from __future__ import annotations

import numpy as np
import pytest
from ember_ml import _core, es, ops
from ember_ml.nn.modules import GRU, LSTM, RNN, Dense, Sequential, Tanh
from simd_levels import output_at

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
def test_the_modules_own_forward_gives_the_bits_of_the_compiled_policy(cell):
    network = Sequential(CELLS[cell](4, 9), Dense(9, 2))
    run = trainer(network, network.to_vector(), normalize_observations=False).run()
    state = network.initial_state(2)
    run.policy.reset()
    for x in np.random.default_rng(0).standard_normal((20, 2, 4)).astype(np.float32):
        wanted, state = network.forward(x, state)
        assert run.policy.outputs(x).tobytes() == wanted.tobytes()


PROGRAM = """
import hashlib
from ember_ml import es, ops
from ember_ml.nn.modules import GRU, LSTM, RNN, Dense, Sequential
ops.set_backend("numpy")
ops.set_seed(0)
digest = hashlib.sha256()
for cell in (RNN(3, 5), GRU(3, 9), LSTM(3, 4)):
    for layout in ("members", "episodes", "units"):
        network = Sequential(cell, Dense(cell.out_features, 1, "tanh"))
        run = es.train("Pendulum-v1", network, es.OpenAIES(directions=5, sigma=0.3), generations=2, seed=1,
                       episodes=2, max_steps=30, layout=layout, preset=None, progress=False)
        digest.update(run.digest.encode())
print(digest.hexdigest())
"""


def test_simd_levels_give_the_same_bits():
    digests = {level: output_at(level, PROGRAM) for level in _core.simd_levels()}
    assert len(set(digests.values())) == 1, digests
