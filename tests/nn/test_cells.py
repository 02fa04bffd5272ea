"""Cells with memory: torch's equations and parameters, on every backend."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import skip_without
from ember_ml import ops
from ember_ml.backend.nested import parts
from ember_ml.backend.traced import NotTraceable
from ember_ml.nn import tensor
from ember_ml.nn.modules import GRU, LSTM, RNN, Dense, Module, Sequential, Tanh

CELLS = {
    "rnn": (RNN, "RNNCell", {}),
    "relu": (RNN, "RNNCell", {"nonlinearity": "relu"}),
    "gru": (GRU, "GRUCell", {}),
    "lstm": (LSTM, "LSTMCell", {}),
}
X = np.random.default_rng(3).standard_normal((12, 3, 5)).astype(np.float32)


def numbers(state):
    return [np.asarray(tensor.to_numpy(part)) for part in parts(state)]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("cell", CELLS)
def test_agrees_with_torch_given_its_parameters_in_its_order(any_backend, cell, bias):
    skip_without("torch")
    import torch

    kind, name, options = CELLS[cell]
    wanted = getattr(torch.nn, name)(5, 7, bias, **options)
    own = kind(5, 7, bias, **options)
    own.from_vector(torch.nn.utils.parameters_to_vector(wanted.parameters()).detach().numpy())
    state, theirs = own.initial_state(3), None
    with torch.no_grad():
        for x in X:
            y, state = own(tensor.convert_to_tensor(x), state)
            theirs = wanted(torch.from_numpy(x), theirs)
            found = theirs if isinstance(theirs, tuple) else (theirs,)
            assert type(y) is type(tensor.ones(()))
            np.testing.assert_allclose(tensor.to_numpy(y), found[0].numpy(), rtol=0, atol=1e-6)
            for mine, their in zip(numbers(state), found):
                np.testing.assert_allclose(mine, their.numpy(), rtol=0, atol=1e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_float64_follows_the_equations(cell):
    kind, _, options = CELLS[cell]
    with ops.using_backend("numpy"):
        ops.set_seed(1)
        own = kind(5, 4, **options)
        single, state = own, own.initial_state(3)
        y32, _ = single(X[0], state)
        for parameter in own.parameters():
            parameter.data = parameter.data.astype(np.float64)
        y64, after = own(X[0], state)
    assert y64.dtype == np.float64 and all(part.dtype == np.float64 for part in parts(after))
    np.testing.assert_allclose(y32, y64, atol=1e-6)


def test_first_weights_are_uniform_within_one_over_the_root_of_the_width_and_follow_the_seed():
    ops.set_seed(5)
    values = GRU(30, 25).to_vector()
    assert values.size == 75 * 30 + 75 * 25 + 150
    assert np.abs(values).max() <= 0.2 and np.abs(values).max() > 0.199
    assert abs(values.mean()) < 0.01 and abs(values.std() - 0.2 / np.sqrt(3)) < 0.003
    ops.set_seed(5)
    assert (GRU(input_size=30, hidden_size=25).to_vector() == values).all()
    assert [name for name, _ in GRU(2, 3).named_parameters()] == [
        "weight_ih", "weight_hh", "bias_ih", "bias_hh",
    ]  # fmt: skip
    assert GRU(input_dim=2, units=3, use_bias=False).weight_ih.shape == (9, 2)


def test_what_does_not_fit_is_named():
    cell = LSTM(5, 4)
    with pytest.raises(ValueError, match=r"x has shape \(3, 6\), wanted \(..., 5\)"):
        cell(np.zeros((3, 6), np.float32), cell.initial_state(3))
    with pytest.raises(ValueError, match=r"state has shape \(2, 4\), wanted \(3, 4\)"):
        cell(np.zeros((3, 5), np.float32), cell.initial_state(2))
    with pytest.raises(ValueError, match=r"pair \(h, c\)"):
        cell(np.zeros((3, 5), np.float32), np.zeros((3, 4), np.float32))
    with pytest.raises(TypeError, match="state"):
        cell(np.zeros((3, 5), np.float32))
    with pytest.raises(ValueError, match="nonlinearity must be 'tanh' or 'relu', got 'elu'"):
        RNN(2, 3, nonlinearity="elu")
    with pytest.raises(ValueError, match="in_features is missing"):
        GRU(units=3)
    with pytest.raises(ValueError, match="out_features and its alias units are both given"):
        GRU(3, 3, units=3)


def test_sequential_has_memory_where_a_layer_has(any_backend):
    plain = Sequential(Dense(5, 4), Tanh())
    assert not plain.stateful and plain.initial_state(3) == ()
    with pytest.raises(TypeError, match="no layer has memory"):
        plain(tensor.convert_to_tensor(X[0]), ())
    network = Sequential(Dense(5, 4), LSTM(4, 3), Sequential(GRU(3, 6), Tanh()), Dense(6, 2))
    assert network.stateful
    first = network.initial_state(3)
    assert [part.shape for part in numbers(first)] == [(3, 3), (3, 3), (3, 6)]
    y, after = network(tensor.convert_to_tensor(X[0]), first)
    assert tuple(y.shape) == (3, 2) and len(after) == 2 and len(after[0]) == 2
    again, _ = network(tensor.convert_to_tensor(X[0]), network.initial_state(3))
    later, _ = network(tensor.convert_to_tensor(X[0]), after)
    assert (tensor.to_numpy(again) == tensor.to_numpy(y)).all()  # it kept nothing
    assert (tensor.to_numpy(later) != tensor.to_numpy(y)).any()
    with pytest.raises(TypeError, match="a layer has memory"):
        network(tensor.convert_to_tensor(X[0]))


class Own(Module):
    def __init__(self):
        self.cell, self.out = GRU(5, 4), Dense(4, 2, "tanh")

    def initial_state(self, batch):
        return self.cell.initial_state(batch)

    def forward(self, x, state):
        y, state = self.cell(x, state)
        return self.out(2.0 * y), state


class Forgets(Own):
    def forward(self, x, state):
        y, state = super().forward(x, state)
        return y, 0.5 * state


def test_in_torch_it_has_the_same_state_and_forward():
    skip_without("torch")
    import torch

    ops.set_backend("numpy")
    for network in (GRU(5, 3), LSTM(5, 3, bias=False), Own(), Sequential(Tanh(), LSTM(5, 3), RNN(3, 4))):
        other = network.to_torch()
        state, theirs = network.initial_state(3), other.initial_state(3)
        with torch.no_grad():
            for x in X[:4]:
                y, state = network(x, state)
                found, theirs = other(torch.from_numpy(x), theirs)
                np.testing.assert_allclose(found.numpy(), y, atol=2e-6)
    with pytest.raises(NotTraceable, match="next state"):
        Forgets().to_torch()
