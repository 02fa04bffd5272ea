"""Noise of low rank for ask and tell: members, updates, refusals, checkpoints."""

from __future__ import annotations

import json

import numpy as np
import pytest
from ember_ml import _core, es
from ember_ml.perturbation import Matrix, Perturbation, ThetaShape
from ember_ml.training import SGD
from low_rank_reference import direction, members, parts

SHAPES = [(5, 30), (30,), (30, 40), (40,), (40, 3), (3,), (2, 2)]
SIZE = sum(int(np.prod(s)) for s in SHAPES)
THETA = es.noise(9, 0, 0, SIZE)


def started(rank=1, shapes=SHAPES, theta=THETA, **options):
    strategy = es.OpenAIES(**{"directions": 6, "sigma": 0.1, "perturbation": es.LowRank(rank), **options})
    strategy.start(theta, seed=3, shapes=shapes)
    return strategy


@pytest.mark.parametrize("rank", [1, 2, 3, 7])
def test_members_are_those_of_the_definition(rank):
    strategy = started(rank)
    for _ in range(2):
        wanted = members(strategy.mean.astype(float), SHAPES, rank, 0.1, 3, strategy.generation, 6)
        np.testing.assert_allclose(strategy.ask(), wanted, atol=2e-6, rtol=0)
        strategy.tell(np.arange(12.0))


@pytest.mark.parametrize("rank", [1, 2, 4])
@pytest.mark.parametrize("kind", ["openai", "ars"])
def test_an_update_is_the_weighted_sum_of_the_directions(rank, kind):
    fitness = np.random.default_rng(0).normal(size=12)
    if kind == "openai":
        strategy = started(rank, optimizer=SGD(learning_rate=1.0), shaping="raw")
        weights = (fitness[::2] - fitness[1::2]) / (12 * 0.1)
    else:
        strategy = es.ARS("V1", directions=6, sigma=0.1, learning_rate=1.0, perturbation=es.LowRank(rank))
        strategy.start(THETA, 3, SHAPES)
        weights = (fitness[::2] - fitness[1::2]) / (6 * fitness.std())
    wanted = sum(w * direction(SHAPES, rank, 3, 0, k) for k, w in enumerate(weights))
    strategy.tell(fitness)
    moved = strategy.mean.astype(float) - THETA
    np.testing.assert_allclose(moved, wanted, atol=2e-6 * np.abs(wanted).max() + 1e-6, rtol=0)


def test_small_matrices_and_vectors_get_full_noise():
    found, size, compact = parts(SHAPES, 1)
    assert [low for _, _, low, _ in found] == [True, False, True, False, True, False, False]
    bound = Perturbation(1, ThetaShape.of_shapes(SHAPES))
    assert bound.compact == compact < size == SIZE
    # rank (m + n) < m n decides: at rank 4 the 40 x 3 has fewer numbers than factors
    assert [m[1:3] for m in Perturbation(4, ThetaShape.of_shapes(SHAPES)).matrices] == [(5, 30), (30, 40)]
    assert [m[1:3] for m in Perturbation(16, ThetaShape.of_shapes(SHAPES)).matrices] == [(30, 40)]


def test_layers_directions_and_generations_share_no_noise():
    strategy = started(shapes=[(30, 40), (30, 40)], theta=np.zeros(2400, np.float32), directions=40)
    seen = []
    for _ in range(3):
        seen.append(strategy.ask()[::2].reshape(40, 2, 1200))
        strategy.tell(np.zeros(80))
    eps = np.concatenate(seen).reshape(-1, 1200).astype(float)  # every layer of every direction
    likeness = np.corrcoef(eps) - np.eye(len(eps))
    # of two outer products of 30 and 40 normals it has a deviation of 1 / sqrt(1200) and longer tails than a
    # normal; with one vector in common it would pass 0.5 among so many
    assert np.abs(likeness).max() < 0.3
    assert abs(likeness.mean()) < 0.001


def test_outputs_first_is_the_same_noise_turned():
    theta = np.zeros(1200, np.float32)
    plain = started(2, ThetaShape(1200, (Matrix(0, 30, 40),)), theta)
    turned = started(2, ThetaShape(1200, (Matrix(0, 30, 40, True),)), theta)
    for _ in range(2):
        rows = turned.ask().reshape(-1, 40, 30).transpose(0, 2, 1)
        np.testing.assert_array_equal(rows, plain.ask().reshape(-1, 30, 40))
        plain.tell(np.arange(12.0))
        turned.tell(np.arange(12.0))


def test_kernels_and_torch_order_in_shapes():
    shape = ThetaShape.of_shapes([(8, 3, 5, 5), (8,), (4, 6)], outputs_first=True)
    assert shape == ThetaShape(632, (Matrix(0, 75, 8, True), Matrix(608, 6, 4, True)))


@pytest.mark.parametrize("threads", [2, 3, 8])
@pytest.mark.parametrize("rank", [1, 3])
def test_threads_change_no_bit_of_an_update(threads, rank):
    # so large that threads are used, and more directions than are held at one time
    bound = Perturbation(rank, ThetaShape.of_shapes([(700, 310), (310,), (310, 333)])).native
    weights = es.noise(1, 0, 0, 900)
    weights[::7] = 0
    one = _core.testing.low_rank_sum(bound, 5, 2, weights, threads=1)
    np.testing.assert_array_equal(one, _core.testing.low_rank_sum(bound, 5, 2, weights, threads=threads))


def test_the_order_of_an_update_does_not_depend_on_how_many_directions_are_held():
    """In float32 with fma: directions in order, ranks inside, then the factor."""
    shapes, rank = [(11, 9), (6,)], 2
    bound = Perturbation(rank, ThetaShape.of_shapes(shapes))
    weights = es.noise(1, 0, 0, 50)
    sums = np.zeros((11, 9), np.float64)
    for k, w in enumerate(weights):
        a, b = bound.matrices[0].factors(es.noise(7, 1, k, bound.compact), rank)
        for j in range(rank):  # a product of two float32 is exact in float64, and one rounding follows
            wa = (w * a[j]).astype(np.float32).astype(np.float64)
            sums = (np.outer(wa, b[j].astype(np.float64)) + sums).astype(np.float32).astype(np.float64)
    wanted = sums.astype(np.float32) * np.float32(1 / np.sqrt(2))
    found = _core.testing.low_rank_sum(bound.native, 7, 1, weights)[:99].reshape(11, 9)
    assert (found != wanted).mean() < 0.05  # float64 rounds the sum once more, seldom the other way
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-6)


def test_the_best_member_is_one_that_was_asked_for():
    strategy = started(2)
    rows = strategy.ask()
    strategy.tell(np.arange(12.0))
    np.testing.assert_array_equal(strategy.best, rows[11])


def test_a_strategy_goes_on_bit_for_bit():
    strategy = started(2)
    strategy.tell(np.arange(12.0))
    again = es.Strategy.from_config(json.loads(json.dumps(strategy.config())))
    assert again.perturbation == es.LowRank(2) == strategy.perturbation
    again.load_state_dict(strategy.state_dict())
    for _ in range(3):
        np.testing.assert_array_equal(strategy.ask(), again.ask())
        strategy.tell(np.arange(12.0) ** 2)
        again.tell(np.arange(12.0) ** 2)
    np.testing.assert_array_equal(strategy.mean, again.mean)


def test_full_noise_is_the_default_and_takes_shapes():
    strategy = es.OpenAIES(directions=6, sigma=0.1)
    assert strategy.perturbation is None and "perturbation" not in strategy.config()
    strategy.start(THETA, 3, SHAPES)
    assert strategy.population().perturbation is None and "matrices" not in strategy.state_dict()
    assert es.LowRank() == es.LowRank(rank=1) and repr(es.LowRank(2)) == "LowRank(rank=2)"
    assert "perturbation=LowRank(rank=3)" in repr(started(3))


def test_bounds_fold_members_of_low_rank_too():
    strategy = started(bounds=(-0.5, 0.5), theta=np.clip(THETA, -0.4, 0.4))
    rows = strategy.ask()
    assert np.abs(rows).max() <= 0.5
    np.testing.assert_array_equal(rows, strategy.population().rows)


# -------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize("kind", ["SNES", "PGPE", "SepCMAES", "CMAES", "CholeskyCMAES", "CRFMNES"])
def test_other_strategies_refuse_by_name(kind):
    with pytest.raises(ValueError, match=rf"perturbation: got LowRank\(rank=1\), but {kind} .*OpenAIES"):
        getattr(es, kind)(perturbation=es.LowRank())
    getattr(es, kind)(perturbation=None)


@pytest.mark.parametrize(
    ("rank", "error"),
    [(0, ValueError), (-1, ValueError), (1.5, TypeError), ("1", TypeError), (True, TypeError)],
)
def test_a_rank_that_is_none_is_refused(rank, error):
    with pytest.raises(error, match="rank: got"):
        es.LowRank(rank)


@pytest.mark.parametrize("given", [1, "LowRank", es.LowRank])
def test_what_is_no_perturbation_is_refused(given):
    with pytest.raises(TypeError, match=r"perturbation: got .*wanted es\.LowRank"):
        es.OpenAIES(perturbation=given)


def test_shapes_that_do_not_fit_are_refused():
    strategy = es.OpenAIES(directions=6, perturbation=es.LowRank())
    with pytest.raises(ValueError, match=r"shapes: missing, and LowRank\(rank=1\) needs"):
        strategy.start(THETA)
    with pytest.raises(ValueError, match=f"shapes: got {SIZE - 4} numbers in all, wanted theta0's {SIZE}"):
        strategy.start(THETA, 0, SHAPES[:-1])
    with pytest.raises(ValueError, match="shapes: number 1 is"):
        strategy.start(THETA, 0, [(5, 30), (0,)])
    with pytest.raises(TypeError, match="shapes: number 0 is 7"):
        strategy.start(THETA, 0, [7])
    with pytest.raises(TypeError, match="shapes: got 7"):
        strategy.start(THETA, 0, 7)
    with pytest.raises(ValueError, match="matrix at 4: begins before"):
        ThetaShape(30, (Matrix(0, 5, 6), Matrix(4, 5, 5)))
    with pytest.raises(ValueError, match="do not fit into 20 parameters"):
        ThetaShape(20, (Matrix(0, 5, 6),))


def test_damaged_state_is_refused_and_leaves_the_strategy():
    strategy = started(2)
    strategy.tell(np.arange(12.0))
    state, mean = strategy.state_dict(), strategy.mean
    wrong = state["matrices"].copy()
    wrong[0, 0] = 10**6
    for matrices in (wrong, wrong[:, :3], wrong.astype(float), np.zeros((0, 5), int)):
        with pytest.raises(ValueError, match="matri"):
            strategy.load_state_dict({**state, "matrices": matrices})
    with pytest.raises(ValueError, match="'matrices' is missing"):
        strategy.load_state_dict({name: value for name, value in state.items() if name != "matrices"})
    np.testing.assert_array_equal(strategy.mean, mean)
    with pytest.raises(AttributeError, match="cannot change it once it is made"):
        strategy.perturbation = None
