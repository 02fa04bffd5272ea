"""Keyed randomness: every number is a pure function of (purpose, seed, generation, direction, ...), no state.

Stream version 1, frozen: changing any bit of it needs a new version number (docs/noise.md).
`reference_noise` below is the definition in numpy, to be read; `noise` computes the same bits in the native
core, `on_torch` and `on_mlx` on those devices.
"""

from __future__ import annotations

import operator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ember_ml import _core
from ember_ml.noise.arrays import (
    COSINE,
    LOGARITHM,
    PARITY,
    RADIUS,
    ROOT,
    ROTATIONS,
    ROUNDS,
    SINE,
    STREAM_VERSION,
)

Float32 = NDArray[np.float32]
UInt32 = NDArray[np.uint32]

#: Names of the keyed random streams; the numbers are cpp/noise/population.h's.
PURPOSES = {
    "noise": 0,
    "reset": 1,
    "evaluate": 2,
    "warmup": 3,
    "judge": 4,
    "ops": 5,
    "init": 6,
    "confirm": 7,
    "curve": 8,
}
Purpose = Literal["noise", "reset", "evaluate", "warmup", "judge", "confirm", "curve"]


def noise(
    seed: int, generation: int, direction: int, size: int, *, first: int = 0, purpose: str | int = "noise"
) -> Float32:
    """The noise vector of one direction: standard normals, float32 (size,).

    The first n values do not depend on `size`; `first` skips that many parameters. The largest value is 4.86.

    Args:
        seed: 0 <= seed < 2**64.
        generation, direction: 0 <= number < 2**32.
        size: number of parameters; first + size is at most 2**35.
        purpose: which of the independent streams (`PURPOSES`); training uses "noise".

    Raises:
        ValueError, TypeError: naming the argument that does not fit.
    """
    purpose_number, seed, generation, direction = key(purpose, seed, generation, direction)
    size, first = integer("size", size, 2**35), integer("first", first, 2**35)
    return _core.noise(seed, generation, direction, size, first, purpose_number)


def uniforms(purpose: str | int, seed: int, generation: int, direction: int, episode: int, n: int) -> Float32:
    """n uniform numbers in [0, 1), multiples of 2**-24, float32 (n,): what environment resets draw from."""
    purpose_number, seed, generation, direction = key(purpose, seed, generation, direction)
    episode, n = integer("episode", episode, 2**32 - 1), integer("n", n, 2**34)
    return _core.uniforms(purpose_number, seed, generation, direction, episode, n)


def derived_seed(purpose: str | int, seed: int, generation: int, direction: int, episode: int) -> int:
    """A number in [0, 2**31) for generators that take a small seed, such as gymnasium's ``reset(seed=)``."""
    purpose_number, seed, generation, direction = key(purpose, seed, generation, direction)
    episode = integer("episode", episode, 2**32 - 1)
    return _core.derived_seed(purpose_number, seed, generation, direction, episode)


# ------------------------------------------------------------------------------------------ the definition


def reference_noise(
    seed: int, generation: int, direction: int, size: int, *, first: int = 0, purpose: str | int = "noise"
) -> Float32:
    """What `noise` returns, from the definition, in numpy. float32 (size,).

    Parameter 64 g + 16 w + 8 h + l takes word w of block 8 g + l: its cosine (h = 0) or its sine (h = 1).
    """
    purpose_number, seed, generation, direction = key(purpose, seed, generation, direction)
    g0, g1 = first // 64, -(-(first + size) // 64)
    blocks = np.arange(8 * g0, 8 * g1, dtype=np.uint32)
    counter = [
        blocks,
        np.full_like(blocks, direction),
        np.full_like(blocks, generation),
        np.zeros_like(blocks),
    ]
    words = reference_threefry(_key_words(purpose_number, seed), counter)
    cosines, sines = reference_pair(np.stack([w.reshape(-1, 8) for w in words], axis=1))  # (groups, 4, 8)
    return np.stack([cosines, sines], axis=2).reshape(-1)[first - 64 * g0 :][:size]


def reference_threefry(key: list[int], counter: list[UInt32], rounds: int = ROUNDS) -> list[UInt32]:
    """Threefry4x32 (Salmon et al. 2011): four counter words and four key words to four random words."""
    parity = PARITY
    for word in key:
        parity ^= word
    schedule = [np.uint32(word) for word in (*key, parity)]
    x = [np.asarray(c, np.uint32) + k for c, k in zip(counter, schedule)]
    for r in range(rounds):
        for (a, b), n in zip(((0, 1), (2, 3)) if r % 2 == 0 else ((0, 3), (2, 1)), ROTATIONS[r % 8]):
            x[a] = x[a] + x[b]
            x[b] = ((x[b] << np.uint32(n)) | (x[b] >> np.uint32(32 - n))) ^ x[a]
        if r % 4 == 3:
            i = r // 4 + 1
            x = [word + schedule[(i + j) % 5] for j, word in enumerate(x)]
            x[3] = x[3] + np.uint32(i)
    return x


def reference_pair(word: UInt32) -> tuple[Float32, Float32]:
    """Two normals from each 32-bit word, by Box-Muller with 16 bits of radius and 16 of angle.

    One rounding per operation, in float32. The polynomials define the noise (cpp/noise/fit_noise.py).
    """
    r = reference_radius(word >> np.uint32(16))
    cosine, sine = reference_quadrant(word & np.uint32(0x3FFF))
    sign = np.uint32(0x80000000)  # bit 15 turns the cosine's sign, bit 14 the sine's
    first = (r * cosine).view(np.uint32) ^ ((word << np.uint32(16)) & sign)
    second = (r * sine).view(np.uint32) ^ ((word << np.uint32(17)) & sign)
    return first.view(np.float32), second.view(np.float32)


def reference_radius(k: UInt32) -> Float32:
    """sqrt(-2 ln((k + 1/2) / 65536)) for k of 16 bits."""
    f = np.float32
    # The bits of a float are its logarithm, linear between powers of two; a polynomial adds the difference.
    number = k.astype(np.float32) + f(0.5)
    bits = number.view(np.int32)
    t = ((bits & 0x007FFFFF) | 0x3F800000).view(np.float32)
    p = ((t * f(RADIUS[3]) + f(RADIUS[2])) * t + f(RADIUS[1])) * t + f(RADIUS[0])
    x = (0x47800000 - bits).astype(np.float32) * f(LOGARITHM) - (t - f(1)) * (f(2) - t) * p
    # sqrt(x) as x * rsqrt(x): an estimate from the bits, then one cubic Newton-like step.
    y = (0x5F202000 - (x.view(np.int32) >> 1)).view(np.float32)
    xy = x * y
    e = xy * y
    normals: Float32 = xy * ((e * f(ROOT[2]) + f(ROOT[1])) * e + f(ROOT[0]))
    return normals


def reference_quadrant(a: UInt32) -> tuple[Float32, Float32]:
    """Cosine and sine of (a + 1/2) / 16384 right angles, as (cos h -+ sin h) / sqrt(2), h from 45 degrees."""
    f = np.float32
    h = a.astype(np.float32) - f(8191.5)
    z = h * h
    c = (z * f(COSINE[2]) + f(COSINE[1])) * z + f(COSINE[0])
    s = ((z * f(SINE[2]) + f(SINE[1])) * z + f(SINE[0])) * h
    return c - s, c + s


# ------------------------------------------------------------------------------------------------ arguments


def integer(name: str, value: int, most: int) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name}: got {type(value).__name__} {value!r}, wanted an integer") from None
    if not 0 <= number <= most:
        raise ValueError(f"{name}: got {number}, wanted 0 <= {name} <= {most}")
    return number


def key(purpose: str | int, seed: int, generation: int, direction: int = 0) -> tuple[int, int, int, int]:
    if isinstance(purpose, str):
        if purpose not in PURPOSES:
            raise ValueError(f"purpose: got {purpose!r}, wanted one of {', '.join(PURPOSES)}")
        purpose = PURPOSES[purpose]
    return (
        integer("purpose", purpose, 2**16 - 1),
        integer("seed", seed, 2**64 - 1),
        integer("generation", generation, 2**32 - 1),
        integer("direction", direction, 2**32 - 1),
    )


def _key_words(purpose: int, seed: int) -> list[int]:
    return [seed & 0xFFFFFFFF, seed >> 32, purpose | STREAM_VERSION << 16, 0]
