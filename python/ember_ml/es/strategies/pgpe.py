"""Policy gradients with parameter-based exploration."""

from __future__ import annotations

from typing import Any

from ember_ml.es.options import Shaping
from ember_ml.es.strategies.base import Strategy
from ember_ml.es.strategies.size import Default, directions_of


class PGPE(Strategy):
    """Parameter-exploring policy gradients (Sehnke et al. 2010, Neural Networks 23), symmetric samples, with
    the optimiser ClipUp (Toklu, Liskowski and Srivastava 2020, arXiv 2008.02387).

    With shaped fitness f, its mean b, n directions and antithetic sampling::

        g     = 1 / n * sum_k (f_2k - f_2k+1) / 2 * sigma eps_k    (the optimiser climbs along it)
        h     = 1 / n * sum_k ((f_2k + f_2k+1) / 2 - b) * sigma (eps_k^2 - 1)
        sigma += sigma_learning_rate * h, by at most sigma_max_change * sigma

    Without antithetic sampling f_k - b weighs ``sigma eps_k`` and ``sigma (eps_k^2 - 1)``.

    Args:
        directions: noise vectors a generation.
        sigma: first deviation of every parameter.
        optimizer: default ``ClipUp(learning_rate=0.075, max_speed=0.15)``; for MuJoCo tasks a tenth of it.
        sigma_learning_rate, sigma_max_change: the second in fractions of sigma.
        shaping: "centered_rank", "z_score" or "raw" (`ember_ml.es.shaping`).
        learning_rate_decay: fraction of the optimiser's learning rate (and ClipUp's maximum speed) that is
            reached, linearly, in the last generation of a plan; 1 is no decay.
        antithetic: members in pairs mean +- sigma * eps.
        members: instead of `directions`: how many are evaluated, an even number where these are pairs.
        bounds: (low, high) of the parameters, each a number, None or one number a parameter: members and mean
            are folded into them.
    """

    native_name = "pgpe"
    only_full = "has a deviation for each parameter, which noise of low rank has not"
    settable = ("sigma_learning_rate", "sigma_max_change")

    def __init__(
        self,
        directions: int = Default(32),
        sigma: float = 0.5,
        optimizer: Any = None,
        sigma_learning_rate: float = 0.1,
        sigma_max_change: float = 0.2,
        shaping: Shaping = "centered_rank",
        learning_rate_decay: float = 1.0,
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
                "sigma_learning_rate": sigma_learning_rate,
                "sigma_max_change": sigma_max_change,
                "shaping": shaping,
                "learning_rate_decay": learning_rate_decay,
                "antithetic": antithetic,
            },
            {"name": "ClipUp", "learning_rate": 0.075, "max_speed": 0.15} if optimizer is None else optimizer,
            bounds,
            perturbation,
        )
