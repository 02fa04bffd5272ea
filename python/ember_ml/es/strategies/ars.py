"""Augmented random search."""

from __future__ import annotations

from typing import Any

from ember_ml import validate
from ember_ml.es.options import ARSVersion
from ember_ml.es.strategies.base import Strategy
from ember_ml.es.strategies.size import Default, directions_of
from ember_ml.perturbation import LowRank

VERSIONS = ("V1", "V1-t", "V2", "V2-t")


class ARS(Strategy):
    """Simple random search of static linear policies (Mania, Guy and Recht 2018, arXiv 1803.07055).

    Of n pairs the b = `top` with the largest better return are kept; with d the deviation of their 2b
    returns::

        mean += learning_rate / (b d) * sum over the kept of (f_2k - f_2k+1) eps_k

    V1 does not normalise observations, V2 does (by the trainer: `normalize_observations`). Without "-t" all
    directions are kept. The paper's defaults differ by task: see `ember_ml.es.presets`.

    Args:
        version: "V1", "V1-t", "V2" or "V2-t".
        directions: pairs a generation (the paper's N).
        top: how many of them are kept (its b) by the "-t" versions, by default half.
        learning_rate: its alpha.
        sigma: deviation of the search distribution (its nu).
        sigma_decay, learning_rate_decay: fraction of the first value that is reached, linearly, in the last
            generation of a plan; 1 is no decay.
        members: instead of `directions`: how many are evaluated, an even number.
        bounds: (low, high) of the parameters, each a number, None or one number a parameter: members and mean
            are folded into them.
        perturbation: `es.LowRank` for noise of low rank in the policy's matrices; None: full noise.

    Raises:
        ValueError: an argument is out of range, or `top` does not fit the version.
    """

    native_name = "ars"
    settable = ("learning_rate",)

    def __init__(
        self,
        version: ARSVersion = "V2-t",
        directions: int | None = Default(32),
        top: int | None = None,
        learning_rate: float = 0.02,
        sigma: float = 0.03,
        sigma_decay: float = 1.0,
        learning_rate_decay: float = 1.0,
        *,
        members: int | None = None,
        bounds: Any = None,
        perturbation: LowRank | None = None,
    ) -> None:
        if version not in VERSIONS:
            raise ValueError(f"version: got {version!r}, wanted one of {', '.join(VERSIONS)}")
        directions = directions_of(directions, members)
        if version.endswith("-t"):
            if top is None and directions is not None:
                top = max(1, validate.positive_int("directions", directions) // 2)
        elif top is not None and top != directions:
            raise ValueError(f"top: got {top}, but {version} keeps all directions: use '{version}-t'")
        self.normalize_observations = version.startswith("V2")
        super().__init__(
            {
                "version": version,
                "directions": directions,
                "top": top,
                "learning_rate": learning_rate,
                "sigma": sigma,
                "sigma_decay": sigma_decay,
                "learning_rate_decay": learning_rate_decay,
            },
            bounds=bounds,
            perturbation=perturbation,
        )

    def _options(self) -> dict[str, object]:
        options = super()._options()
        del options["version"]
        options["top"] = options["top"] or options["directions"]
        return {**options, "antithetic": True}
