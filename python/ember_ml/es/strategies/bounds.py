"""Bounds of the parameters in plain optimisation: one rule for every strategy, reflection."""

from __future__ import annotations

from typing import Any

import numpy as np

from ember_ml.rollout import Float32, Float64

_WANTED = "wanted (low, high), each a number, None or one number a parameter"


class Bounds:
    """A box, and the reflection of any point into it.

    The distribution of a bounded strategy lives outside of the box too; what it gives away (members, mean,
    best) is folded back at the bounds, as often as needed, like light between two mirrors. Seen by the
    strategy the objective goes on beyond a bound as its mirror image: continuous, with the same slope, and an
    optimum on a bound is one in the middle of a valley (docs/strategies.md says why this rule).

    Attributes:
        low, high: float64, 0-d or (parameters,); infinite where there is no bound.
    """

    def __init__(self, low: Any, high: Any) -> None:
        """
        Raises:
            ValueError: a value is NaN, a low is not below its high, or the shapes do not fit.
            TypeError: not real numbers.
        """
        self.low, self.high = _side("low", low, -np.inf), _side("high", high, np.inf)
        if self.low.ndim and self.high.ndim and self.low.shape != self.high.shape:
            raise ValueError(
                f"bounds: got {self.low.size} low and {self.high.size} high values, wanted as many of each"
            )
        low, high = np.broadcast_arrays(self.low, self.high)
        empty = ~(low < high)
        # Members are float32: the outermost float32 numbers that are inside.
        with np.errstate(over="ignore"):
            self._low, self._high = self.low.astype(np.float32), self.high.astype(np.float32)
        up, down = np.float32(np.inf), np.float32(-np.inf)
        self._low = np.where(self._low < self.low, np.nextafter(self._low, up), self._low)
        self._high = np.where(self._high > self.high, np.nextafter(self._high, down), self._high)
        narrow = np.broadcast_to(self._low > self._high, empty.shape)
        if (empty | narrow).any():
            index = int(np.argmax(np.atleast_1d(empty | narrow)))
            shown = f"{np.atleast_1d(low)[index]:.9g} to {np.atleast_1d(high)[index]:.9g}"
            which = f" of parameter {index}" if low.ndim else ""
            what = "wanted low < high" if empty.any() else "which holds no float32 number"
            raise ValueError(f"bounds: got {shown}{which}, {what}")

    @staticmethod
    def of(bounds: Any) -> Bounds | None:
        """From what a user gives: (low, high), or None; None too where all are infinite."""
        if bounds is None:
            return None
        if isinstance(bounds, Bounds):
            return bounds
        try:
            low, high = bounds
        except (TypeError, ValueError):
            raise ValueError(f"bounds: got {bounds!r}, {_WANTED}") from None
        made = Bounds(low, high)
        return None if np.isinf(made.low).all() and np.isinf(made.high).all() else made

    def config(self) -> list[Any]:
        """(low, high) fit for JSON: None where there is no bound."""
        return [_plain(self.low), _plain(self.high)]

    def arrays(self, parameters: int) -> tuple[Float64, Float64]:
        """low and high, float64 (parameters,)."""
        return tuple(np.broadcast_to(side, (parameters,)).copy() for side in (self.low, self.high))  # type: ignore[return-value]

    def begin(self, theta0: Float64, name: str = "theta0") -> Float32:
        """theta0 (parameters,), which an error calls `name`, as a strategy starts from it.

        Raises:
            ValueError: it has another number of parameters than the bounds, or lies outside.
        """
        for side in (self.low, self.high):
            if side.ndim and side.shape != theta0.shape:
                raise ValueError(f"bounds: got {side.size} values for {theta0.size} parameters")
        outside = (theta0 < self.low) | (theta0 > self.high)
        if outside.any():
            index = int(np.argmax(outside))
            low, high = (side[index] for side in self.arrays(theta0.size))
            raise ValueError(
                f"{name}: value {index} is {theta0[index]:.9g}, outside its bounds {low:.9g} to {high:.9g}"
            )
        return self._cast(theta0)

    def fold(self, x: Any) -> Float32:
        """Points (..., parameters), float32 or float64, reflected into the box; what is inside stays."""
        x = np.asarray(x, np.float64)
        below, above = np.isfinite(self.low), np.isfinite(self.high)
        low, high = np.where(below, self.low, 0.0), np.where(above, self.high, 0.0)
        width = np.where(below & above, high - low, 1.0)
        way = np.mod(x - low, 2 * width)
        both = low + np.minimum(way, 2 * width - way)
        one = np.where(below, low + np.abs(x - low), high - np.abs(high - x))
        folded = np.where(below & above, both, one)
        return self._cast(np.where((x < self.low) | (x > self.high), folded, x))

    def _cast(self, x: Float64) -> Float32:
        inside: Float32 = np.clip(x.astype(np.float32), self._low, self._high)
        return inside


def _side(name: str, value: Any, missing: float) -> Float64:
    array = np.asarray(missing if value is None else value)
    if array.dtype == object:  # some of them None
        array = np.asarray([missing if one is None else one for one in array.ravel().tolist()])
    if array.dtype.kind not in "fiu":
        raise TypeError(f"bounds: got {name} {value!r}, {_WANTED}")
    if array.ndim > 1:
        raise ValueError(f"bounds: got {name} of shape {array.shape}, {_WANTED}")
    array = array.astype(np.float64)
    if np.isnan(array).any():
        raise ValueError(f"bounds: got NaN in {name}, {_WANTED}")
    return array


def _plain(side: Float64) -> Any:
    values = [None if np.isinf(value) else float(value) for value in side.ravel()]
    return values if side.ndim else values[0]
