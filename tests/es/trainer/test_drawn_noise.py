"""The noise of a small problem, which a native run draws once a generation, is that which `step()` draws."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from ember_ml import _core, es, nn
from simd_levels import digest_at

#: Hidden units and directions: rows of one, two and three groups of 64 normals, odd and even numbers of them.
SIZES = [(16, 1), (16, 3), (16, 4), (32, 3), (43, 1), (43, 3), (43, 4)]


def trainer(hidden: int, directions: int) -> es.Trainer:
    policy = nn.MLP(1, (hidden,), 1, activation="relu", output_activation="tanh")
    strategy = es.OpenAIES(directions=directions, sigma=0.5)
    theta0 = np.random.default_rng(1).standard_normal(3 * hidden + 1).astype(np.float32)
    return es.Trainer("Simple1D-v0", policy, strategy, seed=5, max_steps=20, theta0=theta0, progress=False)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_run_has_the_noise_of_its_steps(size: tuple[int, int]) -> None:
    together, apart = trainer(*size), trainer(*size)
    for _ in range(3):
        apart.step()
    np.testing.assert_array_equal(together.run(generations=3).theta, apart.theta)


def digest() -> str:
    thetas = [trainer(*size).run(generations=3).theta for size in SIZES]
    return hashlib.sha256(np.concatenate(thetas).tobytes()).hexdigest()


@pytest.mark.parametrize("level", _core.simd_levels())
def test_every_level_draws_the_same(level: str) -> None:
    assert digest_at(level, __file__) == digest()
