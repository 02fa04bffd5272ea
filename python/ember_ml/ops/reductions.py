"""Functions over axes.

`axis` is None (all axes), an integer, or for most a tuple of them; negative ones count from the end.
`keepdims` leaves reduced axes in place with length 1. Indices are int32. Sums of integers are int32, or int64
if the input is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ember_ml.backend import active as _active

Axis = int | Sequence[int] | None


def sum(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The sum; of nothing it is 0."""
    return _active.sum(x, axis, keepdims)


def prod(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The product; of nothing it is 1."""
    return _active.prod(x, axis, keepdims)


def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The arithmetic mean, float32 for integers; of nothing it is NaN."""
    return _active.mean(x, axis, keepdims)


def var(x: Any, axis: Axis = None, keepdims: bool = False, correction: float = 0) -> Any:
    """The variance: squared deviations divided by n - correction (0: of a population, 1: estimated of a
    sample).
    """
    return _active.var(x, axis, keepdims, correction=correction)


def std(x: Any, axis: Axis = None, keepdims: bool = False, correction: float = 0) -> Any:
    """The standard deviation, the square root of `var`."""
    return _active.std(x, axis, keepdims, correction=correction)


def min(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The smallest; NaN if there is one.

    Raises:
        ValueError: there is nothing to take it of.
    """
    return _active.min(x, axis, keepdims)


def max(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The largest; NaN if there is one.

    Raises:
        ValueError: there is nothing to take it of.
    """
    return _active.max(x, axis, keepdims)


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Index of the smallest, the first of equals; in the flat array if axis is None.

    Raises:
        ValueError: there is nothing to take it of.
    """
    return _active.argmin(x, axis, keepdims)


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Index of the largest, the first of equals; in the flat array if axis is None.

    Raises:
        ValueError: there is nothing to take it of.
    """
    return _active.argmax(x, axis, keepdims)


def all(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Whether all are true; of nothing it is True."""
    return _active.all(x, axis, keepdims)


def any(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Whether one is true; of nothing it is False."""
    return _active.any(x, axis, keepdims)


def cumsum(x: Any, axis: int | None = None) -> Any:
    """Running sums along an axis, or of the flat array."""
    return _active.cumsum(x, axis)


def sort(x: Any, axis: int = -1, descending: bool = False) -> Any:
    """Sorted values along an axis."""
    return _active.sort(x, axis, descending)


def argsort(x: Any, axis: int = -1, descending: bool = False) -> Any:
    """Indices that sort along an axis; equals keep their order (also when descending)."""
    return _active.argsort(x, axis, descending)


def percentile(x: Any, q: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """The q-th percentile(s), q in [0, 100], between neighbours by linear interpolation; float32 for
    integers.

    A sequence of q gives a leading axis of its length.

    Raises:
        ValueError: q is outside [0, 100], or there is nothing to take it of.
    """
    if isinstance(q, list | tuple):
        return _active.stack([percentile(x, one, axis, keepdims) for one in q])
    q = float(q)
    if not 0 <= q <= 100:
        raise ValueError(f"q must lie in [0, 100], got {q}")
    shape = _active.shape(x)
    if axis is None:
        x, along = _active.reshape(x, (-1,)), 0
    else:
        along = axis
    x = _active.sort(x, along, False)
    count = _active.shape(x)[along]
    if count == 0:
        raise ValueError(f"percentile of nothing: axis {axis} of shape {shape} is empty")
    position = q / 100 * (count - 1)
    low = int(position)
    high = low + 1 if low + 1 < count else low
    below, above = _active.take(x, low, along), _active.take(x, high, along)
    # Rounding and infinities: a neighbour with no weight must not take part.
    weight = position - low
    result = (
        _active.add(_active.multiply(below, 1.0), 0.0)
        if weight == 0
        else _active.add(_active.multiply(below, 1 - weight), _active.multiply(above, weight))
    )
    if not keepdims:
        return result
    return _active.reshape(result, (1,) * len(shape)) if axis is None else _active.expand_dims(result, axis)


def median(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """The middle value, or the mean of the two middle ones; float32 for integers.

    Raises:
        ValueError: there is nothing to take it of.
    """
    return percentile(x, 50, axis, keepdims)
