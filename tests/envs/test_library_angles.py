"""CartPole's vector steps against the same formulas with the C library's sine and cosine, bit for bit."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import pytest
from ember_ml import _core
from simd_levels import digest_at

ANGLES = 40_000


def angles() -> np.ndarray:
    """Those of an episode, tiny ones, far ones, and what lies around the limits that the kernel knows."""
    rng = np.random.default_rng(3)
    tiny = rng.uniform(-1, 1, ANGLES) * 2.0 ** rng.integers(-1074, 0, ANGLES)
    edges = [0.0, -0.0, 0.126, 0.25, -0.25, 5e-324, 2.0**-27, math.pi / 2, 1e22, math.inf, math.nan]
    near = np.concatenate([np.nextafter(edges, math.inf), np.nextafter(edges, -math.inf), edges])
    return np.concatenate([rng.uniform(-0.26, 0.26, 3 * ANGLES), tiny, rng.normal(0, 50, 1000), near])


def stepped() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(actions, states before, states after)."""
    theta = angles()
    rng = np.random.default_rng(4)
    state = rng.normal(0, 1, (theta.size, 4))
    state[:, 2] = theta
    actions = rng.integers(0, 2, theta.size)
    env = _core.VectorEnv("CartPole-v1", theta.size, 0, "next_step")
    for i in range(theta.size):
        env.seed(i, [i])
    env.reset()
    env.state = state
    env.step(actions)
    return actions, state, env.state


def of_library(function, values: np.ndarray) -> np.ndarray:
    return np.array([function(x) if math.isfinite(x) else math.nan for x in values.tolist()])


def test_the_step_has_the_librarys_sines_and_cosines() -> None:
    actions, before, after = stepped()
    x, x_dot, theta, theta_dot = before.T
    sine, cosine = of_library(math.sin, theta), of_library(math.cos, theta)
    force = np.where(actions == 1, 10.0, -10.0)
    with np.errstate(invalid="ignore"):
        temp = (force + 0.05 * (theta_dot * theta_dot) * sine) / 1.1
        theta_acc = (9.8 * sine - cosine * temp) / (0.5 * (4.0 / 3.0 - 0.1 * (cosine * cosine) / 1.1))
        x_acc = temp - 0.05 * theta_acc * cosine / 1.1
        wanted = [
            x + 0.02 * x_dot,
            x_dot + 0.02 * x_acc,
            theta + 0.02 * theta_dot,
            theta_dot + 0.02 * theta_acc,
        ]
    np.testing.assert_array_equal(after, np.stack(wanted, axis=1))


def digest() -> str:
    return hashlib.sha256(stepped()[2].tobytes()).hexdigest()


@pytest.mark.parametrize("level", _core.simd_levels())
def test_every_level_has_them(level: str) -> None:
    assert digest_at(level, __file__) == digest()
