"""The noise of stream version 1 as mlx arrays, bit for bit the native core's.

Not under mx.compile, which contracts multiplications and additions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ember_ml.errors import need
from ember_ml.noise import arrays as definition

__all__ = ["noise", "uniforms"]


def _primitives() -> definition.Primitives:
    mx = need("mlx.core", "mlx")
    return definition.Primitives(
        integers=mx.array,
        to_float=lambda x: x.astype(mx.float32),
        as_float=lambda x: x.view(mx.float32),
        as_int=lambda x: x.view(mx.int32),
        stack=mx.stack,
        reshape=mx.reshape,
    )


def noise(
    seed: int, generation: int, directions: Sequence[int], size: int, *, first: int = 0, purpose: int = 0
) -> Any:
    """Noise vectors of several directions: float32 (len(directions), size) on mlx's default device.

    Row i has the bits of ``ember_ml.es.noise(seed, generation, directions[i], size)``; arguments as
    there, `purpose` as a number.
    """
    return definition.noise(_primitives(), seed, generation, directions, size, first, purpose)


def uniforms(
    purpose: int, seed: int, generation: int, directions: Sequence[int], episodes: Sequence[int], n: int
) -> Any:
    """n uniform numbers for each (directions[i], episodes[i]): float32 (len(directions), n)."""
    return definition.uniforms(_primitives(), purpose, seed, generation, directions, episodes, n)
