"""Strong hand-written numba programs for the same work: what a user would otherwise have to write."""

from __future__ import annotations

import numpy as np
from numba import njit, prange
from numba_noise import FAST, F, U, mix, normals


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
    """y = tanh(x W + b), 64 outputs; eight inputs a pass, so that y moves an eighth as often."""
    bias = at + inputs * 64
    for o in range(64):
        y[o] = theta[bias + o]
    i = 0
    while i + 8 <= inputs:
        a, b, c, d, e, f, g, h = x[i], x[i + 1], x[i + 2], x[i + 3], x[i + 4], x[i + 5], x[i + 6], x[i + 7]
        w = theta[at + i * 64 : at + (i + 8) * 64]
        for o in range(64):
            low = (a * w[o] + b * w[64 + o]) + (c * w[128 + o] + d * w[192 + o])
            high = (e * w[256 + o] + f * w[320 + o]) + (g * w[384 + o] + h * w[448 + o])
            y[o] += low + high
        i += 8
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


@njit(**FAST)
def _cartpole_episode(theta, start, limit):
    h1, h2, s = np.empty(64, F), np.empty(64, F), np.empty(4, F)
    difference = np.empty(64, F)
    for i in range(64):
        difference[i] = theta[4481 + 2 * i] - theta[4480 + 2 * i]
    for i in range(4):
        s[i] = start[i]
    for step in range(limit):
        _layer(s, 4, theta, 0, h1)
        _layer(h1, 64, theta, 320, h2)
        preference = theta[4609] - theta[4608]
        for i in range(64):
            preference += h2[i] * difference[i]
        force = F(10.0) if preference > F(0.0) else F(-10.0)
        z = s[2] * s[2]  # the pole stands within 0.21 rad
        sin = s[2] * (F(1) + z * (F(-1 / 6) + z * (F(1 / 120) - z * F(1 / 5040))))
        cos = F(1) + z * (F(-1 / 2) + z * (F(1 / 24) - z * F(1 / 720)))
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


@njit(parallel=True, **FAST)
def cartpole_generation(mean, seed, sigma, returns, kept, update):
    """One antithetic generation: returns (2 n,) and the weighted noise sum (parameters,); kept: (n, even)."""
    n, size = len(returns) // 2, len(mean)
    for pair in prange(n):
        normals(mix(U(seed + pair * 7919)), np.empty(kept.shape[1] // 2, np.int32), kept[pair])
        theta, start = np.empty(size, F), np.empty(4, F)
        for i in range(4):
            word = mix(U(mix(U(seed + 77)) + 4 * pair + i))
            start[i] = F(np.int32(word >> U(8))) * F(0.1 / 16777216) - F(0.05)
        for sign in range(2):
            signed = sigma if sign == 0 else -sigma
            for i in range(size):
                theta[i] = mean[i] + signed * kept[pair, i]
            returns[sign * n + pair] = _cartpole_episode(theta, start, 500)
    blocks = (size + 511) // 512
    for block in prange(blocks):
        _update_block(block * 512, min(size, block * 512 + 512), returns, kept, update)


@njit(**FAST)
def _update_block(low, high, returns, noise, update):
    n = len(noise)
    for i in range(low, high):
        update[i] = F(0)
    for k in range(n):
        weight = returns[k] - returns[k + n]
        for i in range(low, high):
            update[i] += weight * noise[k, i]


@njit(parallel=True, **FAST)
def cartpole_generation_from(mean, noise, starts, sigma, returns, update):
    """The same with noise (n, parameters) that numpy drew before, on one thread."""
    n, size = noise.shape
    for member in prange(2 * n):
        theta = np.empty(size, F)
        signed = sigma if member < n else -sigma
        for i in range(size):
            theta[i] = mean[i] + signed * noise[member % n, i]
        returns[member] = _cartpole_episode(theta, starts[member % n], 500)
    blocks = (size + 511) // 512
    for block in prange(blocks):
        _update_block(block * 512, min(size, block * 512 + 512), returns, noise, update)


@njit(**FAST)
def _linear_episode(theta, last, matrix, start, steps):
    """The task of linear_task.c under an MLP 17-64-64-6; `last` is its last layer's weights, transposed."""
    s, h1, h2, a = start.copy(), np.empty(64, F), np.empty(64, F), np.empty(6, F)
    total = F(0)
    for _ in range(steps):
        _layer(s, 17, theta, 0, h1)
        _layer(h1, 64, theta, 1152, h2)
        for j in range(6):
            z = theta[5696 + j]
            for i in range(64):
                z += h2[i] * last[j, i]
            a[j] = z
        for j in range(6):
            a[j] = _tanh(a[j])
        for i in range(17):
            z = F(0.99) * s[i]
            for j in range(6):
                z += a[j] * matrix[j, i]
            s[i] = min(max(z, F(-5)), F(5))
        total += s[0]
    return total


@njit(parallel=True, **FAST)
def linear_population(mean, seed, sigma, matrix, start, steps, returns):
    """Returns (2 n,) of an antithetic population of MLPs 17-64-64-6, noise drawn inside."""
    n, size = len(returns) // 2, len(mean)
    for pair in prange(n):
        noise = np.empty(size, F)
        normals(mix(U(seed + pair * 7919)), np.empty(size // 2, np.int32), noise)
        theta, last = np.empty(size, F), np.empty((6, 64), F)
        for sign in range(2):
            signed = sigma if sign == 0 else -sigma
            for i in range(size):
                theta[i] = mean[i] + signed * noise[i]
            for i in range(64):
                for j in range(6):
                    last[j, i] = theta[5312 + 6 * i + j]
            returns[sign * n + pair] = _linear_episode(theta, last, matrix, start, steps)
