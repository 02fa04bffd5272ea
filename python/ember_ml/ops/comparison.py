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
    x, y = _active.multiply(x, 1.0), _active.multiply(y, 1.0)
    # An infinite y makes both sides infinite: there only equality counts.
    near = _active.less_equal(
        _active.abs(_active.subtract(x, y)), _active.add(_active.multiply(_active.abs(y), rtol), atol)
    )
    close = _active.logical_or(_active.logical_and(near, _active.isfinite(y)), _active.equal(x, y))
    if equal_nan:
        close = _active.logical_or(close, _active.logical_and(_active.isnan(x), _active.isnan(y)))
    return close


def allclose(x: Any, y: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether `isclose` holds everywhere, as a Python bool."""
    return bool(_active.item(_active.all(isclose(x, y, rtol, atol, equal_nan), None, False)))


def where(condition: Any, x: Any, y: Any) -> Any:
    """x where the condition is true, y elsewhere."""
    return _active.where(condition, x, y)
