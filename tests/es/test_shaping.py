"""Fitness shaping against its definitions."""

from __future__ import annotations

import numpy as np
import pytest
from ember_ml.es import shaping
from hypothesis import given
from hypothesis import strategies as st

fitness_lists = st.lists(
    st.one_of(st.floats(-1e6, 1e6), st.integers(-3, 3).map(float), st.just(-np.inf)), min_size=2, max_size=40
)


def average_ranks(values):
    """Ranks from 0, equal values sharing the average: the definition, in O(n^2)."""
    values = np.asarray(values)
    return np.array([(values < v).sum() + ((values == v).sum() - 1) / 2 for v in values])


@given(fitness_lists)
def test_centered_rank(fitness):
    weights = shaping.centered_rank(fitness)
    if len(set(fitness)) == 1:
        assert not weights.any()
    else:
        np.testing.assert_allclose(weights, average_ranks(fitness) / (len(fitness) - 1) - 0.5, atol=1e-12)
        assert abs(weights.sum()) < 1e-9


@given(fitness_lists)
def test_raw_and_z_score_put_failed_members_at_the_worst(fitness):
    values = np.array(fitness)
    finite = values[np.isfinite(values)]
    raw, z = shaping.raw(fitness), shaping.z_score(fitness)
    if len(set(finite)) < 2:
        assert not raw.any() and not z.any()
        return
    repaired = np.where(np.isfinite(values), values, finite.min())
    np.testing.assert_array_equal(raw, repaired)
    deviation = repaired.std()
    if deviation > 1e-9 * np.abs(repaired).max():
        np.testing.assert_allclose(z, (repaired - repaired.mean()) / deviation, atol=1e-6)


def test_top_b_is_that_of_ars():
    rng = np.random.default_rng(1)
    fitness = rng.normal(size=(16, 2)) * 10
    for top in (1, 3, 16):
        kept = np.sort(np.argsort(-fitness.max(1), kind="stable")[:top])
        expected = np.zeros(16)
        expected[kept] = (fitness[kept, 0] - fitness[kept, 1]) / (top * fitness[kept].std())
        np.testing.assert_allclose(shaping.top_b(fitness.ravel(), top), expected, rtol=1e-12)


def test_top_b_keeps_the_first_among_equals():
    weights = shaping.top_b([1.0, 5.0, 5.0, 2.0, 0.0, 5.0], top=2)
    assert weights[0] < 0 < weights[1] and weights[2] == 0


def test_plus_members_are_not_favoured_on_ties():
    """Pairs with equal returns must not move the mean."""
    weights = shaping.centered_rank([3.0, 3.0, 1.0, 1.0, 2.0, 2.0])
    assert np.array_equal(weights[::2], weights[1::2])


@pytest.mark.parametrize("function", [shaping.raw, shaping.centered_rank, shaping.z_score])
def test_no_spread(function):
    for fitness in ([2.0], [2.0, 2.0], [-np.inf, -np.inf]):
        assert not function(fitness).any()


def test_huge_and_tiny_fitness():
    assert np.isfinite(shaping.z_score([1e300, -1e300, 0.0])).all()
    assert not shaping.z_score([1e308, -1e308]).any()  # the deviation overflows: no update rather than NaN
    assert np.isfinite(shaping.top_b([1e300, -1e300], 1)).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: shaping.raw([1.0, np.nan]), "fitness: member 1 has nan"),
        (lambda: shaping.z_score([np.inf, 1.0]), "fitness: member 0 has inf"),
        (lambda: shaping.centered_rank([[1.0]]), r"fitness: got shape \(1, 1\)"),
        (lambda: shaping.top_b([1.0, 2.0, 3.0], 1), "fitness: wanted pairs"),
        (lambda: shaping.top_b([1.0, 2.0], 2), "top: got 2"),
        (lambda: shaping.top_b([1.0, 2.0], 0), "top: got 0"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
