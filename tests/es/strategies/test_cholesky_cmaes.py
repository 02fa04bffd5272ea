"""CMA-ES by Cholesky factors: the tutorial's equations, and functions that need a covariance."""

from __future__ import annotations

import numpy as np
import pytest
from ember_ml.es.strategies import CholeskyCMAES

D = 6


def rotated(rows):
    """An ellipsoid of condition 1e6 whose axes are not the parameters'."""
    turn, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(D, D)))
    return np.square(rows.astype(np.float64) @ turn) @ 10 ** (6 * np.arange(D) / (D - 1))


def rosenbrock(rows):
    x = rows.astype(np.float64)
    return (100 * (x[:, 1:] - x[:, :-1] ** 2) ** 2 + (1 - x[:, :-1]) ** 2).sum(1)


@pytest.mark.parametrize("cost", [rotated, rosenbrock])
@pytest.mark.parametrize("seed", range(3))
def test_covariance_is_learnt(cost, seed):
    strategy = CholeskyCMAES(sigma=0.5)
    strategy.start(np.full(D, 0.0 if cost is rosenbrock else 2.0), seed=seed)
    for _ in range(600):
        strategy.tell(-cost(strategy.ask()))
    assert -strategy.best_fitness < 1e-8


def test_pycma_needs_as_many_evaluations():
    cma = pytest.importorskip("cma", reason="cma is not installed")
    needed, peers = [], []
    for seed in range(5):
        strategy = CholeskyCMAES(sigma=0.5)
        strategy.start(np.full(D, 2.0), seed=seed)
        while -strategy.best_fitness > 1e-6:
            strategy.tell(-rotated(strategy.ask()))
        needed.append(strategy.generation * strategy.members)
        options = {"seed": seed + 1, "verbose": -9, "verb_log": 0}
        peer, best = cma.CMAEvolutionStrategy(np.full(D, 2.0), 0.5, options), np.inf
        while best > 1e-6:
            rows = peer.ask()
            values = rotated(np.stack(rows)).tolist()
            peer.tell(rows, values)
            best = min(best, *values)
        peers.append(peer.countevals)
    assert np.median(needed) < 2.0 * np.median(peers)


def test_one_update_is_the_tutorials():
    """Rank-one and rank-mu of Hansen's tutorial, eq. 24 to 30, where the factor is made each generation."""
    strategy = CholeskyCMAES(members=6, sigma=0.7)
    strategy.start(np.linspace(-1, 1, 3), seed=4)
    y = (strategy.ask().astype(np.float64) - strategy.mean) / 0.7
    order = [3, 0, 5, 1, 2, 4]
    fitness = np.empty(6)
    fitness[order] = -np.arange(6.0)
    mean = strategy.mean.astype(np.float64)
    strategy.tell(fitness)
    weights = np.log(3.5) - np.log([1.0, 2.0, 3.0])
    weights /= weights.sum()
    mu, d = 1 / np.square(weights).sum(), 3
    step = weights @ y[order[:3]]
    assert np.allclose(strategy.mean, mean + 0.7 * step, atol=1e-6)
    c_s, c_c = (mu + 2) / (d + mu + 5), (4 + mu / d) / (d + 4 + 2 * mu / d)
    c_1 = 2 / ((d + 1.3) ** 2 + mu)
    c_mu = min(1 - c_1, 2 * (mu - 2 + 1 / mu) / ((d + 2) ** 2 + mu))
    path = np.sqrt(c_s * (2 - c_s) * mu) * step  # C is still the identity
    expected = np.sqrt(d) * (1 - 1 / (4 * d) + 1 / (21 * d * d))
    length = np.linalg.norm(path)
    moving = length / np.sqrt(1 - (1 - c_s) ** 2) < (1.4 + 2 / (d + 1)) * expected
    p_c = np.sqrt(c_c * (2 - c_c) * mu) * step * moving
    c = (1 - c_1 - c_mu + (0 if moving else c_1 * c_c * (2 - c_c))) * np.eye(d)
    c += c_1 * np.outer(p_c, p_c) + c_mu * (y[order[:3]].T * weights) @ y[order[:3]]
    damping = 1 + 2 * max(0, np.sqrt((mu - 1) / (d + 1)) - 1) + c_s
    sigma = 0.7 * np.exp(c_s / damping * (length / expected - 1))
    assert np.allclose(strategy.sigma, sigma * np.sqrt(np.diag(c)), rtol=1e-5)
