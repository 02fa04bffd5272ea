"""Separable CMA-ES."""

from __future__ import annotations

from typing import Any

from ember_ml.es.strategies.base import Strategy
from ember_ml.es.strategies.size import members_for_directions, members_of


class SepCMAES(Strategy):
    """The CMA evolution strategy with a diagonal covariance.

    "A simple modification in CMA-ES achieving linear time and space complexity", Ros and Hansen 2008, PPSN X.

    Constants and updates are those of Hansen's tutorial (arXiv 1604.00772) without negative weights; the
    learning rates of the covariance are (d + 2) / 3 times as large for d parameters. `sigma` (float32, one a
    parameter) is the step size times the square root of the covariance's diagonal.

    Args:
        directions: a generation has twice as many members, as those of other strategies. Members are not in
            pairs: these would cancel in the path whose length controls the step size. None, without `members`
            too, takes 4 + 3 log(parameters) members.
        sigma: first step size.
        members: instead of `directions`, at least 2.
        bounds: (low, high) of the parameters, each a number, None or one number a parameter: members and mean
            are folded into them.
    """

    native_name = "sep_cmaes"
    only_full = "has a deviation for each parameter, which noise of low rank has not"

    def __init__(
        self,
        directions: int | None = None,
        sigma: float = 0.5,
        *,
        members: int | None = None,
        bounds: Any = None,
        perturbation: None = None,
    ) -> None:
        super().__init__(
            {"members": members_of(directions, members), "sigma": sigma},
            bounds=bounds,
            perturbation=perturbation,
        )

    @classmethod
    def _current(cls, arguments: dict[str, Any]) -> dict[str, Any]:
        return members_for_directions(arguments)

    def _options(self) -> dict[str, Any]:
        options = super()._options()
        return {"directions": options.pop("members"), **options, "antithetic": False}
