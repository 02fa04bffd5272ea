"""Updates against the papers' formulas in float64 numpy, with members instead of sums of noise."""

from __future__ import annotations

import numpy as np
import pytest
from ember_ml import _core
from ember_ml.es.strategies import ARS, PGPE, SNES, OpenAIES
from ember_ml.noise.stream import noise

D, SEED = 30, 11
THETA0 = np.linspace(-2, 2, D).astype(np.float32)
PLAIN = {"name": "SGD", "learning_rate": 0.3}


def told(strategy):
    """The strategy after one update, its members' noise (members, D) and their fitness."""
    strategy.start(THETA0, seed=SEED)
    s = np.stack([noise(SEED, 0, k, D) for k in range(strategy.directions)]).astype(np.float64)
    if strategy.antithetic:
        s = np.stack([s, -s], 1).reshape(-1, D)
    fitness = np.random.default_rng(3).normal(size=len(s)) * 5
    strategy.tell(fitness)
    return strategy, s, fitness


def close(ours, reference):
    np.testing.assert_allclose(ours, reference, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("antithetic", [True, False])
@pytest.mark.parametrize("shaping", ["raw", "z_score", "centered_rank"])
def test_openai_es(antithetic, shaping):
    strategy, s, f = told(OpenAIES(9, 0.2, PLAIN, shaping=shaping, antithetic=antithetic, weight_decay=0.05))
    if shaping == "z_score":
        f = (f - f.mean()) / f.std()
    if shaping == "centered_rank":
        f = np.argsort(np.argsort(f)) / (len(f) - 1) - 0.5
    ascent = f @ s / (len(f) * 0.2) - 0.05 * THETA0
    close(strategy.mean, THETA0 + 0.3 * ascent)


@pytest.mark.parametrize(("version", "top"), [("V1", None), ("V2-t", 4)])
def test_ars(version, top):
    strategy, s, f = told(ARS(version, directions=9, top=top, learning_rate=0.3, sigma=0.2))
    pairs = f.reshape(-1, 2)
    kept = np.argsort(-pairs.max(1))[: top or 9]
    step = (pairs[kept, 0] - pairs[kept, 1]) @ s[::2][kept] / (len(kept) * pairs[kept].std())
    close(strategy.mean, THETA0 + 0.3 * step)


@pytest.mark.parametrize("antithetic", [True, False])
def test_snes(antithetic):
    strategy, s, f = told(SNES(9, 0.2, learning_rate=0.7, antithetic=antithetic))
    rank = np.argsort(np.argsort(-f)) + 1
    u = np.maximum(0, np.log(len(f) / 2 + 1) - np.log(rank))
    u = u / u.sum() - 1 / len(f)
    close(strategy.mean, THETA0 + 0.7 * 0.2 * (u @ s))
    rate = (3 + np.log(D)) / (5 * np.sqrt(D))
    close(strategy.sigma, 0.2 * np.exp(rate / 2 * (u @ (s * s - 1))))


@pytest.mark.parametrize("antithetic", [True, False])
def test_pgpe(antithetic):
    strategy, s, f = told(PGPE(9, 0.2, PLAIN, 0.1, 0.05, shaping="raw", antithetic=antithetic))
    u = f - f.mean()
    close(strategy.mean, THETA0 + 0.3 * (u @ (0.2 * s)) / len(f))
    change = 0.1 * (u @ (0.2 * (s * s - 1))) / len(f)
    assert (np.abs(change) > 0.05 * 0.2).any()  # the limit is at work
    close(strategy.sigma, 0.2 + np.clip(change, -0.05 * 0.2, 0.05 * 0.2))


def test_noise_sum_is_a_chain_of_fused_multiply_adds():
    """By its definition, in float64 rounded once an operation (products of float32 are exact in float64;
    rounding its sum twice differs from once for one value in 2^29)."""
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 20)).astype(np.float32)
    first[3] = 0.0
    second[3] = 0.0
    a = np.zeros(1000, np.float32)
    b = np.zeros(1000, np.float32)
    for k in range(20):
        if first[k] == 0 and second[k] == 0:
            continue
        eps = noise(5, 2, k, 1000).astype(np.float64)
        a = (first[k] * eps + a).astype(np.float32)
        b = (second[k] * (eps * eps - 1).astype(np.float32).astype(np.float64) + b).astype(np.float32)
    ours = _core.testing.noise_sum(5, 2, first, 1000, second)
    assert np.array_equal(ours[0], a) and np.array_equal(ours[1], b)
    assert np.array_equal(_core.testing.noise_sum(5, 2, first, 1000), a)


@pytest.mark.parametrize("parameters", [1, 63, 64, 65, 1023, 1025, 70001])
def test_noise_sum_of_any_length_and_threads(parameters):
    weights = np.linspace(-1, 1, 30, dtype=np.float32)
    whole = _core.testing.noise_sum(5, 2, weights, 70080, weights, threads=1)
    for threads in (1, 2, 5):
        part = _core.testing.noise_sum(5, 2, weights, parameters, weights, threads=threads)
        assert np.array_equal(part[0], whole[0][:parameters])
        assert np.array_equal(part[1], whole[1][:parameters])
