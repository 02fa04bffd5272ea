"""Weighted sums of noise in numba: one shared table, and a generator that is a hash of a counter."""

from __future__ import annotations

import math

import numpy as np
from numba import njit, prange

F, U = np.float32, np.uint32
FAST = {"fastmath": True, "error_model": "numpy"}
BLOCK = 2000


@njit(parallel=True, **FAST)
def table_sum(table, offsets, weights, update):
    """Weighted sum over slices of one shared table of noise (1 GB in the literature)."""
    size = len(update)
    for b in prange(size // BLOCK):
        acc = np.zeros(BLOCK, F)
        for k in range(0, len(weights), 4):
            t0 = table[offsets[k] + b * BLOCK :]
            t1 = table[offsets[k + 1] + b * BLOCK :]
            t2 = table[offsets[k + 2] + b * BLOCK :]
            t3 = table[offsets[k + 3] + b * BLOCK :]
            w0, w1, w2, w3 = weights[k], weights[k + 1], weights[k + 2], weights[k + 3]
            for i in range(BLOCK):
                acc[i] += (w0 * t0[i] + w1 * t1[i]) + (w2 * t2[i] + w3 * t3[i])
        update[b * BLOCK : (b + 1) * BLOCK] = acc


def _fitted(function, degree):
    """float32 coefficients in q on [0, 1], constant first."""
    points = np.linspace(0, 1, 4001)
    fit = np.polynomial.Chebyshev.fit(points, function(points), degree).convert(kind=np.polynomial.Polynomial)
    return tuple(F(c) for c in fit.coef)


# ln(1 + m) for m in [0, 1]; cos and sin of a quarter turn times x, in q = x * x.
L0, L1, L2, L3, L4, L5, L6 = _fitted(np.log1p, 6)
C0, C1, C2, C3 = _fitted(lambda q: np.cos(np.pi / 2 * np.sqrt(q)), 3)
S0, S1, S2, S3 = _fitted(lambda q: np.pi / 2 * np.sinc(np.sqrt(q) / 2), 3)


@njit(fastmath=True, inline="always")
def mix(x):  # numba makes 64 bits of every product: cut each back
    x = U(x ^ (x >> U(16)))
    x = U(x * U(0x21F0AAAD))
    x = U(x ^ (x >> U(15)))
    x = U(x * U(0xD35A2D97))
    return U(x ^ (x >> U(15)))


@njit(**FAST)
def normals(key, bits, out):
    """2 n normals from n words: 16 bits of a word are the radius, 16 the angle (two of them signs)."""
    n = len(out) // 2
    floats = bits.view(np.float32)
    for k in range(n):
        word = mix(U(U(k) ^ key))
        # As the bits of a float, which the next loop takes apart: no call is left that stops vectors.
        floats[k] = F(np.int32(word >> U(16))) + F(0.5)
        out[n + k] = F(np.int32(word & U(0xFFFF)))
    for k in range(n):
        exponent = F((bits[k] >> np.int32(23)) - np.int32(127 + 16))
        bits[k] = (bits[k] & np.int32(0x7FFFFF)) | np.int32(0x3F800000)
        m = floats[k] - F(1)
        log = L0 + m * (L1 + m * (L2 + m * (L3 + m * (L4 + m * (L5 + m * L6)))))
        log += exponent * F(0.6931472)
        radius = math.sqrt(max(F(-2) * log, F(0)))
        angle = np.int32(out[n + k])
        x = F(angle & np.int32(0x3FFF)) * F(1 / 16384) + F(0.5 / 16384)
        q = x * x
        cos = C0 + q * (C1 + q * (C2 + q * C3))
        sin = x * (S0 + q * (S1 + q * (S2 + q * S3)))
        out[k] = radius * cos * (F(1) - F((angle >> np.int32(13)) & np.int32(2)))
        out[n + k] = radius * sin * (F(1) - F((angle >> np.int32(14)) & np.int32(2)))


@njit(**FAST)
def _hash_block(b, weights, seed, update):
    noise, bits, acc = np.empty(BLOCK, F), np.empty(BLOCK // 2, np.int32), np.zeros(BLOCK, F)
    for i in range(len(weights)):
        normals(mix(U(seed + i * 7919 + b * 104729)), bits, noise)
        weight = weights[i]
        for k in range(BLOCK):
            acc[k] += weight * noise[k]
    update[b * BLOCK : (b + 1) * BLOCK] = acc


@njit(parallel=True, **FAST)
def hash_sum(weights, seed, update):
    """Weighted sum of noise whose words are a hash of a counter xor a key, the key itself a hash of the seed,
    the vector and the block of 2000: the generator that noise_battery.cpp calls `hash`."""
    for b in prange(len(update) // BLOCK):
        _hash_block(b, weights, seed, update)


def hashnormals(seed: int, count: int) -> np.ndarray:
    """The normals of one vector, to look at their distribution."""
    rows = [np.empty(BLOCK, F) for _ in range(count // BLOCK)]
    bits = np.empty(BLOCK // 2, np.int32)
    for b, row in enumerate(rows):
        normals(mix(U((seed + b * 104729) & 0xFFFFFFFF)), bits, row)
    return np.concatenate(rows)
