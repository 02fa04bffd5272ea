"""What a policy sees of an observation where observations are normalised."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ember_ml.rollout import Float32

#: Normalised observations are clipped to plus and minus this.
OBSERVATION_CLIP = 10.0


@dataclass(frozen=True, eq=False)
class Normalizer:
    """``clip((x - mean) * inverse, -10, 10)``: observation statistics as they were frozen at one moment.

    Attributes:
        mean: float32 (n,).
        inverse: float32 (n,), 1 / standard deviation; 1 where the deviation is under 1e-6.
    """

    mean: Float32
    inverse: Float32

    def __call__(self, observations: Float32) -> Float32:
        """What the policy sees of raw observations (..., n), each operation rounded to float32."""
        bound = np.float32(OBSERVATION_CLIP)
        with np.errstate(over="ignore"):  # what is infinite is clipped too
            clipped: Float32 = np.clip((observations - self.mean) * self.inverse, -bound, bound)
        return clipped
