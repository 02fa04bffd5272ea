"""States of strategies: what is incomplete, of another size or unknown is refused; large seeds survive."""

from __future__ import annotations

import numpy as np
import pytest
from ember_ml.es.strategies import Strategy
from test_strategies import MADE, D, sphere


@pytest.mark.parametrize("broken", ["mean", "generation", "optimizer.first"])
def test_incomplete_state_is_refused(broken):
    made = MADE["OpenAIES"]()
    made.start(np.ones(D), seed=3)
    made.tell(sphere(made.ask()))
    before, state = made.mean, made.state_dict()
    del state[broken]
    with pytest.raises(ValueError, match=broken):
        made.load_state_dict(state)
    assert np.array_equal(made.mean, before)


def test_state_of_another_size_is_refused():
    made = MADE["OpenAIES"]()
    made.start(np.ones(D))
    state = made.state_dict()
    state["best"] = np.zeros(D + 1, np.float32)
    with pytest.raises(ValueError, match="'best' has 11 values, wanted 10"):
        made.load_state_dict(state)


def test_unknown_config_is_refused():
    with pytest.raises(ValueError, match="'Magic' is not known"):
        Strategy.from_config({"type": "Magic"})
    with pytest.raises(ValueError, match="SNES does not take"):
        Strategy.from_config({"type": "SNES", "temperature": 1})


def test_large_seeds_survive_a_checkpoint():
    made = MADE["SNES"]()
    made.start(np.ones(D), seed=2**64 - 1)
    other = MADE["SNES"]()
    other.load_state_dict(made.state_dict())
    assert other.seed == 2**64 - 1 and np.array_equal(other.ask(), made.ask())
