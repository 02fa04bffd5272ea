"""Where training starts from what the user gave as `theta0`, and whether observations are normalised for it.

A policy's return holds only with the observations that it was trained on. A file or a run brings the
statistics that go with it, or says that there are none. A vector of numbers says nothing: by default its
observations come as they are, unless it is all zeros, which no observation matters to.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from ember_ml import validate
from ember_ml.es.strategies.arguments import as_array
from ember_ml.policy.observation import ObservationStatistics
from ember_ml.policy.spec import PolicySpec
from ember_ml.rollout import Float32

_AS_THEY_COME = "observations: as they come, because theta0 is"


@dataclass
class Theta0:
    """`theta0` as it was given. Without `source` it is bare numbers, or None."""

    values: Any = None
    source: str = ""
    network: PolicySpec | None = None
    statistics: dict[str, Any] | None = None

    @staticmethod
    def of(theta0: Any) -> Theta0:
        """From numbers, a Run or a file saved by a trainer."""
        from ember_ml.es.result.run import Run

        if isinstance(theta0, Run):
            snapshot = theta0.snapshot
            network = snapshot.problem.policy
            return Theta0(
                snapshot.theta,
                repr(theta0),
                network if isinstance(network, PolicySpec) else None,
                snapshot.observation_state,
            )
        if not isinstance(theta0, (str, os.PathLike)):
            return Theta0(theta0)
        from ember_ml.es.files.saved import read_parameters

        network, theta, statistics = read_parameters(theta0)
        return Theta0(theta, os.fspath(theta0), network, statistics or None)

    def normalizes(self, asked: bool | None, own: bool | None) -> tuple[bool, str]:
        """Whether to normalise observations, and a note for `explain()` where that is no matter of course.

        Args:
            asked: what the user wants, or None.
            own: what the strategy's paper does, or None.

        Raises:
            ValueError: the user wants none, and what was given was trained with them.
        """
        if asked is not None:
            asked = validate.boolean("normalize_observations", asked)
            if not self.source:
                return asked, ""
            if asked and self.statistics is None:
                return True, (
                    f"observations: normalised as asked, though theta0 ({self.source}) was trained without"
                )
            if not asked and self.statistics is not None:
                raise ValueError(
                    f"normalize_observations: got False, but theta0, {self.source}, was trained with"
                    " normalised observations; give its .theta alone if that is meant"
                )
            return asked, ""
        if self.source:
            return (True, "") if self.statistics else (False, f"{_AS_THEY_COME} of a training without more")
        if own is not None or self.values is None or not np.any(as_array("theta0", self.values)):
            return (True if own is None else own), ""
        return (
            False,
            f"{_AS_THEY_COME} numbers without statistics; normalize_observations=True takes them",
        )

    def begin(
        self, network: PolicySpec | Any, observations: ObservationStatistics | None, initial: Float32
    ) -> Float32:
        """The first parameters: `initial` where no theta0 was given. `observations` take its statistics.

        Raises:
            ValueError, TypeError: what was given is not one number a parameter, or of another network.
        """
        if self.values is None:
            return initial
        if self.network is not None and isinstance(network, PolicySpec) and self.network != network:
            raise ValueError(
                f"theta0: {self.source} holds the network {self.network.describe()}, wanted"
                f" {network.describe()}"
            )
        theta = as_array("theta0", self.values)
        if theta.shape != initial.shape:
            raise ValueError(
                f"theta0: got shape {theta.shape}, wanted {initial.shape}, one number a parameter"
            )
        if theta.dtype.kind not in "fiu":
            raise TypeError(f"theta0: got dtype {theta.dtype}, wanted real numbers")
        with np.errstate(over="ignore"):
            theta = theta.astype(np.float32)
        if not np.isfinite(theta).all():
            raise ValueError("theta0: got a value that is not finite in float32")
        if observations is not None and self.statistics is not None:
            observations.load_state_dict(self.statistics)
        return theta
