"""Losses on every backend, against formulas written out."""

from __future__ import annotations

import numpy as np
import pytest
from ember_ml.nn import tensor
from ember_ml.training import cross_entropy, huber, mae, mse

random = np.random.default_rng(0)
P = (random.standard_normal((4, 3)) * 2).astype(np.float32)
Q = random.standard_normal((4, 3)).astype(np.float32)


def value(loss):
    assert tensor.shape(loss) == ()
    assert tensor.to_numpy(loss).dtype == np.float32
    return float(loss)


def test_regression(any_backend):
    p, q = tensor.convert_to_tensor(P), tensor.convert_to_tensor(Q)
    d = np.abs(P - Q)
    assert value(mse(p, q)) == pytest.approx((d**2).mean(), rel=1e-5)
    assert value(mae(p, q)) == pytest.approx(d.mean(), rel=1e-5)
    for delta in (0.5, 1.0):
        expected = np.where(d <= delta, d**2 / 2, delta * (d - delta / 2)).mean()
        assert value(huber(p, q, delta)) == pytest.approx(expected, rel=1e-5)
    assert value(mse([1, 2], [1, 4])) == 2.0


def test_cross_entropy(any_backend):
    p = tensor.convert_to_tensor(P)
    log_softmax = P - np.log(np.exp(P).sum(-1, keepdims=True))
    target = np.array([0, 2, 1, 1])
    expected = -log_softmax[np.arange(4), target].mean()
    assert value(cross_entropy(p, target)) == pytest.approx(expected, rel=1e-5)
    assert value(cross_entropy(p, np.eye(3, dtype=np.float32)[target])) == pytest.approx(expected, rel=1e-5)
    assert value(cross_entropy(p[0], np.int32(0))) == pytest.approx(-log_softmax[0, 0], rel=1e-5)
    huge = tensor.convert_to_tensor([[1000.0, 0.0, -1000.0]])
    assert value(cross_entropy(huge, [0])) == 0.0
    assert value(cross_entropy(huge, [1])) == 1000.0


def test_bad_arguments(any_backend):
    for call in (
        lambda: mse(P, Q[:2]),
        lambda: mae(P, 1.0),
        lambda: huber(P, Q, 0.0),
        lambda: huber(P, Q[0]),
        lambda: cross_entropy(P, [0, 1]),
        lambda: cross_entropy(1.0, 1.0),
    ):
        with pytest.raises(ValueError):
            call()
