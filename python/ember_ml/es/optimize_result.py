"""What `es.optimize` gives back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ember_ml.es.interrupt import acknowledge
from ember_ml.rollout import Float64

#: One record a generation. Values are f's own, whether it was maximised or minimised.
FIELDS = np.dtype(
    [
        ("generation", np.int64),
        ("evaluations", np.int64),  # so far
        ("best", np.float64),  # value so far
        ("generation_best", np.float64),
        ("generation_mean", np.float64),  # of the members that did not fail; NaN where all did
        ("sigma", np.float64),  # mean deviation of the members, in units of x
    ]
)


class OptimizeResult:
    """The best point that was evaluated, and how it was come by.

    Attributes:
        x: float64 (parameters,).
        value: f(x). Where f is noisy this is a lucky draw, and `mean` is the better answer.
        mean: centre of the search distribution at the end, float64 (parameters,); not evaluated.
        evaluations: of f, x0 included.
        generations: whole ones.
        failed: evaluations that ranked last: NaN or an exception with ``on_error="rank_last"``, or infinity.
        history: records of the generations (`FIELDS`), a structured array: ``history["best"]``.
        success: whether `until` was reached, or, without `until`, the search has come to rest.
        reason: "until", "tolerance", "resolution", "flat", "diverged", "callback", "interrupted", or the
            limit that ended it: "generations", "evaluations", "seconds".
        message: the reason in a sentence.
        minimized: whether small values were looked for.
        seed: that repeats the search.
        strategy: what was used, as text.
    """

    def __init__(
        self,
        x: Float64,
        value: float,
        mean: Float64,
        evaluations: int,
        failed: int,
        history: NDArray[Any],
        success: bool,
        reason: str,
        message: str,
        minimized: bool,
        seed: int,
        strategy: str,
    ) -> None:
        self.x, self.value, self.mean = x, value, mean
        self.evaluations, self.generations, self.failed = evaluations, len(history), failed
        self.history = history
        self.success, self.message, self.minimized = success, message, minimized
        self.seed, self.strategy = seed, strategy
        self._reason = reason

    @property
    def reason(self) -> str:
        acknowledge(self)  # of an interruption: see ember_ml.es.interrupt
        return self._reason

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended it. If a loop of searches does not look, its next one raises
        KeyboardInterrupt.
        """
        return self.reason == "interrupted"

    def __repr__(self) -> str:
        shown = np.array2string(self.x, precision=6, threshold=12, separator=", ")
        what = "minimum" if self.minimized else "maximum"
        return (
            f"OptimizeResult({what} {self.value:.10g} at x={shown}; {self.evaluations:,} evaluations in"
            f" {self.generations:,} generations, {'success' if self.success else 'no success'}:"
            f" {self.reason}, {self.message})"
        )
