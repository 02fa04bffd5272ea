"""Every SIMD level gives the same strategies, bit for bit."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from ember_ml import _core
from ember_ml.es.strategies import ARS, PGPE, SNES, OpenAIES, SepCMAES, Strategy
from simd_levels import digest_at


def digest() -> str:
    """Of every strategy's state after a few generations, with sizes that leave lanes over."""
    hashed = hashlib.sha256()
    made: list[Strategy] = [
        OpenAIES(directions=6, optimizer={"name": name, "learning_rate": 0.1}, weight_decay=0.1)
        for name in ("SGD", "Adam", "AdamW", "ClipUp")
    ]
    made += [
        OpenAIES(6, optimizer={"name": "SGD", "learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
        ARS("V1-t", 6, 4),
        SNES(6),
        PGPE(6),
        SepCMAES(members=7),
    ]
    for strategy in made:
        strategy.start(np.linspace(-1, 1, 1237), seed=8)
        for _ in range(4):
            population = strategy.ask().astype(np.float64)
            hashed.update(population.tobytes())
            strategy.tell(-np.square(population).sum(1))
        for value in strategy.state_dict().values():
            hashed.update(np.asarray(value).tobytes())
    return hashed.hexdigest()


@pytest.mark.parametrize("level", _core.simd_levels())
def test_levels_agree(level):
    assert digest_at(level, __file__) == digest()
