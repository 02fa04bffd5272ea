"""Comparison and logic: results are boolean arrays."""

from __future__ import annotations

from typing import Any

from ember_ml.backend import active as _active


def equal(x: Any, y: Any) -> Any:
    """x == y."""
    return _active.equal(x, y)


def not_equal(x: Any, y: Any) -> Any:
    """x != y."""
    return _active.not_equal(x, y)


def less(x: Any, y: Any) -> Any:
    """x < y."""
    return _active.less(x, y)


def less_equal(x: Any, y: Any) -> Any:
    """x <= y."""
    return _active.less_equal(x, y)


def greater(x: Any, y: Any) -> Any:
    """x > y."""
    return _active.greater(x, y)


def greater_equal(x: Any, y: Any) -> Any:
    """x >= y."""
    return _active.greater_equal(x, y)


def logical_and(x: Any, y: Any) -> Any:
    """Both are true (not zero)."""
    return _active.logical_and(x, y)


def logical_or(x: Any, y: Any) -> Any:
    """One at least is true."""
    return _active.logical_or(x, y)


def logical_xor(x: Any, y: Any) -> Any:
    """Exactly one is true."""
    return _active.logical_xor(x, y)


def logical_not(x: Any) -> Any:
    """x is not true."""
    return _active.logical_not(x)


def isnan(x: Any) -> Any:
    """x is not a number."""
    return _active.isnan(x)


def isfinite(x: Any) -> Any:
    """x is neither infinite nor NaN."""
    return _active.isfinite(x)


def isclose(x: Any, y: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """abs(x - y) <= atol + rtol * abs(y); infinities are close to themselves only."""
    same = _active.equal(x, y)
    finite = _active.logical_and(_active.isfinite(x), _active.isfinite(y))
    left, right = _active.where(finite, x, 0.0), _active.where(finite, y, 0.0)
    distance = _active.abs(_active.subtract(left, right))
    near = _active.less_equal(distance, _active.add(_active.multiply(_active.abs(right), rtol), atol))
    close = _active.logical_or(same, _active.logical_and(finite, near))
    if equal_nan:
        close = _active.logical_or(close, _active.logical_and(_active.isnan(x), _active.isnan(y)))
    return close


def allclose(x: Any, y: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether `isclose` holds everywhere, as a Python bool."""
    return bool(_active.item(_active.all(isclose(x, y, rtol, atol, equal_nan), None, False)))


def where(condition: Any, x: Any, y: Any) -> Any:
    """x where the condition is true, y elsewhere."""
    return _active.where(condition, x, y)
