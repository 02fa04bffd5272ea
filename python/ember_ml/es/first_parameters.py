"""Where a training starts in the space of parameters."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from ember_ml.es.saved import read_parameters
from ember_ml.policy.observation import ObservationStatistics
from ember_ml.policy.spec import PolicySpec
from ember_ml.rollout import Float32


def first_parameters(
    theta0: Any,
    network: PolicySpec | Any,
    observations: ObservationStatistics | None,
    initial: Float32,
) -> Float32:
    """Where training starts: `initial`, or `theta0`, an array or a file saved by a trainer. From a file
    `observations` take their statistics too.
    """
    if theta0 is None:
        return initial
    if isinstance(theta0, (str, os.PathLike)):
        theirs, theta, statistics = read_parameters(theta0)
        if theirs is not None and isinstance(network, PolicySpec) and theirs != network:
            raise ValueError(
                f"theta0: {os.fspath(theta0)} holds the network {theirs.describe()}, wanted"
                f" {network.describe()}"
            )
        if observations is not None and statistics:
            observations.load_state_dict(statistics)
        theta0 = theta
    theta = np.asarray(theta0)
    if theta.shape != initial.shape:
        raise ValueError(f"theta0: got shape {theta.shape}, wanted {initial.shape}, one number a parameter")
    if theta.dtype.kind not in "fiu":
        raise TypeError(f"theta0: got dtype {theta.dtype}, wanted real numbers")
    with np.errstate(over="ignore"):
        theta = theta.astype(np.float32)
    if not np.isfinite(theta).all():
        raise ValueError("theta0: got a value that is not finite in float32")
    return theta
