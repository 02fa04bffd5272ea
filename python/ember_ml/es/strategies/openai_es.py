"""OpenAI-ES: an isotropic Gaussian around the mean, whose gradient estimate goes to an optimiser."""

from __future__ import annotations

from typing import Any

from ember_ml.es.options import Shaping
from ember_ml.es.strategies.base import Strategy
from ember_ml.es.strategies.size import Default, directions_of
from ember_ml.perturbation import LowRank


class OpenAIES(Strategy):
    """Evolution strategies as a scalable alternative to reinforcement learning (Salimans, Ho, Chen, Sidor and
    Sutskever 2017, arXiv 1703.03864).

    With shaped fitness f and noise eps, n directions and antithetic sampling, the optimiser climbs along::

        g = 1 / (2 n sigma) * sum_k (f_2k - f_2k+1) eps_k  -  weight_decay * mean

    and without antithetic sampling along ``1 / (n sigma) * sum_k f_k eps_k - weight_decay * mean``.

    Args:
        directions: noise vectors a generation.
        sigma: deviation of the search distribution.
        optimizer: one of `ember_ml.training` (default ``Adam(learning_rate=0.01)``) or your own `Optimizer`.
        shaping: "centered_rank", "z_score" or "raw" (`ember_ml.es.shaping`).
        antithetic: members in pairs mean +- sigma * eps.
        sigma_decay, learning_rate_decay: fraction of the first value that is reached, linearly, in the last
            generation of a plan; 1 is no decay.
        weight_decay: pulls the mean to zero.
        members: instead of `directions`: how many are evaluated, an even number where these are pairs.
        bounds: (low, high) of the parameters, each a number, None or one number a parameter: members and mean
            are folded into them.
        perturbation: `es.LowRank` for noise of low rank in the policy's matrices; None: full noise.

    Raises:
        ValueError: an argument is out of range, or the optimiser was built with ``maximize=True``.
    """

    native_name = "openai_es"
    settable = ("weight_decay",)

    def __init__(
        self,
        directions: int = Default(64),
        sigma: float = 0.02,
        optimizer: Any = None,
        shaping: Shaping = "centered_rank",
        antithetic: bool = True,
        sigma_decay: float = 1.0,
        learning_rate_decay: float = 1.0,
        weight_decay: float = 0.0,
        *,
        members: int | None = None,
        bounds: Any = None,
        perturbation: LowRank | None = None,
    ) -> None:
        super().__init__(
            {
                "directions": directions_of(directions, members, antithetic),
                "sigma": sigma,
                "shaping": shaping,
                "antithetic": antithetic,
                "sigma_decay": sigma_decay,
                "learning_rate_decay": learning_rate_decay,
                "weight_decay": weight_decay,
            },
            {"name": "Adam", "learning_rate": 0.01} if optimizer is None else optimizer,
            bounds,
            perturbation,
        )
