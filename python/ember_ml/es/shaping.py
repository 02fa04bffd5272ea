"""Fitness shaping: what an update weighs noise with. Larger fitness is better, -inf marks a failed member.

Each function gives float64 weights of the fitness's length (`top_b`: one for each pair), all zero where the
fitness has no spread: all equal, all failed, or a single member. Then a strategy makes no update.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ember_ml import _core

__all__ = ["centered_rank", "raw", "top_b", "z_score"]

Float64 = NDArray[np.float64]


def raw(fitness: ArrayLike) -> Float64:
    """The fitness itself; failed members take the worst finite one."""
    return _core.shape("raw", _checked(fitness))


def centered_rank(fitness: ArrayLike) -> Float64:
    """Ranks from -0.5 (worst) to 0.5 (best); equal members share the average of their ranks (Salimans et al.
    2017).

    An order by index among equals would favour the plus members of the pairs.
    """
    return _core.shape("centered_rank", _checked(fitness))


def z_score(fitness: ArrayLike) -> Float64:
    """(fitness - mean) / standard deviation; failed members take the worst finite fitness first."""
    return _core.shape("z_score", _checked(fitness))


def top_b(fitness: ArrayLike, top: int) -> Float64:
    """Weights of the pairs (2k, 2k+1) as in ARS (Mania et al. 2018).

    The `top` pairs with the larger better member (among equals the first) get (f_2k - f_2k+1) / (top *
    deviation), deviation being that of the 2 * top fitnesses kept; the others get 0.

    Raises:
        ValueError: an odd number of members, or `top` is not in 1 .. pairs.
    """
    return _core.shape_top(_checked(fitness), top)


def _checked(fitness: ArrayLike) -> Float64:
    values = np.asarray(fitness, np.float64)
    if values.ndim != 1:
        raise ValueError(f"fitness: got shape {values.shape}, wanted (members,)")
    wrong = np.isnan(values) | (values == np.inf)
    if wrong.any():
        member = int(np.argmax(wrong))
        raise ValueError(f"fitness: member {member} has {values[member]}, wanted a finite number or -inf")
    return values
