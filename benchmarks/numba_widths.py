"""CartPole with an MLP of any width in numba, one member after the other: for questions/widths.py."""

import numpy as np
from numba import njit, prange
from numba_rivals import FAST, F, _tanh


@njit(**FAST)
def _layer(x, inputs, theta, at, y, outputs):
    """y = tanh(x W + b), inputs in fours."""
    for o in range(outputs):
        y[o] = theta[at + inputs * outputs + o]
    for i in range(0, inputs, 4):
        a, b, c, d = x[i], x[i + 1], x[i + 2], x[i + 3]
        w0, w1 = theta[at + i * outputs :], theta[at + (i + 1) * outputs :]
        w2, w3 = theta[at + (i + 2) * outputs :], theta[at + (i + 3) * outputs :]
        for o in range(outputs):
            y[o] += (a * w0[o] + b * w1[o]) + (c * w2[o] + d * w3[o])
    for o in range(outputs):
        y[o] = _tanh(y[o])


@njit(**FAST)
def _episode(theta, difference, width, steps):
    h1, h2, s = np.empty(width, F), np.empty(width, F), np.zeros(4, F)
    second = 5 * width
    last = second + (width + 1) * width
    for i in range(width):
        difference[i] = theta[last + 2 * i + 1] - theta[last + 2 * i]
    moved = F(0)
    for _ in range(steps):
        _layer(s, 4, theta, 0, h1, width)
        _layer(h1, width, theta, second, h2, width)
        preference = theta[last + 2 * width + 1] - theta[last + 2 * width]
        for i in range(width):
            preference += h2[i] * difference[i]
        force = F(10.0) if preference > F(0.0) else F(-10.0)
        z = s[2] * s[2]
        sin = s[2] * (F(1) + z * (F(-1 / 6) + z * (F(1 / 120) - z * F(1 / 5040))))
        cos = F(1) + z * (F(-1 / 2) + z * (F(1 / 24) - z * F(1 / 720)))
        temp = (force + F(0.05) * s[3] * s[3] * sin) * F(1 / 1.1)
        angular = (F(9.8) * sin - cos * temp) / (F(0.5) * (F(4 / 3) - F(0.1 / 1.1) * cos * cos))
        linear = temp - F(0.05 / 1.1) * angular * cos
        s[0] += F(0.02) * s[1]
        s[1] += F(0.02) * linear
        s[2] += F(0.02) * s[3]
        s[3] += F(0.02) * angular
        for i in range(4):  # no episode ends: both sides take all steps, and keep to small numbers
            s[i] = min(max(s[i], F(-0.2)), F(0.2))
        moved += s[0]
    return moved


@njit(parallel=True, **FAST)
def population(mean, noise, sigma, width, steps, moved):
    """Plays members mean +- sigma noise[k] for so many steps each; moved: (2 n,)."""
    n, size = noise.shape
    for pair in prange(n):
        theta, difference = np.empty(size, F), np.empty(width, F)
        for sign in range(2):
            signed = sigma if sign == 0 else -sigma
            for i in range(size):
                theta[i] = mean[i] + signed * noise[pair, i]
            moved[2 * pair + sign] = _episode(theta, difference, width, steps)
