"""The noise and the uniforms of stream version 1 on arrays of any backend, from int32 that wraps.

One definition for torch and mlx (`on_torch`, `on_mlx` bring the primitives); the same bits as the
native core and as the numpy reference `reference_noise` in `stream`, which is the one to read first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

STREAM_VERSION = 1
ROUNDS = 13
ROTATIONS = ((10, 26), (11, 21), (13, 27), (23, 5), (6, 20), (17, 11), (25, 10), (18, 20))
PARITY = 0x1BD11BDA


def _floats(*digits: str) -> tuple[float, ...]:
    return tuple(float.fromhex(d) for d in digits)


# Exact float32 numbers, lowest power first (cpp/noise/fit_noise.py).
LOGARITHM = float.fromhex("0x1.62e43p-23")
RADIUS = _floats("0x1.4059b8p+0", "-0x1.f07a76p-1", "0x1.92fa1cp-2", "-0x1.005e24p-4")
ROOT = _floats("0x1.0cecf0p+1", "-0x1.c1ea54p+0", "0x1.526d6ep-1")
COSINE = _floats("0x1.6a08fap-1", "-0x1.be62f4p-29", "0x1.642bcep-59")
SINE = _floats("0x1.1c57d4p-14", "-0x1.d38b9ep-44", "0x1.c1e586p-75")


@dataclass(frozen=True)
class Primitives:
    """What a backend brings besides operators: int32 addition wraps, >> is arithmetic."""

    integers: Callable[[NDArray[np.int32]], Any]  # from numpy to the device
    to_float: Callable[[Any], Any]  # int32 to float32, by value
    as_float: Callable[[Any], Any]  # int32 to float32, by bits
    as_int: Callable[[Any], Any]  # float32 to int32, by bits
    stack: Callable[[list[Any], int], Any]
    reshape: Callable[[Any, tuple[int, ...]], Any]


def noise(
    ops: Primitives,
    seed: int,
    generation: int,
    directions: Sequence[int],
    size: int,
    first: int,
    purpose: int,
) -> Any:
    """Noise vectors of several directions, float32 (len(directions), size)."""
    g0, g1 = first // 64, -(-(first + size) // 64)
    rows = len(directions)
    counter = [_row(ops, range(8 * g0, 8 * g1)), _column(ops, directions), _signed(generation), 0]
    pairs = [_pair(ops, word) for word in _threefry(counter, _key(seed, purpose))]  # each (rows, 8 groups)
    parts = [ops.reshape(part, (rows, g1 - g0, 8)) for pair in pairs for part in pair]
    return ops.reshape(ops.stack(parts, 2), (rows, 64 * (g1 - g0)))[:, first - 64 * g0 :][:, :size]


def uniforms(
    ops: Primitives,
    purpose: int,
    seed: int,
    generation: int,
    directions: Sequence[int],
    episodes: Sequence[int],
    n: int,
) -> Any:
    """n uniform numbers in [0, 1) for each (direction, episode), float32 (len(directions), n)."""
    blocks = -(-n // 4)
    counter = [
        _row(ops, range(blocks)),
        _column(ops, directions),
        _signed(generation),
        _column(ops, episodes),
    ]
    words = ops.stack(_threefry(counter, _key(seed, purpose)), 2)
    u = ops.to_float((words >> 8) & 0x00FFFFFF) * 2.0**-24
    return ops.reshape(u, (len(directions), 4 * blocks))[:, :n]


def _threefry(counter: list[Any], key: list[int]) -> list[Any]:
    parity = PARITY
    for word in key:
        parity ^= word
    schedule = [_signed(word) for word in (*key, parity)]
    # The first two words vary by column and by row, and every output depends on both: spread them at once.
    spread = (counter[0] & 0) + (counter[1] & 0)
    x = [c + k + spread for c, k in zip(counter, schedule)]
    for r in range(ROUNDS):
        for (a, b), n in zip(((0, 1), (2, 3)) if r % 2 == 0 else ((0, 3), (2, 1)), ROTATIONS[r % 8]):
            x[a] = x[a] + x[b]
            x[b] = ((x[b] << n) | ((x[b] >> (32 - n)) & ((1 << n) - 1))) ^ x[a]
        if r % 4 == 3:
            i = r // 4 + 1
            x = [word + schedule[(i + j) % 5] for j, word in enumerate(x)]
            x[3] = x[3] + i
    return x


def _pair(ops: Primitives, word: Any) -> tuple[Any, Any]:
    """Cosine and sine normals of each word: see `reference_pair` in ember_ml/noise/stream.py."""
    k = ops.to_float((word >> 16) & 0xFFFF) + 0.5
    bits = ops.as_int(k)
    t = ops.as_float((bits & 0x007FFFFF) | 0x3F800000)
    p = ((t * RADIUS[3] + RADIUS[2]) * t + RADIUS[1]) * t + RADIUS[0]
    x = ops.to_float(0x47800000 - bits) * LOGARITHM - (t - 1.0) * (2.0 - t) * p
    y = ops.as_float(0x5F202000 - (ops.as_int(x) >> 1))
    xy = x * y
    e = xy * y
    r = xy * ((e * ROOT[2] + ROOT[1]) * e + ROOT[0])
    h = ops.to_float(word & 0x3FFF) - 8191.5
    z = h * h
    c = (z * COSINE[2] + COSINE[1]) * z + COSINE[0]
    s = ((z * SINE[2] + SINE[1]) * z + SINE[0]) * h
    cosine = ops.as_int(r * (c - s)) ^ ((word << 16) & -0x80000000)
    sine = ops.as_int(r * (c + s)) ^ ((word << 17) & -0x80000000)
    return ops.as_float(cosine), ops.as_float(sine)


def _key(seed: int, purpose: int) -> list[int]:
    return [seed & 0xFFFFFFFF, seed >> 32, purpose | STREAM_VERSION << 16, 0]


def _signed(word: int) -> int:
    return word - (1 << 32) if word >> 31 else word


def _row(ops: Primitives, numbers: range) -> Any:
    return ops.integers(
        np.arange(numbers.start, numbers.stop, dtype=np.int64).astype(np.uint32).view(np.int32)[None, :]
    )


def _column(ops: Primitives, numbers: Sequence[int]) -> Any:
    return ops.integers(np.asarray(numbers, dtype=np.int64).astype(np.uint32).view(np.int32)[:, None])
