"""Layers on every backend."""

from __future__ import annotations

import numpy as np
import pytest
from ember_ml import ops
from ember_ml.backend.activations import ACTIVATIONS
from ember_ml.nn import modules, tensor
from ember_ml.nn.modules import MLP, Activation, Dense, Linear, Sequential, Tanh

X = np.random.default_rng(3).standard_normal((5, 4)).astype(np.float32)


def reference(name, x):
    return {
        "identity": lambda: x,
        "relu": lambda: np.maximum(x, 0),
        "tanh": lambda: np.tanh(x),
        "sigmoid": lambda: 1 / (1 + np.exp(-x)),
        "elu": lambda: np.where(x > 0, x, np.expm1(x)),
        "softplus": lambda: np.log1p(np.exp(x)),
        "leaky_relu": lambda: np.where(x > 0, x, 0.01 * x),
        "softmax": lambda: np.exp(x) / np.exp(x).sum(-1, keepdims=True),
    }[name]()


@pytest.mark.parametrize(
    "activation", [None, "relu", "tanh", "sigmoid", "elu", "softplus", "leaky_relu", "softmax"]
)
@pytest.mark.parametrize("use_bias", [True, False])
def test_dense(any_backend, activation, use_bias):
    layer = Dense(4, 3, activation, use_bias)
    if use_bias:
        layer.bias.data = [0.5, -0.5, 0.25]
    y = layer(tensor.convert_to_tensor(X))
    assert type(y) is type(tensor.ones(()))
    linear = X @ tensor.to_numpy(layer.weight) + (tensor.to_numpy(layer.bias) if use_bias else 0)
    np.testing.assert_allclose(tensor.to_numpy(y), reference(activation or "identity", linear), atol=2e-6)
    assert len(layer.trainable_variables) == 1 + use_bias
    one = layer(tensor.convert_to_tensor(X[0]))
    assert tensor.shape(one) == (3,)
    np.testing.assert_allclose(tensor.to_numpy(one), tensor.to_numpy(y)[0], atol=1e-6)
    assert tensor.shape(layer(tensor.ones((2, 5, 4)))) == (2, 5, 3)
    assert tensor.shape(layer(tensor.ones((0, 4)))) == (0, 3)


def test_other_inputs_than_native_arrays(any_backend):
    layer = Dense(4, 3)
    expected = tensor.to_numpy(layer(tensor.convert_to_tensor(X)))
    for x in (X, X.astype(np.float64), X.T.copy().T, X.tolist()):
        np.testing.assert_allclose(tensor.to_numpy(layer(x)), expected, atol=1e-6)
        assert tensor.to_numpy(layer(x)).dtype == np.float32
    assert tensor.shape(layer([1, 2, 3, 4])) == (3,)


def test_start_values_and_aliases(any_backend):
    layer = Dense(input_dim=30, units=20)
    assert (layer.in_features, layer.out_features) == (30, 20)
    weight = tensor.to_numpy(layer.weight)
    assert weight.shape == (30, 20) and np.abs(weight).max() <= np.sqrt(6 / 50) + 1e-6 and weight.std() > 0.1
    assert not tensor.to_numpy(layer.bias).any()
    assert Linear is Dense
    layer = Dense(2, 3, kernel_initializer="ones", bias_initializer=modules.dense.initializers.constant(2.0))
    assert tensor.tolist(layer(tensor.ones((2,)))) == [4, 4, 4]


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: Dense(3), ValueError, "out_features is missing"),
        (lambda: Dense(out_features=3), ValueError, "in_features is missing"),
        (lambda: Dense(0, 3), ValueError, "in_features must be positive, got 0"),
        (lambda: Dense(3, -1), ValueError, "out_features must be positive, got -1"),
        (lambda: Dense(3.5, 1), TypeError, "in_features must be an integer, got float"),
        (lambda: Dense(3, 2, input_dim=3), ValueError, "both given"),
        (lambda: Dense(3, 2, "cosine"), ValueError, "unknown activation 'cosine': use one of identity, relu"),
        (lambda: Dense(3, 2, 5), TypeError, "activation must be a name, a function or None, got int"),
        (lambda: Dense(3, 2, kernel_initializer="no"), ValueError, "unknown initializer 'no'"),
        (lambda: MLP(3, (0,), 1), ValueError, "out_features must be positive"),
        (lambda: Sequential(3), TypeError, "a layer must be a Module or a function, got 3"),
        (lambda: Sequential(Tanh), TypeError, "a layer must be a Module or a function"),
        (lambda: Activation("cosine"), ValueError, "unknown activation"),
    ],
)
def test_bad_arguments(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_wrong_width_names_both_shapes(any_backend):
    layer = Dense(4, 3)
    for x in (tensor.ones((2, 5)), tensor.ones(())):
        with pytest.raises(ValueError, match=r"x has shape \(.*\), weight \(4, 3\): x must have"):
            layer(x)
    layer.bias.data = tensor.ones((2,))
    with pytest.raises(ValueError, match=r"bias has shape \(2,\)"):
        layer(tensor.ones((2, 4)))


def test_containers(any_backend):
    network = MLP(4, (8, 8), 2, activation="relu", output_activation="tanh")
    x = tensor.convert_to_tensor(X)
    layers = network.layers
    by_hand = layers[2](layers[1](layers[0](x)))
    np.testing.assert_array_equal(tensor.to_numpy(network(x)), tensor.to_numpy(by_hand))
    assert [layer.activation for layer in layers] == ["relu", "relu", "tanh"]
    assert len(MLP(4, (), 2).layers) == 1
    assert MLP(4, 6, 2, use_bias=False).to_vector().shape == (36,)
    chain = Sequential([layers[0], ops.abs, layers[1]])
    assert len(chain) == 3 and chain[1] is ops.abs and list(chain) == chain.layers
    expected = tensor.to_numpy(layers[1](ops.abs(layers[0](x))))
    np.testing.assert_array_equal(tensor.to_numpy(chain(x)), expected)


@pytest.mark.parametrize(
    "name", [*(activation.module for activation in ACTIVATIONS.values()), "LeakyReLU", "Softmax"]
)
def test_activation_modules_are_the_functions(any_backend, name):
    by_module = {activation.module: function for function, activation in ACTIVATIONS.items()}
    function = {**by_module, "LeakyReLU": "leaky_relu", "Softmax": "softmax"}[name]
    x = tensor.convert_to_tensor(X)
    expected = tensor.to_numpy(getattr(ops, function)(x))
    np.testing.assert_array_equal(tensor.to_numpy(getattr(modules, name)()(x)), expected)
    np.testing.assert_array_equal(tensor.to_numpy(Activation(function)(x)), expected)
    np.testing.assert_array_equal(tensor.to_numpy(Activation(getattr(ops, function))(x)), expected)


def test_a_fused_activation_is_the_separate_one(any_backend):
    for name in ACTIVATIONS:
        layer = Dense(4, 3, name)
        linear = Dense(4, 3)
        linear.load_state_dict(layer.state_dict())
        separate = getattr(ops, name)(linear(tensor.convert_to_tensor(X)))
        np.testing.assert_array_equal(
            tensor.to_numpy(layer(tensor.convert_to_tensor(X))), tensor.to_numpy(separate)
        )
