"""Strong hand-written numba programs for the same work: what a user would otherwise have to write."""

from __future__ import annotations

import math

import numpy as np
from numba import njit, prange

F = np.float32


@njit(fastmath=True, inline="always")
def _tanh(x):
    # Continued fraction of tanh, cut at degree 13 over 12, on a clamped argument.
    x = min(max(x, F(-7.9)), F(7.9))
    z = x * x
    p = x * (F(135135.0) + z * (F(17325.0) + z * (F(378.0) + z)))
    q = F(135135.0) + z * (F(62370.0) + z * (F(3150.0) + z * F(28.0)))
    return p / q


@njit(fastmath=True, inline="always")
def _layer(x, inputs, theta, at, y):
    """y = tanh(x W + b), 64 outputs; four inputs a pass, so that y moves a quarter as often."""
    bias = at + inputs * 64
    for o in range(64):
        y[o] = theta[bias + o]
    i = 0
    while i + 4 <= inputs:
        a, b, c, d = x[i], x[i + 1], x[i + 2], x[i + 3]
        w = theta[at + i * 64 : at + (i + 4) * 64]
        for o in range(64):
            y[o] += (a * w[o] + b * w[64 + o]) + (c * w[128 + o] + d * w[192 + o])
        i += 4
    while i < inputs:
        w = theta[at + i * 64 : at + (i + 1) * 64]
        for o in range(64):
            y[o] += x[i] * w[o]
        i += 1
    for o in range(64):
        y[o] = _tanh(y[o])


@njit(fastmath=True, error_model="numpy")
def _cartpole_episode(theta, start, limit):
    h1, h2 = np.empty(64, F), np.empty(64, F)
    s = start.copy()
    for step in range(limit):
        _layer(s, 4, theta, 0, h1)
        _layer(h1, 64, theta, 320, h2)
        left, right = theta[4608], theta[4609]
        for i in range(64):
            left += h2[i] * theta[4480 + 2 * i]
            right += h2[i] * theta[4481 + 2 * i]
        force = F(10.0) if right > left else F(-10.0)
        cos, sin = math.cos(s[2]), math.sin(s[2])
        temp = (force + F(0.05) * s[3] * s[3] * sin) * F(1 / 1.1)
        angular = (F(9.8) * sin - cos * temp) / (F(0.5) * (F(4 / 3) - F(0.1 / 1.1) * cos * cos))
        linear = temp - F(0.05 / 1.1) * angular * cos
        s[0] += F(0.02) * s[1]
        s[1] += F(0.02) * linear
        s[2] += F(0.02) * s[3]
        s[3] += F(0.02) * angular
        if abs(s[0]) > F(2.4) or abs(s[2]) > F(0.20943951):
            return step + 1
    return limit


@njit(fastmath=True, error_model="numpy", parallel=True)
def cartpole_generation(mean, noise, starts, sigma, returns, update):
    """One antithetic generation: returns (2 n,) and the weighted noise sum (parameters,)."""
    n, size = noise.shape
    for member in prange(2 * n):
        theta = np.empty(size, F)
        signed = sigma if member < n else -sigma
        for i in range(size):
            theta[i] = mean[i] + signed * noise[member % n, i]
        returns[member] = _cartpole_episode(theta, starts[member % n], 500)
    blocks = (size + 511) // 512
    for block in prange(blocks):
        low, high = block * 512, min(size, block * 512 + 512)
        for i in range(low, high):
            update[i] = F(0)
        for k in range(n):
            weight = returns[k] - returns[k + n]
            for i in range(low, high):
                update[i] += weight * noise[k, i]


@njit(fastmath=True, error_model="numpy", parallel=True)
def table_sum(table, offsets, weights, update):
    """Weighted sum over slices of one shared table of noise (1 GB in the literature)."""
    size, block = len(update), 2000
    for b in prange(size // block):
        acc = np.zeros(block, F)
        for k in range(0, len(weights), 4):
            t0 = table[offsets[k] + b * block :]
            t1 = table[offsets[k + 1] + b * block :]
            t2 = table[offsets[k + 2] + b * block :]
            t3 = table[offsets[k + 3] + b * block :]
            w0, w1, w2, w3 = weights[k], weights[k + 1], weights[k + 2], weights[k + 3]
            for i in range(block):
                acc[i] += (w0 * t0[i] + w1 * t1[i]) + (w2 * t2[i] + w3 * t3[i])
        update[b * block : (b + 1) * block] = acc
