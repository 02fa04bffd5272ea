"""Separable CMA-ES."""

from __future__ import annotations

from typing import Any

from ember_ml.es.strategies.base import Strategy


class SepCMAES(Strategy):
    """A simple modification in CMA-ES achieving linear time and space complexity (Ros and Hansen 2008, PPSN
    X): the CMA evolution strategy with a diagonal covariance.

    Constants and updates are those of Hansen's tutorial (arXiv 1604.00772) without negative weights; the
    learning rates of the covariance are (d + 2) / 3 times as large for d parameters. `sigma` (float32, one a
    parameter) is the step size times the square root of the covariance's diagonal.

    Args:
        directions: members a generation; None takes 4 + 3 log(parameters). Members are not in pairs: these
        would
            cancel in the path whose length controls the step size.
        sigma: first step size.
    """

    native_name = "sep_cmaes"

    def __init__(self, directions: int | None = None, sigma: float = 0.5) -> None:
        super().__init__({"directions": directions, "sigma": sigma})

    def _options(self) -> dict[str, Any]:
        return {**super()._options(), "antithetic": False}
