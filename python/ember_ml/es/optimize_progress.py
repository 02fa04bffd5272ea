"""A bar for searches that take their time."""

from __future__ import annotations

import sys
import time
from typing import Any

from ember_ml.es.trainer.progress import PATIENCE, REFRESH, _in_notebook


class OptimizeProgress:
    """A bar that appears, on a terminal or in a notebook, when a search is still going after half a second.

    Args:
        wanted: False shows nothing.
        total: generations, None where unknown.
    """

    def __init__(self, wanted: bool, total: int | None) -> None:
        self._wanted = wanted and sys.stderr is not None and (sys.stderr.isatty() or _in_notebook())
        self._total = total
        self._bar: Any = None
        self._next = time.perf_counter() + PATIENCE

    def show(self, record: dict[str, Any]) -> None:
        if not self._wanted or time.perf_counter() < self._next:
            return
        if self._bar is None:
            from tqdm.auto import tqdm

            self._bar = tqdm(total=self._total, unit="gen", leave=False, dynamic_ncols=True)
        self._next = time.perf_counter() + REFRESH
        self._bar.update(record["generation"] + 1 - self._bar.n)
        self._bar.set_postfix_str(f"best {record['best']:.6g}, {record['evaluations']:,} evaluations")

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
