"""Separable natural evolution strategy."""

from __future__ import annotations

from typing import Any

from ember_ml.es.strategies.base import Strategy
from ember_ml.es.strategies.size import Default, directions_of


class SNES(Strategy):
    """High dimensions and heavy tails for natural evolution strategies (Schaul, Glasmachers and Schmidhuber
    2011, GECCO), section 3.2.

    With m members of noise s_i (s_2k = eps_k, s_2k+1 = -eps_k when antithetic) and utilities by rank
    r = 1..m, equal members sharing the average::

        u_r = max(0, log(m / 2 + 1) - log r) / sum over the same - 1 / m
        mean  += learning_rate * sigma * sum_i u_i s_i
        sigma *= exp(sigma_learning_rate / 2 * sum_i u_i (s_i^2 - 1))

    Args:
        directions: noise vectors a generation; None takes 4 + 3 log(parameters).
        sigma: first deviation of every parameter.
        learning_rate: of the mean.
        sigma_learning_rate: None takes the paper's (3 + log d) / (5 sqrt d) for d parameters.
        antithetic: members in pairs mean +- sigma * eps.
        members: instead of `directions`: how many are evaluated, an even number where these are pairs.
        bounds: (low, high) of the parameters, each a number, None or one number a parameter: members and mean
            are folded into them.
    """

    native_name = "snes"
    only_full = "has a deviation for each parameter, which noise of low rank has not"
    settable = ("learning_rate", "sigma_learning_rate")

    def __init__(
        self,
        directions: int | None = Default(32),
        sigma: float = 0.5,
        learning_rate: float = 1.0,
        sigma_learning_rate: float | None = None,
        antithetic: bool = True,
        *,
        members: int | None = None,
        bounds: Any = None,
        perturbation: None = None,
    ) -> None:
        super().__init__(
            {
                "directions": directions_of(directions, members, antithetic),
                "sigma": sigma,
                "learning_rate": learning_rate,
                "sigma_learning_rate": sigma_learning_rate,
                "antithetic": antithetic,
            },
            bounds=bounds,
            perturbation=perturbation,
        )
