"""Optimisers: agreement with torch's, ClipUp's rule, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from ember_ml import ops
from ember_ml.nn import tensor
from ember_ml.nn.modules import Parameter
from ember_ml.training import SGD, Adam, AdamW, ClipUp, Optimizer

FULL_ADAM = {"betas": (0.8, 0.99), "eps": 1e-6, "weight_decay": 0.1}
FULL_SGD = {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01}
PAIRS = [
    (Adam, "Adam", {}),
    (Adam, "Adam", FULL_ADAM),
    (Adam, "Adam", {"maximize": True}),
    (AdamW, "AdamW", {}),
    (SGD, "SGD", {}),
    (SGD, "SGD", {"momentum": 0.9}),
    (SGD, "SGD", FULL_SGD),
]


@pytest.mark.parametrize(("ours", "theirs", "options"), PAIRS)
@pytest.mark.parametrize("backend", ["numpy", "torch", "mlx"])
def test_agrees_with_torch(ours, theirs, options, backend, backend_or_skip):
    """Float32 rounding over 1,000 steps of noisy gradients."""
    backend_or_skip("torch")
    import torch

    backend_or_skip(backend)
    random = np.random.default_rng(0)
    start = random.standard_normal((3, 2)).astype(np.float32)
    parameter, reference = Parameter(start), torch.nn.Parameter(torch.tensor(start))
    optimizer = ours(0.01, **options)
    torch_optimizer = getattr(torch.optim, theirs)([reference], lr=0.01, **options)
    sign = np.float32(-1 if options.get("maximize") else 1)
    for _ in range(1000 if backend == "numpy" else 100):
        noise = random.standard_normal(start.shape).astype(np.float32)
        # Each sees the gradient at its own point, so that a difference could grow.
        reference.grad = float(sign) * reference.detach() + torch.from_numpy(noise)
        optimizer.apply_gradients([(sign * tensor.to_numpy(parameter) + noise, parameter)])
        torch_optimizer.step()
    np.testing.assert_allclose(tensor.to_numpy(parameter), reference.detach().numpy(), rtol=2e-5, atol=2e-6)
    assert type(parameter.data) is type(tensor.ones(()))


def test_clipup_by_hand(any_backend):
    """Gradients of two parameters make one direction; the speed is limited."""
    one, two = Parameter([0.0]), Parameter([0.0])
    optimizer = ClipUp(0.1, momentum=0.5, max_speed=0.12)
    optimizer.apply_gradients([([3.0], one), ([4.0], two)])
    np.testing.assert_allclose([ops.item(one), ops.item(two)], [-0.06, -0.08], rtol=1e-6)
    optimizer.apply_gradients([([3.0], one), ([4.0], two)])  # 0.15 is cut to 0.12
    np.testing.assert_allclose([ops.item(one), ops.item(two)], [-0.06 - 0.072, -0.08 - 0.096], rtol=1e-6)
    optimizer.apply_gradients([([0.0], one), ([0.0], two)])  # no direction: momentum alone
    np.testing.assert_allclose(ops.item(one), -0.132 - 0.036, rtol=1e-6)
    assert ClipUp(0.2).max_speed == 0.4


def test_step_uses_the_parameters_gradients(any_backend):
    one, two = Parameter([1.0]), Parameter([1.0])
    optimizer = SGD([one, two], 0.5)
    one.grad = tensor.ones((1,))
    optimizer.step()
    assert (tensor.tolist(one), tensor.tolist(two)) == ([0.5], [1.0])
    optimizer.zero_grad()
    assert one.grad is None
    with pytest.raises(ValueError, match=r"step\(\) needs an optimiser built with parameters"):
        SGD(0.5).step()


def test_arguments():
    parameter = Parameter([0.0])
    assert Adam().learning_rate == 0.001
    assert Adam(0.1).learning_rate == Adam(lr=0.1).learning_rate == Adam(learning_rate=0.1).lr == 0.1
    assert Adam(np.float32(0.5)).learning_rate == 0.5
    built = Adam((p for p in [parameter]), 0.1)
    assert built.parameters == [parameter] and built.learning_rate == 0.1
    assert Adam(params=[parameter]).parameters == [parameter]
    assert SGD(0.1, 0.9, True).nesterov is True
    hyper = {"learning_rate": 0.1, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0}
    assert Adam(0.1).config() == {"name": "Adam", **hyper, "maximize": False}
    assert repr(ClipUp(0.1)) == "ClipUp(learning_rate=0.1, momentum=0.9, max_speed=0.2)"


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: Adam(-0.1), ValueError, r"learning_rate must be finite, at least 0, got -0\.1"),
        (lambda: Adam(float("nan")), ValueError, "learning_rate"),
        (lambda: Adam(float("inf")), ValueError, "learning_rate"),
        (lambda: Adam("fast"), TypeError, "learning_rate must be a number, got str"),
        (lambda: Adam(0.1, (0.9, 1.0)), ValueError, r"betas\[1\] must be finite, at least 0 and below 1"),
        (lambda: Adam(0.1, betas=0.9), ValueError, "betas must be two numbers"),
        (lambda: Adam(0.1, eps=-1), ValueError, "eps"),
        (lambda: Adam(0.1, weight_decay=-1), ValueError, "weight_decay"),
        (lambda: Adam(0.1, lr=0.1), TypeError, "learning_rate is given twice"),
        (lambda: Adam(lr=0.1, learning_rate=0.1), TypeError, "both given"),
        (lambda: Adam(0.1, momentum=1), TypeError, "Adam has no argument 'momentum'"),
        (lambda: Adam(0.1, (0.9, 0.99), 1e-8, 0, 5), TypeError, "at most 4"),
        (lambda: Adam([1.0]), TypeError, "parameters must hold Parameters, got float"),
        (lambda: SGD(0.1, momentum=1.0), ValueError, "momentum"),
        (lambda: SGD(0.1, nesterov=True), ValueError, "nesterov=True needs a momentum"),
        (lambda: ClipUp(0.1, max_speed=-1), ValueError, "max_speed"),
    ],
)
def test_bad_arguments(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_bad_pairs_change_nothing(any_backend):
    one, two = Parameter([1.0]), Parameter([1.0, 2.0])
    optimizer = Adam(0.1)
    with pytest.raises(ValueError, match=r"gradient has shape \(3,\), its Parameter \(2,\)"):
        optimizer.apply_gradients([([1.0], one), ([1.0, 2.0, 3.0], two)])
    for bad in ([one], [(one, [1.0])], [([1.0], tensor.ones((1,)))]):
        with pytest.raises(TypeError, match=r"\(gradient, Parameter\) pairs"):
            optimizer.apply_gradients(bad)
    assert tensor.tolist(one) == [1.0]


@pytest.mark.parametrize(
    "make", [lambda: Adam(0.1), lambda: SGD(0.1, 0.9), lambda: ClipUp(0.1), lambda: AdamW(0.1)]
)
def test_state_goes_on_where_it_left_off(make, tmp_path):
    gradients = np.random.default_rng(0).standard_normal((6, 3)).astype(np.float32)
    whole, first, second = (Parameter(np.zeros(3, np.float32)) for _ in range(3))
    straight, begun, resumed = make(), make(), make()
    for gradient in gradients:
        straight.apply_gradients([(gradient, whole)])
    for gradient in gradients[:3]:
        begun.apply_gradients([(gradient, first)])
    ops.save(tmp_path / "state.npz", begun.state_dict())
    second.data = first.data
    resumed.load_state_dict(ops.load(tmp_path / "state.npz"), [second])
    for gradient in gradients[3:]:
        resumed.apply_gradients([(gradient, second)])
    np.testing.assert_array_equal(second.data, whole.data)
    with pytest.raises(ValueError, match="1 parameters, 2 are given"):
        resumed.load_state_dict(begun.state_dict(), [first, second])
    with pytest.raises(ValueError, match="state is of"):
        (SGD if type(begun) is not SGD else Adam)(0.1).load_state_dict(begun.state_dict(), [first])


def test_an_optimiser_of_ones_own(any_backend):
    class Sign(Optimizer):
        defaults = {"learning_rate": 0.1}  # noqa: RUF012

        def update(self, data, gradient, state):
            return ops.subtract(data, ops.multiply(ops.sign(gradient), self.learning_rate))

    parameter = Parameter([0.0, 0.0])
    Sign(0.5).apply_gradients([([3.0, -2.0], parameter)])
    assert tensor.tolist(parameter) == [-0.5, 0.5]
    with pytest.raises(NotImplementedError, match="Optimizer does not define update"):
        Optimizer(0.1).apply_gradients([([3.0, -2.0], parameter)])


def test_step_counts_belong_to_each_parameter():
    one, two = Parameter([0.0]), Parameter([0.0])
    optimizer = Adam(0.1)
    optimizer.apply_gradients([([1.0], one)])
    optimizer.apply_gradients([([1.0], one), ([1.0], two)])
    np.testing.assert_allclose(two.data, [-0.1], rtol=1e-5)
