"""A trained policy with memory in the user's own loop, and Modules whose memory is not what they say."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import skip_without
from ember_ml import es, ops
from ember_ml.nn.modules import GRU, LSTM, Dense, Module, Sequential
from ember_ml.policy.cells import cell_of_torch
from ember_ml.policy.spec import DenseLayer, PolicySpec
from ember_ml.report.episode import play

X = np.random.default_rng(0).standard_normal((6, 3, 4)).astype(np.float32)


@pytest.fixture(scope="module")
def run():
    with ops.using_backend("numpy"):
        ops.set_seed(0)
        return es.train(
            "CartPole-v1", Sequential(LSTM(4, 5), Dense(5, 2)), generations=3, seed=0, progress=False
        )


def test_it_remembers_until_reset_each_row_by_itself(run):
    policy = run.policy
    policy.reset()
    first = [policy.outputs(x) for x in X]
    policy.reset()
    assert all((policy.outputs(x) == y).all() for x, y in zip(X, first))
    for row in range(3):
        policy.reset()
        alone = [policy.outputs(x[row : row + 1])[0] for x in X]
        assert all((y[row] == own).all() for y, own in zip(first, alone))
    assert (policy.outputs(X[0][:1]) != first[0][:1]).any()


@pytest.mark.parametrize("rows", [[1], np.array([False, True, False])])
def test_single_rows_are_reset(run, rows):
    policy = run.policy
    policy.reset()
    first = policy.outputs(X[0])
    policy.reset(rows)
    again = policy.outputs(X[0])
    assert (again[1] == first[1]).all() and (again[[0, 2]] != first[[0, 2]]).all()


def test_what_does_not_fit_the_memory_names_reset(run):
    policy = run.policy
    policy.reset()
    with pytest.raises(ValueError, match="rows: no batch has been seen since the last reset"):
        policy.reset([0])
    policy(X[0])
    policy.reset([])  # no episode ended: nothing is forgotten
    with pytest.raises(
        ValueError, match=r"got a batch of 1, but the policy remembers a batch of 3; call reset"
    ):
        policy(X[0][0])
    with pytest.raises(TypeError, match="rows: got 'all', wanted whole numbers or booleans"):
        policy.reset("all")
    with pytest.raises(ValueError, match=r"rows: got shape \(2,\), wanted \(3,\)"):
        policy.reset([True, False])
    policy.reset()
    assert policy(X[0][0]) in (0, 1)


def test_the_memory_is_in_no_file_and_pictures_leave_it_alone(run, tmp_path):
    skip_without("gymnasium")
    policy = run.policy
    policy.reset()
    first, second = policy.outputs(X[0]), policy.outputs(X[1])
    run.save(tmp_path / "memory.npz")
    loaded = es.load(tmp_path / "memory.npz")
    assert loaded.policy.spec == policy.spec
    assert (loaded.policy.outputs(X[0]) == first).all()
    policy.reset()
    policy.outputs(X[0])
    length = len(play(run, 0).rewards)
    assert (policy.outputs(X[1]) == second).all()
    assert length == run.evaluate(1).lengths[0]


class Own(Module):
    def __init__(self):
        self.cell, self.out = GRU(4, 3), Dense(3, 2)

    def initial_state(self, batch):
        return self.cell.initial_state(batch)

    def forward(self, x, state):
        y, state = self.cell(x, state)
        return self.out(y), state


class NoPair(Own):
    def forward(self, x, state):
        return super().forward(x, state)[0]


class Grows(Own):
    def forward(self, x, state):
        y, after = super().forward(x, state[..., :3])
        return y, ops.concatenate([after, after], axis=-1)


class Empty(Own):
    def initial_state(self, batch):
        return ()


class Hides(Own):
    def forward(self, x, state):
        self.last = x
        return super().forward(x, state)


@pytest.mark.parametrize(
    "kind, message",
    [
        (NoPair, "NoPair.forward gives ndarray, wanted (y, state)"),
        (Grows, "Grows.forward gives a state of shapes [(1, 6)], but initial_state(1) has [(1, 3)]"),
        (Empty, "fails on an observation of 4 values"),
        (Hides, "the forward of Hides changes last"),
    ],
)
def test_a_memory_that_is_not_what_it_says_is_named_before_training(kind, message):
    ops.set_backend("numpy")
    with pytest.raises(ValueError) as caught:
        es.Trainer("CartPole-v1", kind())
    assert message in str(caught.value)


class Skips(Own):
    """Gives back what it was given: a state, but not the cell's next."""

    def forward(self, x, state):
        return super().forward(x, state)[0], state


def test_a_state_that_is_not_the_cells_next_one_is_not_compiled():
    skip_without("gymnasium")
    ops.set_backend("numpy")
    trainer = es.Trainer("CartPole-v1", Skips(), es.SNES(2), seed=0, max_steps=20, progress=False)
    assert trainer.choice.name == "python" and "a next state that is not the cells' own" in trainer.explain()
    assert len(trainer.run(1).history) == 1


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("name", ["RNNCell", "GRUCell", "LSTMCell"])
def test_a_torch_cell_becomes_a_layer(name, bias):
    skip_without("torch")
    import torch

    cell = getattr(torch.nn, name)(4, 5, bias)
    head = torch.nn.Linear(5, 2)
    layer, values = cell_of_torch(cell)
    at = len(values)
    theta = np.concatenate([values, head.weight.detach().numpy().T.reshape(-1), head.bias.detach().numpy()])
    spec = PolicySpec(4, 2, len(theta), (), (layer, DenseLayer(5, 2, at, at + 10)))
    assert PolicySpec.from_dict(spec.to_dict()) == spec
    from ember_ml.policy.chain import forward

    found, state = forward(spec, theta.astype(np.float32), X[:, 0]), None
    with torch.no_grad():
        for x, y in zip(X[:, 0], found):
            state = cell(torch.from_numpy(x[None]), state)
            h = state[0] if isinstance(state, tuple) else state
            np.testing.assert_allclose(y, head(h)[0].numpy(), atol=1e-6)
    with pytest.raises(TypeError, match=r"got Linear, wanted a torch\.nn\.RNNCell"):
        cell_of_torch(head)
