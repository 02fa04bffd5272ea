"""How a strategy's noise becomes members: `perturbation=`, bound to the shapes of theta at the start."""

from __future__ import annotations

from typing import Any, ClassVar

from ember_ml import perturbation
from ember_ml.perturbation import LowRank, Perturbation, ThetaShape


class Perturbed:
    """The `perturbation` of a strategy: given to the constructor, and bound by `start`."""

    #: Why noise of low rank does not fit; empty where it does.
    only_full: ClassVar[str] = ""

    _perturbation: LowRank | None
    _bound: Perturbation | None

    @classmethod
    def _fitting(cls, given: Any) -> LowRank | None:
        checked = perturbation.check(given)
        if checked is not None and cls.only_full:
            raise ValueError(
                f"perturbation: got {checked!r}, but {cls.__name__} {cls.only_full}; OpenAIES and ARS take it"
            )
        return checked

    @property
    def perturbation(self) -> LowRank | None:
        """`es.LowRank`, or None: full noise."""
        return self._perturbation

    @property
    def bound_perturbation(self) -> Perturbation | None:
        """`perturbation` over the theta that the strategy was started with."""
        return self._bound

    def _bind(self, parameters: int, shapes: Any) -> Perturbation | None:
        """The perturbation over a theta of these shapes; None for full noise, where they are checked too."""
        if shapes is None:
            if self._perturbation is None:
                return None
            raise ValueError(
                f"shapes: missing, and {self._perturbation!r} needs to know which of theta's {parameters}"
                " numbers are matrices: start(theta0, seed, shapes=[(4, 64), (64,), (64, 2), (2,)])"
            )
        shape = shapes if isinstance(shapes, ThetaShape) else ThetaShape.of_shapes(shapes)
        if shape.parameters != parameters:
            raise ValueError(f"shapes: got {shape.parameters} numbers in all, wanted theta0's {parameters}")
        return None if self._perturbation is None else Perturbation(self._perturbation.rank, shape)
