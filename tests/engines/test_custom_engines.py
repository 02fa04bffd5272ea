"""A C environment gives the same numbers through the native engine and through the python engine."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from ember_ml import envs
from ember_ml.engines.native import NativeEngine
from ember_ml.engines.python import PythonEngine
from ember_ml.policy.normalizer import Normalizer
from ember_ml.policy.spec import DenseLayer, Elementwise, PolicySpec
from ember_ml.rollout import Population

TANH = (Elementwise("activation", "tanh"),)
POLICY = PolicySpec(3, 1, 65, layers=(DenseLayer(3, 13, 0, 39, TANH), DenseLayer(13, 1, 52, -1, TANH)))


@pytest.mark.skipif(not any(map(shutil.which, ("cc", "gcc", "clang"))), reason="no C compiler")
@pytest.mark.parametrize("common_starts", [False, True])
def test_returns_and_observation_sums_are_equal_bit_for_bit(common_starts):
    spec = envs.compile(Path(__file__).parents[2] / "examples" / "my_env.c")
    mean = np.random.default_rng(0).normal(size=65).astype(np.float32)
    people = Population(mean, 0.3, seed=5, generation=3, directions=20, common_starts=common_starts)
    mean, inverse = np.array([0.1, -0.2, 0.3], np.float32), np.array([1.5, 0.7, 0.2], np.float32)
    normalizer = Normalizer(mean, inverse)
    options = {"episodes": 2, "normalize": True, "frame_skip": 2, "reward_scale": 0.5, "reward_offset": -1.0}
    with PythonEngine(spec, POLICY, **options) as engine:
        python = engine.evaluate(people, normalizer, with_policy=True)
    native = NativeEngine(spec, POLICY, **options).evaluate(people, normalizer, with_policy=True)
    for name in ("returns", "lengths", "failed", "policy_returns", "policy_lengths", "fitness"):
        np.testing.assert_array_equal(getattr(python, name), getattr(native, name), err_msg=name)
    assert python.steps == native.steps and len(python.leaves) == len(native.leaves) == 2
    for a, b in zip(python.leaves, native.leaves):
        assert a.count == b.count
        np.testing.assert_allclose(a.sum, b.sum, rtol=1e-12)
        np.testing.assert_allclose(a.sum_of_squares, b.sum_of_squares, rtol=1e-12)
