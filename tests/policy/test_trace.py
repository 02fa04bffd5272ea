"""Modules compile to chains that agree with their forward, or say which operation does not."""

import numpy as np
import pytest
from ember_ml import ops
from ember_ml.nn import tensor
from ember_ml.nn.modules import Dense, Module, Parameter, Sequential, Softmax, Tanh
from ember_ml.policy.chain import forward
from ember_ml.policy.trace import NotCompiled, trace


class PolicyNetwork(Module):
    def __init__(self, input_size, output_size):
        super().__init__()
        self.dense1 = Dense(in_features=input_size, out_features=16, activation="relu")
        self.dense2 = Dense(in_features=16, out_features=output_size, activation="tanh")

    def forward(self, x):
        x = tensor.convert_to_tensor(x, dtype=tensor.float32)
        return self.dense2(self.dense1(x))


class Scaled(PolicyNetwork):
    def forward(self, x):
        x = ops.multiply(ops.subtract(x, 0.5), [0.1, 2.0, 3.0])
        return 2.0 * super().forward(x) + 1.0


@pytest.mark.parametrize(
    "module",
    [
        PolicyNetwork(3, 2),
        Scaled(3, 2),
        Sequential(Dense(3, 4, use_bias=False), Tanh(), Dense(4, 2)),
        Sequential(Dense(3, 8, activation="elu"), Dense(8, 2)),
    ],
    ids=["notebook", "scaled", "sequential", "elu"],
)
def test_agrees_with_forward(module):
    spec = trace(module, 3, 2)
    theta = np.asarray(module.to_vector(), np.float32)
    assert spec.parameters == theta.size
    x = np.random.default_rng(1).standard_normal((20, 3)).astype(np.float32)
    wanted = np.stack([np.asarray(tensor.to_numpy(module(row[None])))[0] for row in x])
    np.testing.assert_allclose(forward(spec, theta, x), wanted, rtol=1e-5, atol=1e-6)


def test_the_module_keeps_its_parameters():
    module = PolicyNetwork(3, 2)
    before = module.to_vector()
    trace(module, 3, 2)
    assert np.array_equal(before, module.to_vector())


class Branch(PolicyNetwork):
    def forward(self, x):
        return super().forward(x) if float(tensor.to_numpy(x)[0, 0]) > 0 else super().forward(-x)


class Residual(PolicyNetwork):
    def forward(self, x):
        h = self.dense1(x)
        return self.dense2(h + h)


class Baked(PolicyNetwork):
    def __init__(self):
        super().__init__(3, 2)
        self.gain = Parameter(np.ones(3, np.float32))

    def forward(self, x):
        return super().forward(x * self.gain.data)


class Counting(PolicyNetwork):
    calls = 0

    def forward(self, x):
        self.calls += 1
        return super().forward(x) + float(self.calls)


@pytest.mark.parametrize(
    "module, reason",
    [
        (Branch(3, 2), "the value|numpy"),
        (Residual(3, 2), "two computed values"),
        (Sequential(Dense(3, 2), Softmax()), "softmax"),
        (Baked(), "random inputs|Parameter"),
    ],
    ids=["branch", "residual", "softmax", "baked"],
)
def test_says_what_does_not_compile(module, reason):
    with pytest.raises(NotCompiled, match=reason):
        trace(module, 3, 2)


def test_a_forward_that_counts_is_refused():
    with pytest.raises(ValueError, match="the forward of Counting changes calls"):
        trace(Counting(3, 2), 3, 2)


def test_widths_that_do_not_fit():
    with pytest.raises(ValueError, match="4 values"):
        trace(PolicyNetwork(3, 2), 4, 2)
    with pytest.raises(ValueError, match="gives 2 outputs, the environment takes 5"):
        trace(PolicyNetwork(3, 2), 3, 5)
