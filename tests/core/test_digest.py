"""The digest of a state: every flipped bit changes it, wherever it is."""

from __future__ import annotations

import numpy as np
from ember_ml import _core, es
from ember_ml.es.strategies.digest import state_digest
from ember_ml.policy.observation import ObservationStatistics


def test_every_bit_counts_and_so_does_the_length():
    data = np.random.default_rng(0).bytes(75)
    seen = {_core.digest([data]), _core.digest([data + b"\0"]), _core.digest([data[:74]])}
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        seen.add(_core.digest([flipped]))
    assert len(seen) == 3 + 8 * len(data)
    assert _core.digest([data[:40], data[40:]]) != _core.digest([data])


def test_of_a_training_natively_and_in_python():
    for strategy in (es.OpenAIES(directions=4), es.CholeskyCMAES(directions=4)):
        strategy.start(np.zeros(5), seed=1)
        statistics = ObservationStatistics(3)
        before = state_digest(strategy, statistics)
        assert before == state_digest(strategy, statistics) != state_digest(strategy, None)
        state = strategy.state_dict()
        strategy.ask()
        strategy.tell(np.arange(strategy.members))
        assert state_digest(strategy, statistics) != before
        strategy.load_state_dict(state)
        assert state_digest(strategy, statistics) == before
        statistics.native.count = 1.0
        assert state_digest(strategy, statistics) != before
