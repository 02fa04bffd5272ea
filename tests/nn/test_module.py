"""Module and Parameter: finding, changing, saving."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from ember_ml import ops
from ember_ml.nn import tensor
from ember_ml.nn.modules import MLP, Dense, Dropout, Module, Parameter, Sequential


class Network(Module):
    def __init__(self):
        super().__init__()
        self.first = Dense(2, 3)
        self.gain = Parameter([1.0])
        self.blocks = [Dense(3, 3), {"inner": Dense(3, 3)}]
        self.heads = {"a": Dense(3, 1), "b": (Dense(3, 2), Dropout(0.5))}
        self.frozen = Parameter([2.0], requires_grad=False)
        self.note = "no parameter"
        self.last = self.first  # shared: counted once


NAMES = [
    "first.weight",
    "first.bias",
    "gain",
    "blocks.0.weight",
    "blocks.0.bias",
    "blocks.1.inner.weight",
    "blocks.1.inner.bias",
    "heads.a.weight",
    "heads.a.bias",
    "heads.b.0.weight",
    "heads.b.0.bias",
    "frozen",
]


def test_definition_order_through_lists_and_dicts(any_backend):
    network = Network()
    assert [name for name, _ in network.named_parameters()] == NAMES
    assert list(network.parameters()) == [p for _, p in network.named_parameters()]
    assert len(network.trainable_variables) == len(NAMES) - 1
    assert [name for name, _ in network.named_modules()] == [
        "",
        "first",
        "blocks.0",
        "blocks.1.inner",
        "heads.a",
        "heads.b.0",
        "heads.b.1",
    ]
    assert len(list(network.modules())) == 7
    network.blocks.append(Dense(3, 3))
    assert len(list(network.modules())) == 8
    del network.gain
    assert "gain" not in dict(network.named_parameters())


def test_parameters_are_live(any_backend):
    layer = Dense(1, 1)
    layer.trainable_variables[0].data = tensor.convert_to_tensor([[3.0]])
    assert tensor.tolist(layer(tensor.ones((1, 1)))) == [[3.0]]
    layer.bias.data = [1.0]  # a list becomes an array
    assert tensor.tolist(layer(tensor.ones((1, 1)))) == [[4.0]]


def test_parameter():
    one, two = Parameter([1.0, 2.0]), Parameter([1.0, 2.0])
    assert one != two and one == one
    assert len({one, two, one}) == 2
    assert (one.shape, one.size, one.grad, one.requires_grad) == ((2,), 2, None, True)
    one.grad = np.ones(2)
    assert repr(one) == "Parameter(shape=(2,), requires_grad=True)"
    other = copy.deepcopy(one)
    other.data[0] = 9
    assert one.data[0] == 1


def test_train_and_eval_reach_everything():
    network = Network()
    assert all(module.training for module in network.modules())
    assert network.eval() is network
    assert not any(module.training for module in network.modules())
    network.train()
    assert all(module.training for module in network.modules())


def test_dropout(any_backend):
    layer = Dropout(0.25)
    ops.set_seed(0)
    x = tensor.ones((2000,))
    y = tensor.to_numpy(layer(x))
    assert set(np.unique(y)) == {np.float32(0), np.float32(1) / np.float32(0.75)}
    assert abs((y == 0).mean() - 0.25) < 0.03
    assert layer.eval()(x) is x
    with pytest.raises(ValueError, match=r"rate must lie in \[0, 1\), got 1"):
        Dropout(1.0)


def test_state_dict(any_backend):
    one, two = Network(), Network()
    state = one.state_dict()
    assert list(state) == NAMES
    two.load_state_dict(state)
    np.testing.assert_array_equal(one.to_vector(), two.to_vector())
    one.gain.data = tensor.convert_to_tensor([5.0])
    assert tensor.tolist(state["gain"]) == [1.0]  # a copy
    with pytest.raises(ValueError, match=r"missing \['gain'\], unknown \['other'\]"):
        two.load_state_dict({**{k: v for k, v in state.items() if k != "gain"}, "other": state["gain"]})
    before = two.to_vector()
    with pytest.raises(ValueError, match=r"state\['gain'\] has shape \(2,\), \(1,\) is wanted"):
        two.load_state_dict({**one.state_dict(), "gain": tensor.zeros((2,))})
    np.testing.assert_array_equal(two.to_vector(), before)
    two.load_state_dict({"gain": tensor.convert_to_tensor([7.0])}, strict=False)
    assert tensor.tolist(two.gain) == [7.0]


def test_flat_vector(any_backend):
    network = MLP(2, (3,), 1)
    vector = network.to_vector()
    assert (vector.shape, vector.dtype) == ((13,), np.float32)
    np.testing.assert_array_equal(vector[:6].reshape(2, 3), tensor.to_numpy(network.layers[0].weight))
    theta = np.arange(13, dtype=np.float32)
    network.from_vector(theta)
    np.testing.assert_array_equal(network.to_vector(), theta)
    assert tensor.tolist(network.layers[0].bias) == [6, 7, 8]
    theta[0] = 100
    assert network.to_vector()[0] == 0
    for bad in (theta[:-1], theta.reshape(1, 13)):
        with pytest.raises(ValueError, match=r"theta must have shape \(13,\)"):
            network.from_vector(bad)
    assert Dropout().to_vector().shape == (0,)


def test_add_module():
    network = Module()
    network.add_module("layer", Dense(1, 2))
    assert [name for name, _ in network.named_parameters()] == ["layer.weight", "layer.bias"]
    for name, module in (("a.b", Dense(1, 1)), ("", Dense(1, 1)), ("x", 3)):
        with pytest.raises(TypeError):
            network.add_module(name, module)


def test_forward_must_be_defined():
    with pytest.raises(NotImplementedError, match="Module does not define forward"):
        Module()(1)


def test_a_module_may_hold_its_parent():
    child, parent = Module(), Module()
    child.parent, parent.child, parent.layer = parent, child, Dense(1, 1)
    assert [name for name, _ in parent.named_parameters()] == ["layer.weight", "layer.bias"]


def test_repr_shows_the_tree():
    text = repr(Sequential(Dense(1, 2, "relu"), Dropout(0.1)))
    assert "(layers.0): Dense(1, 2, activation='relu', use_bias=True)" in text
    assert "(layers.1): Dropout(0.1)" in text
