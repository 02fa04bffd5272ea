"""The seed of `ops.random_*` and of the initializers: numbers by contract "one noise", made on the CPU.

Each call takes the next number of its purpose's counter, so its values depend on the seed and on how many
calls came before, never on the backend. Parameters have a counter of their own: building a network leaves
`random_*` as it was.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from ember_ml import _core
from ember_ml.noise.stream import PURPOSES

OPS, INIT = PURPOSES["ops"], PURPOSES["init"]

_seed: int | None = None
#: Called before each draw: recording a forward refuses random numbers, which would become constants.
before_draw: Callable[[], None] | None = None
_counters: dict[int, Iterator[int]] = {}


def set_seed(seed: int) -> None:
    """Starts the random functions anew from `seed`, 0 <= seed < 2**64."""
    global _seed
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise TypeError(f"seed must be an integer, got {type(seed).__name__}")
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed must lie in [0, 2**64), got {seed}")
    _seed = int(seed)
    _counters[OPS], _counters[INIT] = itertools.count(), itertools.count()


def get_seed() -> int:
    """The seed in use; one is drawn if none was set."""
    if _seed is None:
        set_seed(secrets.randbits(63))
    assert _seed is not None
    return _seed


def _next(purpose: int) -> tuple[int, int, int]:
    """(seed, generation, direction) that key the next call: its number's low and high 32 bits."""
    if before_draw is not None:
        before_draw()
    seed = get_seed()
    call = next(_counters[purpose])
    return seed, call & 0xFFFFFFFF, call >> 32


def normals(size: int, purpose: int = OPS) -> NDArray[np.float32]:
    """`size` standard normal float32 values."""
    seed, generation, direction = _next(purpose)
    return _core.noise(seed, generation, direction, size, 0, purpose)


def uniforms(size: int, purpose: int = OPS) -> NDArray[np.float32]:
    """`size` float32 values in [0, 1), multiples of 2**-24."""
    seed, generation, direction = _next(purpose)
    return _core.uniforms(purpose, seed, generation, direction, 0, size)
