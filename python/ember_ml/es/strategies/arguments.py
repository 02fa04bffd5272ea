"""What strategies are given, checked and turned into arrays and numbers."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def whole(name: str, value: Any, least: int) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name}: got {value!r}, wanted a whole number of at least {least}") from None
    if number < least:
        raise ValueError(f"{name}: got {number}, wanted a whole number of at least {least}")
    return number


def as_array(name: str, value: Any) -> NDArray[Any]:
    """`value` as an array; a torch tensor may have a gradient or lie on a device."""
    try:
        return np.asarray(value.detach().cpu() if hasattr(value, "detach") else value)
    except (TypeError, ValueError):
        raise TypeError(f"{name}: got {type(value).__name__}, wanted an array of real numbers") from None


def as_fitness(fitness: ArrayLike) -> NDArray[np.float64]:
    values = as_array("fitness", fitness)
    try:
        if values.dtype.kind not in "fiubO":  # text would be read as numbers, imaginary parts left out
            raise TypeError
        return values.astype(np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"fitness: got {values.dtype} values, wanted an array of real numbers") from None


def plain(value: Any) -> Any:
    """numpy's number, or array without dimensions, as Python's."""
    return value.item() if isinstance(value, (np.generic, np.ndarray)) and value.ndim == 0 else value
