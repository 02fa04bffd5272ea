"""The evaluated returns that a run holds, in the form that pictures take."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Final(NamedTuple):
    """The evaluation of the policy that a run gives back: mean, 95% interval of the mean, episodes."""

    mean: float
    low: float
    high: float
    episodes: int


class Band(NamedTuple):
    """Evaluations during training: updates made before, mean, ends of the mean's 95% interval."""

    generation: NDArray[np.int64]
    mean: Floats
    low: Floats
    high: Floats

    def places(self, records: Any, horizontal: Floats) -> Floats:
        """Where evaluations stand on the horizontal axis: at the record of the generation that played the
        same policy; after the last update at the last record.
        """
        index = np.searchsorted(records["generation"], self.generation)
        return horizontal[np.minimum(index, len(horizontal) - 1)]


def final(run: Any) -> Final | None:
    """The run's final evaluation, or None where it has none."""
    result = getattr(run, "evaluation", None)
    if result is None:
        return None
    low, high = result.confidence_interval
    return Final(float(result.mean), float(low), float(high), len(result.returns))


def band(run: Any) -> Band | None:
    """The run's evaluations during training, or None where there are none."""
    records = getattr(run, "evaluations", None)
    if records is None or not len(records):
        return None
    columns = [
        np.asarray([_field(record, key) for record in records])
        for key in ("generation", "mean", "low", "high")
    ]
    return Band(columns[0].astype(np.int64), *(column.astype(np.float64) for column in columns[1:]))


def _field(record: Any, key: str) -> Any:
    return getattr(record, key) if hasattr(record, key) else record[key]
