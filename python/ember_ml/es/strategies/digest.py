"""One number for where a training stands, by which copies of it are compared."""

from __future__ import annotations

from typing import Any

import numpy as np

from ember_ml import _core
from ember_ml.policy.observation import ObservationStatistics


def state_digest(strategy: Any, statistics: ObservationStatistics | None) -> int:
    """64 bits over everything that a started strategy and the statistics would go on from.

    Every single flipped bit changes it. It finds accidents, not malice; Run.digest names a result.
    """
    if strategy._native is not None and strategy._step is None:
        return int(_core.state_digest(strategy._native, None if statistics is None else statistics.native))
    parts: list[Any] = []
    states = [strategy.state_dict(), {} if statistics is None else statistics.state_dict()]
    for state in states:
        for name in sorted(state):
            parts += [name.encode(), np.ascontiguousarray(state[name])]
    return int(_core.digest(parts))
