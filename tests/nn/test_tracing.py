"""Recording a forward: the chain that the native engine runs."""

from __future__ import annotations

import numpy as np
import pytest
from ember_ml import _core, ops
from ember_ml.backend.activations import ACTIVATIONS
from ember_ml.backend.traced import NotTraceable, Traced
from ember_ml.backend.tracing import record, trace
from ember_ml.nn import tensor
from ember_ml.nn.modules import MLP, Dense, Dropout, Module, Parameter, Sequential, Softmax, Tanh
from ember_ml.ops import multiply


class Policy(Module):
    """Like the notebook's, with what one adds to it."""

    def __init__(self):
        super().__init__()
        self.dense1 = Dense(2, 16, "relu")
        self.dense2 = Dense(16, 3, "tanh")
        self.drop = Dropout(0.5)
        self.eval()

    def forward(self, x):
        x = tensor.convert_to_tensor(x, dtype=tensor.float32)
        x = multiply(x, [0.5, 2.0])
        x = self.drop(self.dense1(1.0 - x))
        y = -self.dense2(ops.subtract(x, 0.25)) / 2
        return ops.squeeze(tensor.reshape(y, (1, 3)), 0)


def test_record(any_backend):
    policy = Policy()
    entries = record(policy, 2)
    one, two = policy.dense1, policy.dense2
    assert entries == [
        ("scale", (0.5, 2.0)),
        ("scale", (-1.0,)),
        ("shift", (1.0,)),
        ("dense", one.weight, one.bias),
        ("activation", "relu"),
        ("shift", (-0.25,)),
        ("dense", two.weight, two.bias),
        ("activation", "tanh"),
        ("scale", (-1.0,)),
        ("scale", (0.5,)),
    ]
    assert trace(policy, (1, 2)).shape == (3,)
    assert ops.get_backend() == any_backend
    assert tensor.tolist(ops.add(1, 2)) == 3  # the table is back in place


def replay(entries, x):
    for entry in entries:
        if entry[0] == "dense":
            x = _core.dense(x, entry[1].data, None if entry[2] is None else entry[2].data, 0)
        elif entry[0] == "activation":
            x = _core.activate(list(ACTIVATIONS).index(entry[1]), x)
        else:
            values = np.array(entry[1], np.float32)
            x = x * values if entry[0] == "scale" else x + values
    return x


@pytest.mark.parametrize(
    "network",
    [
        Policy(),
        MLP(2, (5, 7), 3, "gelu", "sigmoid"),
        Sequential(Dense(2, 4), Tanh(), ops.softplus, Dense(4, 1, ops.elu)),
    ],
)
def test_the_record_computes_the_same_bits(network):
    x = np.random.default_rng(0).standard_normal((1, 2)).astype(np.float32)
    np.testing.assert_array_equal(replay(record(network, 2), x).reshape(-1), np.reshape(network(x), -1))


def test_written_out_layers():
    w, b = Parameter(np.ones((2, 3), np.float32)), Parameter(np.ones(3, np.float32))
    entries = record(lambda x: ops.maximum(ops.add(ops.matmul(x, w), b), 0), 2)
    assert entries == [("dense", w, b), ("activation", "relu")]
    assert record(lambda x: np.tanh(np.float32(2) * x + np.ones(2)), 2) == [
        ("scale", (2.0,)),
        ("shift", (1.0, 1.0)),
        ("activation", "tanh"),
    ]
    assert record(lambda x: x @ w + b, 2) == [("dense", w, b)]
    assert record(lambda x: ops.tanh(ops.dot(x, w)), 2) == [("dense", w, None), ("activation", "tanh")]


@pytest.mark.parametrize(
    ("forward", "operation"),
    [
        (lambda x: ops.sin(x), "sin"),
        (lambda x: Softmax()(x), "softmax"),
        (lambda x: ops.add(x, x), "add of two computed values"),
        (lambda x: x * x, "multiply of two computed values"),
        (lambda x: 1 / x, "division by the value"),
        (lambda x: x / 0, "divide by zero"),
        (lambda x: x**2, "power"),
        (lambda x: x if x > 0 else -x, "a comparison"),
        (lambda x: x if x else -x, "a branch"),
        (lambda x: x * Parameter([1.0]), "multiply with a Parameter"),
        (lambda x: np.sin(x), r"numpy\.sin"),
        (lambda x: np.concatenate([x, x]), "numpy.concatenate"),
        (lambda x: float(x), r"float\(\)"),
        (lambda x: tensor.to_numpy(x), "to_numpy"),
        (lambda x: x[0, 0], "indexing"),
        (lambda x: x.mean(), r"\.mean"),
        (lambda x: ops.concatenate([x, x]), "concatenate"),
        (lambda x: tensor.convert_to_tensor([x, x]), "a list of computed values"),
        (lambda x: ops.cast(x, "int32"), "cast to int32"),
        (lambda x: ops.maximum(x, 1.0), "maximum with anything but 0"),
        (lambda x: ops.elu(x, 2.0), "elu with alpha=2"),
        (lambda x: ops.add(x, np.ones((3, 1))), "add of shape"),
        (lambda x: Dropout(0.5)(x), "random numbers"),
        (lambda x: np.add.reduce(x), r"numpy\.add"),
        (lambda x: tensor.ones((3,)), "does not come from the input"),
        (lambda x: list(x), "iteration over the value"),
        (lambda x: np.ones((2, 2)) @ x, r"numpy|matmul"),
        (lambda x: [[1.0], [2.0]] @ x, "matmul with the value on the right"),
        (lambda x: x @ np.ones((2, 3)), "matmul with something that is no Parameter"),
        (lambda x: ops.divide(1.0, x), "division by the value"),
        (lambda x: x % 2.0, "mod"),
        (lambda x: x // 2.0, "floor_divide"),
        (lambda x: abs(x), "abs"),
        (lambda x: x + Parameter([[1.0, 2.0]]), "add with a Parameter"),
    ],
)
def test_what_cannot_be_recorded_is_named(forward, operation):
    with pytest.raises((NotTraceable, TypeError), match=operation):
        record(forward, 2)
    assert ops.get_backend() == "numpy"
    assert float(ops.add(1, 2)) == 3


def test_what_leaves_the_values_alone_leaves_no_entry():
    layer = Dense(2, 3, "elu")

    def forward(x):
        assert len(x) == 1 and x.ndim == 2
        x = +layer(tensor.convert_to_tensor([x.squeeze(0)]))
        return ops.expand_dims(x.reshape(3), 0).reshape((1, 3))

    assert record(forward, 2) == record(layer, 2)


def test_wrong_width_while_recording():
    with pytest.raises(ValueError, match=r"shape \(1, 3\) does not fit a weight of shape \(2, 16\)"):
        record(Policy().dense1, 3)


def test_traced_is_no_array_outside():
    with pytest.raises(TypeError):
        ops.add(Traced((1, 2)), 1)
