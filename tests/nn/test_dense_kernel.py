"""The native dense layer: contract "one neuron", operand by operand, on every SIMD level's lanes."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from ember_ml import _core
from ember_ml.backend.activations import ACTIVATIONS


def fma32(a, b, c):
    """fma rounded once: the product is exact in float64, and the sum is rounded to odd there."""
    product = np.float64(a) * np.float64(b)
    total = product + np.float64(c)
    # the error of the float64 sum decides a tie that float32 would otherwise see (two-sum)
    back = total - product
    lost = (product - (total - back)) + (np.float64(c) - back)
    bits = np.float64(total).view(np.int64)
    if lost != 0 and bits & 1 == 0:
        bits += 1 if (lost > 0) == (total > 0) else -1
    return np.float32(np.int64(bits).view(np.float64))


def one_neuron(x, weight, bias):
    rows, (inputs, outputs) = len(x), weight.shape
    y = np.empty((rows, outputs), np.float32)
    for r in range(rows):
        for o in range(outputs):
            s = [np.float32(0 if bias is None else bias[o])] + [np.float32(0)] * 3
            for i in range(inputs):
                s[i % 4] = fma32(weight[i, o], x[r, i], s[i % 4])
            live = s[: min(inputs, 4)]
            y[r, o] = (live[0] + live[1] if len(live) > 1 else live[0]) + (
                np.float32(0) if len(live) < 3 else live[2] if len(live) == 3 else live[2] + live[3]
            )
    return y


@pytest.mark.parametrize("rows", [1, 2, 5])
@pytest.mark.parametrize(("inputs", "outputs"), [(1, 1), (2, 3), (3, 8), (4, 9), (17, 20), (6, 33)])
@pytest.mark.parametrize("with_bias", [True, False])
def test_one_neuron(rows, inputs, outputs, with_bias):
    random = np.random.default_rng(rows * 100 + inputs)
    x = random.standard_normal((rows, inputs)).astype(np.float32)
    weight = random.standard_normal((inputs, outputs)).astype(np.float32)
    bias = random.standard_normal(outputs).astype(np.float32) if with_bias else None
    y = _core.dense(x, weight, bias, 0)
    np.testing.assert_array_equal(y, one_neuron(x, weight, bias))


@pytest.mark.parametrize("code", range(len(ACTIVATIONS)))
def test_activation_is_applied_to_the_sum(code):
    random = np.random.default_rng(code)
    x = random.standard_normal((3, 5)).astype(np.float32)
    weight = random.standard_normal((5, 11)).astype(np.float32)
    linear = _core.dense(x, weight, None, 0)
    np.testing.assert_array_equal(_core.dense(x, weight, None, code), _core.activate(code, linear))


def test_leading_axes_and_empty_batches():
    weight = np.ones((3, 2), np.float32)
    assert _core.dense(np.ones(3, np.float32), weight, None, 0).shape == (2,)
    assert _core.dense(np.ones((4, 5, 3), np.float32), weight, None, 0).shape == (4, 5, 2)
    assert _core.dense(np.ones((0, 3), np.float32), weight, None, 0).shape == (0, 2)


@pytest.mark.parametrize(
    ("x", "weight", "bias"),
    [
        (np.ones((2, 3)), np.ones((3, 2), np.float32), None),
        (np.ones((2, 4), np.float32), np.ones((3, 2), np.float32), None),
        (np.ones((2, 3), np.float32), np.ones((3, 2), np.float32), np.ones(3, np.float32)),
        (np.ones((3, 2), np.float32).T, np.ones((3, 2), np.float32), None),
        (np.float32(1), np.ones((3, 2), np.float32), None),
        ([1.0, 2.0, 3.0], np.ones((3, 2), np.float32), None),
    ],
)
def test_other_operands_are_left_to_python(x, weight, bias):
    assert _core.dense(x, weight, bias, 0) is NotImplemented


def test_unknown_activation_number():
    with pytest.raises(ValueError, match="99"):
        _core.dense(np.ones((1, 1), np.float32), np.ones((1, 1), np.float32), None, 99)


def test_every_level_gives_the_same_bits():
    """Output units in 4, 8 or 16 lanes, in blocks of other shapes: the sums are the contract's."""
    code = (
        "import numpy as np, zlib; from ember_ml import _core\n"
        "r = np.random.default_rng(0); total = 0\n"
        "for rows, i, o in ((1, 3, 5), (2, 9, 16), (7, 12, 19)):\n"
        "    f = lambda *shape: r.standard_normal(shape).astype(np.float32)\n"
        "    x, w, b = f(rows, i), f(i, o), f(o)\n"
        "    for code in range(7): total = zlib.crc32(_core.dense(x, w, b, code).tobytes(), total)\n"
        "print(_core.simd_level(), total)"
    )
    found = {}
    for level in _core.simd_levels():
        environment = {**os.environ, "EMBER_SIMD": level}
        run = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
        )
        name, total = run.stdout.split()
        assert name == level
        found[level] = total
    assert len(set(found.values())) == 1, found


def test_arrays_that_were_pickled():
    """Their dtype is equal to numpy's float32, but another object."""
    import pickle

    x, weight = np.ones((2, 3), np.float32), np.full((3, 4), 0.5, np.float32)
    sent_x, sent_weight = pickle.loads(pickle.dumps((x, weight)))
    assert sent_weight.dtype is not weight.dtype
    assert np.array_equal(_core.dense(sent_x, sent_weight, None, 0), _core.dense(x, weight, None, 0))
    assert np.array_equal(_core.activate(2, sent_x), _core.activate(2, x))
    assert _core.dense(x.astype(">f4"), weight, None, 0) is NotImplemented


def test_the_table_of_activations_is_the_cores_list():
    assert list(ACTIVATIONS) == _core.activation_names()
