"""Random functions: the same values on every backend, by contract "one noise"."""

from __future__ import annotations

import numpy as np
import pytest
from ember_ml import _core, backend, ops
from ember_ml.nn import initializers, tensor
from ember_ml.nn.modules import Dense


def draw_everything():
    ops.set_seed(7)
    made = [
        ops.random_normal((3, 4), mean=1.0, stddev=2.0),
        ops.random_uniform((5,)),
        ops.random_uniform((5,), -2, 3),
        ops.random_uniform((20,), 0, 6, dtype="int32"),
        ops.random_bernoulli((10,), 0.3),
        ops.random_categorical(np.log([[0.1, 0.9], [0.5, 0.5]]), 6),
        ops.random_permutation(9),
        ops.shuffle(tensor.arange(7)),
        Dense(3, 4).weight,
        initializers.he_normal((3, 4)),
        initializers.orthogonal((4, 3)),
    ]
    return [tensor.to_numpy(x) for x in made]


def test_same_values_on_every_backend(any_backend):
    found = draw_everything()
    with backend.using_backend("numpy"):
        expected = draw_everything()
    for one, two in zip(expected, found):
        assert one.dtype == two.dtype
        np.testing.assert_array_equal(one, two)


def test_values_are_those_of_the_contract():
    ops.set_seed(123)
    np.testing.assert_array_equal(ops.random_normal((6,)), _core.noise(123, 0, 0, 6, 0, 5))
    np.testing.assert_array_equal(ops.random_uniform((6,)), _core.uniforms(5, 123, 1, 0, 0, 6))


def test_building_a_network_leaves_the_stream_alone():
    ops.set_seed(1)
    first = ops.random_normal((4,))
    ops.set_seed(1)
    Dense(3, 4)
    np.testing.assert_array_equal(ops.random_normal((4,)), first)


def test_seed_is_drawn_and_reported():
    seed = ops.get_seed()
    assert seed == ops.get_seed()
    ops.set_seed(5)
    assert ops.get_seed() == 5
    assert not np.array_equal(ops.random_normal((3,)), ops.random_normal((3,)))


def test_distributions():
    ops.set_seed(0)
    normal = ops.random_normal((20000,), 3.0, 2.0)
    assert abs(normal.mean() - 3) < 0.06 and abs(normal.std() - 2) < 0.04
    uniform = ops.random_uniform((20000,), -1, 1)
    assert uniform.min() >= -1 and uniform.max() < 1 and abs(uniform.mean()) < 0.02
    whole = ops.random_uniform((6000,), 0, 3, dtype="int64")
    assert set(np.unique(whole)) == {0, 1, 2} and np.bincount(whole).min() > 1850
    assert abs(ops.random_bernoulli((20000,), 0.2).mean() - 0.2) < 0.01
    classes = ops.random_categorical(np.log([0.2, 0.3, 0.5]), 20000)
    np.testing.assert_allclose(np.bincount(classes) / 20000, [0.2, 0.3, 0.5], atol=0.015)
    never = ops.random_categorical([0.0, -np.inf], 100)
    assert (never == 0).all()
    assert sorted(ops.random_permutation(50).tolist()) == list(range(50))
    assert tensor.shape(ops.random_normal(())) == ()
    assert tensor.shape(ops.random_normal((0, 3))) == (0, 3)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: ops.set_seed(-1), ValueError),
        (lambda: ops.set_seed(2**64), ValueError),
        (lambda: ops.set_seed(1.5), TypeError),
        (lambda: ops.random_normal((2,), stddev=-1), ValueError),
        (lambda: ops.random_uniform((2,), 1, 0), ValueError),
        (lambda: ops.random_bernoulli((2,), 1.5), ValueError),
        (lambda: ops.random_categorical(np.zeros((2, 2, 2))), ValueError),
        (lambda: ops.random_categorical([float("nan")]), ValueError),
        (lambda: ops.random_permutation(-1), ValueError),
        (lambda: ops.shuffle(3.0), ValueError),
        (lambda: ops.random_normal((-2,)), ValueError),
    ],
)
def test_bad_arguments(call, error):
    with pytest.raises(error):
        call()


def test_initializers():
    ops.set_seed(0)
    for name, spread in (
        ("glorot_uniform", np.sqrt(2 / 300)),
        ("glorot_normal", np.sqrt(2 / 300)),
        ("he_uniform", np.sqrt(2 / 100)),
        ("he_normal", np.sqrt(2 / 100)),
    ):
        x = initializers.get(name)((100, 200))
        assert x.dtype == np.float32 and x.shape == (100, 200)
        assert abs(x.std() / spread - 1) < 0.02, name
    assert np.abs(initializers.glorot_uniform((100, 200))).max() <= np.sqrt(6 / 300) + 1e-7
    q = initializers.orthogonal((8, 5))
    np.testing.assert_allclose(q.T @ q, np.eye(5), atol=1e-6)
    q = initializers.orthogonal((5, 8), gain=2.0)
    np.testing.assert_allclose(q @ q.T, 4 * np.eye(5), atol=1e-5)
    assert (initializers.constant(3.0)((2,)) == 3).all()
    assert (initializers.ones((2,)) == 1).all() and (initializers.zeros((2,)) == 0).all()
    with pytest.raises(ValueError, match="xavier"):
        initializers.get("xavier")
    with pytest.raises(ValueError, match="two axes"):
        initializers.orthogonal((3,))
