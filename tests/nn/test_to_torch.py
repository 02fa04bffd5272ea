"""Ember modules as torch modules."""

from __future__ import annotations

import io

import numpy as np
import pytest
from ember_ml import ops
from ember_ml.backend.traced import NotTraceable
from ember_ml.nn import modules
from ember_ml.nn.modules import MLP, Activation, Dense, Dropout, Module, Sequential

X = np.random.default_rng(5).standard_normal((6, 4)).astype(np.float32)


class Scaled(Module):
    def __init__(self):
        super().__init__()
        self.hidden = Dense(4, 8, "tanh")
        self.out = Dense(8, 2, use_bias=False)

    def forward(self, x):
        return self.out(self.hidden(x * 0.5 - [1.0, 2.0, 3.0, 4.0])) * 3


def networks():
    yield MLP(4, (8, 8), 3)
    yield MLP(4, (), 2, output_activation="softmax")
    yield Scaled()
    yield Sequential(Scaled(), modules.Softplus(), Dense(2, 2, ops.leaky_relu), Dropout(0.5))
    for name in ("ReLU", "Tanh", "Sigmoid", "Softplus", "GELU", "ELU", "LeakyReLU", "Softmax", "Identity"):
        yield Sequential(Dense(4, 4), getattr(modules, name)())
    yield Sequential(Dense(4, 4), Activation("softmax"), modules.ELU(0.5), modules.LeakyReLU(0.3))


@pytest.mark.parametrize("network", list(networks()), ids=lambda network: type(network).__name__)
def test_computes_the_same(network, backend_or_skip):
    backend_or_skip("torch")
    ops.set_backend("numpy")
    import torch

    network.eval()
    expected = network(X)
    translated = network.to_torch()
    assert isinstance(translated, torch.nn.Module) and not translated.training
    with torch.no_grad():
        np.testing.assert_allclose(translated(torch.from_numpy(X)).numpy(), expected, atol=2e-6)
    trained = sum(p.numel() for p in translated.parameters())
    assert trained == len(network.to_vector())
    file = io.BytesIO()
    torch.save(translated.state_dict(), file)


def test_a_subclass_with_a_forward_of_its_own_is_not_its_parent(backend_or_skip):
    backend_or_skip("torch")
    ops.set_backend("numpy")
    import torch

    class Twice(MLP):
        def forward(self, x):
            return super().forward(x) * 2

    class Half(Dense):
        def forward(self, x):
            return super().forward(x) * 0.5

    for network in (Twice(4, (8,), 3), Sequential(Half(4, 4, "tanh"), Dense(4, 2))):
        with torch.no_grad():
            translated = network.to_torch()(torch.from_numpy(X)).numpy()
        np.testing.assert_allclose(translated, network(X), atol=2e-6)


def test_what_has_no_translation_is_named(backend_or_skip):
    backend_or_skip("torch")
    ops.set_backend("numpy")

    class Odd(Module):
        def __init__(self):
            self.layer = Dense(4, 4)

        def forward(self, x):
            return ops.sin(self.layer(x))

    with pytest.raises(NotTraceable, match="sin"):
        Odd().to_torch()
