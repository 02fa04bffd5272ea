"""One meaning of `directions` and `members`, for every strategy."""

from __future__ import annotations

import json

import numpy as np
import pytest
from ember_ml.es.strategies import (
    ARS,
    CMAES,
    CRFMNES,
    PGPE,
    SNES,
    CholeskyCMAES,
    OpenAIES,
    SepCMAES,
    Strategy,
)

ALL = (OpenAIES, ARS, SNES, PGPE, SepCMAES, CRFMNES, CholeskyCMAES, CMAES)


def started(strategy, parameters=6):
    if isinstance(strategy, CMAES):
        pytest.importorskip("cma", reason="cma is not installed")
    strategy.start(np.zeros(parameters), seed=1)
    return strategy


@pytest.mark.parametrize("kind", ALL)
def test_directions_cost_two_members_each(kind):
    assert len(started(kind(directions=16)).ask()) == 32
    assert len(started(kind(members=32)).ask()) == 32
    assert kind(members=32).config() == kind(directions=16).config()
    assert started(kind(directions=1)).members == 2


@pytest.mark.parametrize("kind", [OpenAIES, SNES, PGPE])
def test_single_members_are_one_a_direction(kind):
    assert started(kind(directions=16, antithetic=False)).members == 16
    assert started(kind(members=15, antithetic=False)).members == 15


@pytest.mark.parametrize("kind", [SepCMAES, CholeskyCMAES, CMAES])
def test_strategies_without_pairs_take_odd_numbers(kind):
    assert started(kind(members=7)).members == 7
    assert started(kind()).members == 4 + int(3 * np.log(6))
    with pytest.raises(ValueError, match="members: got 1, wanted at least 2"):
        kind(members=1)


@pytest.mark.parametrize("kind", [OpenAIES, ARS, SNES, PGPE, CRFMNES])
def test_pairs_refuse_odd_numbers(kind):
    with pytest.raises(ValueError, match="members: got 15, wanted an even number"):
        kind(members=15)


@pytest.mark.parametrize("kind", ALL)
def test_bad_sizes(kind):
    with pytest.raises(ValueError, match="members: got 32 beside directions=16, wanted one of the two"):
        kind(directions=16, members=32)
    default = kind().config().get("directions")
    if default is not None:  # the default number, but given
        with pytest.raises(ValueError, match="wanted one of the two"):
            kind(directions=default, members=32)
    for name in ("directions", "members"):
        with pytest.raises(ValueError, match=f"{name}: got 0"):
            kind(**{name: 0})
        with pytest.raises(ValueError, match=f"{name}: got -2"):
            kind(**{name: -2})
        for wrong in (2.5, True, "4", [4]):
            with pytest.raises(TypeError, match=f"{name}: got"):
                kind(**{name: wrong})


@pytest.mark.parametrize("name", ["SepCMAES", "CMAES"])
def test_a_file_from_before_keeps_its_members(name):
    """They called their number of members `directions`."""
    for size in (None, 7):
        made = Strategy.from_config({"type": name, "directions": size, "sigma": 0.3})
        assert made.config() == {"type": name, "members": size, "sigma": 0.3}


@pytest.mark.parametrize("kind", ALL)
def test_numbers_of_numpy_are_numbers(kind):
    made = kind(directions=np.int64(4), sigma=np.float32(0.5))
    assert json.dumps(made.config()) == json.dumps(kind(directions=4, sigma=0.5).config())
    assert type(kind().config().get("directions")) in (int, type(None))
