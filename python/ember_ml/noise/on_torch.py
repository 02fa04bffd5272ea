"""The noise of stream version 1 as torch tensors on any device, bit for bit the native core's (eager)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ember_ml.errors import need
from ember_ml.noise import arrays as definition

__all__ = ["noise", "uniforms"]


def _primitives(device: Any) -> definition.Primitives:
    torch = need("torch", "torch")
    return definition.Primitives(
        integers=lambda a: torch.from_numpy(a.copy()).to(device),
        to_float=lambda x: x.to(torch.float32),
        as_float=lambda x: x.view(torch.float32),
        as_int=lambda x: x.view(torch.int32),
        stack=torch.stack,
        reshape=torch.reshape,
    )


def noise(
    seed: int,
    generation: int,
    directions: Sequence[int],
    size: int,
    *,
    first: int = 0,
    purpose: int = 0,
    device: Any = None,
) -> Any:
    """Noise vectors of several directions: float32 (len(directions), size) on `device`.

    Row i has the bits of ``ember_ml.es.noise(seed, generation, directions[i], size)``; arguments as
    there, `purpose` as a number.
    """
    return definition.noise(_primitives(device), seed, generation, directions, size, first, purpose)


def uniforms(
    purpose: int,
    seed: int,
    generation: int,
    directions: Sequence[int],
    episodes: Sequence[int],
    n: int,
    *,
    device: Any = None,
) -> Any:
    """n uniform numbers for each (directions[i], episodes[i]): float32 (len(directions), n) on `device`."""
    return definition.uniforms(_primitives(device), purpose, seed, generation, directions, episodes, n)
