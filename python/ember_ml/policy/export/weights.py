"""A policy as its arrays, for numpy alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ember_ml.atomic_file import replacing

if TYPE_CHECKING:
    from ember_ml.policy.trained import TrainedPolicy


def write_weights(policy: TrainedPolicy, path: Path) -> None:
    """`theta`, and `mean` and `inverse` of the observations."""
    with replacing(path) as file:
        np.savez(file, theta=policy.theta, mean=np.asarray(policy.mean), inverse=np.asarray(policy.inverse))
