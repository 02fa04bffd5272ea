"""CR-FM-NES where the number of parameters is small, large and very large, beside its authors' program."""

from __future__ import annotations

import math

import numpy as np
import pytest
from ember_ml.es.strategies import CRFMNES
from ember_ml.es.strategies.cr_fm_nes import _inverse_h
from ember_ml.noise.stream import noise

SIZES = (2, 3, 10, 100, 2_002, 2_020, 5_000, 100_000)

#: `crfmnes.alg.get_h_inv` of the authors' package, version 1.0.0.
AUTHORS_INVERSE_H = {
    1: 0.8853956178026801,
    10: 1.1800548685819867,
    100: 1.877958697722371,
    2_001: 2.823230455831918,
    2_002: 2.82337444092547,
    2_020: 2.8259531661221278,
    5_000: 3.0796715990498793,
    100_000: 3.8299493494683934,
    1_000_000: 4.336466889958274,
    1_000_000_000: 5.623371442829224,
}


@pytest.mark.parametrize("d", AUTHORS_INVERSE_H)
def test_inverse_h_is_the_authors(d):
    assert _inverse_h(d) == pytest.approx(AUTHORS_INVERSE_H[d], rel=1e-11)


@pytest.mark.parametrize("d", [1, 7, 2_002, 2_020, 4_485, 10**6, 10**12])
def test_inverse_h_solves_its_equation(d):
    a = _inverse_h(d)
    assert (1 + a * a) * math.exp(a * a / 2) / 0.24 == pytest.approx(10 + d, rel=1e-13)


def fitnesses(members, generations=4):
    """Half of the members and fewer fail: whom the authors rank by distance makes no difference then."""
    table = np.random.default_rng(1).normal(size=(generations, members))
    table[2, 1] = -np.inf
    table[3, : members // 2] = -np.inf
    return table


@pytest.mark.parametrize("d", SIZES)
def test_a_few_generations_stay_finite(d):
    strategy = CRFMNES(sigma=0.5)
    strategy.start(np.linspace(-1, 1, d), seed=5)
    for fitness in fitnesses(strategy.members):
        strategy.tell(fitness)
        assert np.isfinite(strategy.mean).all() and 0 < strategy.mean_sigma < 10 and strategy.update_norm > 0
    assert np.isfinite(strategy.ask()).all()


@pytest.mark.parametrize("d", SIZES)
def test_updates_are_the_authors(d):
    alg = pytest.importorskip("crfmnes.alg", reason="crfmnes is not installed")
    ours = CRFMNES(sigma=0.5)
    theta0 = np.linspace(-1, 1, d).astype(np.float32)
    ours.start(theta0, seed=5)
    v = noise(5, 0, 0, d, purpose="init").astype(np.float64)[:, None] / np.sqrt(d)
    peer = alg.CRFMNES(d, None, theta0.astype(np.float64)[:, None], 0.5, ours.members, v=v)
    peer.use_constraint_violation = False
    drawn = np.random.randn
    for generation, fitness in enumerate(fitnesses(ours.members)[: 2 if d > 50_000 else 4]):
        z = np.stack([noise(5, generation, k, d) for k in range(ours.directions)]).astype(np.float64).T
        costs = iter(-np.concatenate([fitness[::2], fitness[1::2]]))  # theirs: all plus, then all minus
        peer.f = lambda _, costs=costs: next(costs)
        np.random.randn = lambda *shape, z=z: z
        try:
            peer.one_iteration()
        finally:
            np.random.randn = drawn
        ours.tell(fitness)
        deviation = (peer.sigma * peer.D * np.sqrt(1 + peer.v**2))[:, 0]
        np.testing.assert_allclose(ours.mean, peer.m[:, 0], rtol=0, atol=3e-7)
        np.testing.assert_allclose(ours.sigma, deviation, rtol=3e-7)


@pytest.mark.parametrize("d", [2, 3, 10])
def test_a_shape_that_it_cannot_take_on_gives_no_nan(d):
    """Slopes far apart and oblique once gave scales below zero, NaN for ever after, or a division by zero."""
    turn, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(d, d)))
    strategy = CRFMNES(sigma=1.0)
    for seed in range(3):
        strategy.start(np.full(d, 2.0), seed=seed)
        for _ in range(700):
            rows = strategy.ask().astype(np.float64)
            strategy.tell(-np.square(rows @ turn) @ 10 ** (6 * np.arange(d) / (d - 1)))
            assert np.isfinite(strategy.mean).all() and np.isfinite(strategy.sigma).all()
        assert (strategy.sigma > 0).all()


def test_failed_members_rank_last_and_the_farther_the_worse():
    """Of a generation that nearly all failed, the authors' program moves towards the nearer ones."""
    one, other = CRFMNES(directions=4), CRFMNES(directions=4)
    for strategy in (one, other):
        strategy.start(np.zeros(6), seed=1)
    distance = np.square(one.ask().astype(np.float64)).sum(1)
    assert distance[0] != distance[2]
    fitness = np.full(8, -np.inf)
    fitness[0] = 1.0
    one.tell(fitness)
    pairs = np.square(np.stack([noise(1, 0, k, 6) for k in range(4)]).astype(np.float64)).sum(1)
    whole = -np.repeat(pairs, 2)
    whole[0] = 1.0
    other.tell(whole)
    # Same ranks, so the same mean; the learning rates count whole members only, so another deviation.
    assert np.allclose(one.mean, other.mean, atol=1e-6) and not np.allclose(one.sigma, other.sigma, rtol=1e-4)
