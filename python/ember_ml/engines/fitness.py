"""What a member's episodes are worth: the definition of cpp/rollout/collect.cpp, for the engines in Python.

Fitness is the mean over episodes of ``reward_scale * sum of (reward - reward_offset)``, and -inf where a
member's episode failed; a failed episode of the unperturbed policy returns -inf.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ember_ml.rollout import Float64


def without_offset(returns: Float64, lengths: NDArray[Any], offset: float) -> Float64:
    """Sums of (reward - offset) from float64 sums of float32 rewards; an episode's length times the offset is
    taken off at its end.
    """
    return returns if offset == 0.0 else returns - offset * lengths


def fitness_of(sums: Float64, failed: NDArray[np.bool_], scale: float) -> Float64:
    """Fitness (members,) from sums of (reward - offset), (members, episodes).

    Episode by episode, because numpy's own sum adds pairwise: the native core adds in index order.
    """
    fitness = np.zeros(len(sums))
    with np.errstate(over="ignore"):  # a strategy refuses what is then not finite, and names the member
        for column in sums.T:
            fitness += scale * column
    fitness /= sums.shape[1]
    fitness[failed.any(axis=1)] = -np.inf
    return fitness


def policy_returns_of(returns: Float64, failed: NDArray[np.bool_]) -> Float64:
    """Returns (episodes,) of the unperturbed policy."""
    return np.where(failed, -np.inf, returns)
