"""One line about a training that runs, on a terminal only."""

from __future__ import annotations

import sys
import time
from typing import Any

from ember_ml.es.history import History

#: Seconds before the line appears, and between its changes.
PATIENCE = 0.5
REFRESH = 0.1


class Progress:
    """A progress line that appears only when a run is still going after half a second.

    Args:
        wanted: False shows nothing; True shows it if standard error is a terminal.
        total: generations of this run, None where unknown.
    """

    def __init__(self, wanted: bool, total: int | None) -> None:
        self._wanted = wanted and sys.stderr is not None and sys.stderr.isatty()
        self._total = total
        self._bar: Any = None
        self._next = time.perf_counter() + PATIENCE

    @property
    def next_look(self) -> float | None:
        """`time.perf_counter()` at which somebody should call `show`; None when nothing is shown."""
        return self._next if self._wanted else None

    def show(self, history: History, first: int) -> None:
        """Brings the line up to date. `first` is the generation at which the run began."""
        if not self._wanted or time.perf_counter() < self._next or not len(history):
            return
        done = len(history) - first
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(total=self._total, unit="gen", leave=False, dynamic_ncols=True, smoothing=0.1)
        self._next = time.perf_counter() + REFRESH
        self._bar.update(done - self._bar.n)
        record = history[-1]
        self._bar.set_postfix_str(
            f"return {record['policy_return']:.2f}, mean {record['population_mean']:.2f}", refresh=True
        )

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
