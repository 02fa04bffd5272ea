"""Fits the constants of math.h and prints them. Run: python cpp/core/fit_math.py (numpy and mpmath).

Minimax in relative error by Lawson's iteration; rational functions by Loeb's linearisation inside it.
"""

import mpmath
import numpy as np


def polynomial(f, low, high, degree, points=2000, steps=200):
    """Coefficients of p minimising max |p(x) / f(x) - 1| on [low, high], and that maximum."""
    x = low + (high - low) * (1 - np.cos(np.linspace(0, np.pi, points + 2)[1:-1])) / 2
    target = np.array([float(f(mpmath.mpf(v))) for v in x])
    columns = np.stack([x**i for i in range(degree + 1)], axis=1) / target[:, None]
    weights = np.ones(points) / points
    for _ in range(steps):
        root = np.sqrt(weights)
        c = np.linalg.lstsq(columns * root[:, None], root, rcond=None)[0]
        error = np.abs(columns @ c - 1)
        weights = weights * (error + 1e-18)
        weights /= weights.sum()
    return c, error.max()


def odd_rational(f, high, p_degree, q_degree, points=3000, steps=400):
    """p, q minimising the relative error of x p(x^2) / q(x^2) on (0, high], q(0) = 1, and that error."""
    x = high * (1 - np.cos(np.linspace(0, np.pi, points + 1)[1:])) / 2
    u = (x / high) ** 2
    target = np.array([float(f(mpmath.mpf(v))) for v in x]) / x
    columns = np.concatenate(
        [u[:, None] ** np.arange(p_degree + 1), -target[:, None] * u[:, None] ** np.arange(1, q_degree + 1)],
        axis=1,
    )
    weights, q, best = np.ones(points), np.ones(points), (1.0, None)
    for step in range(steps):
        w = np.sqrt(weights) / (np.abs(target) * np.abs(q))
        scale = np.abs(columns * w[:, None]).max(axis=0)
        c = np.linalg.lstsq(columns * w[:, None] / scale, target * w, rcond=1e-18)[0] / scale
        q = 1 - columns[:, p_degree + 1 :] @ c[p_degree + 1 :] / target
        error = np.abs(columns[:, : p_degree + 1] @ c[: p_degree + 1] / q / target - 1)
        if step > 3 and error.max() < best[0]:
            best = (error.max(), c)
        weights = weights * (error + 1e-20) ** (1.0 if step < steps // 2 else 0.5)
        weights = np.maximum(weights / weights.max(), 1e-14)
    error, c = best
    p = c[: p_degree + 1] / high ** (2.0 * np.arange(p_degree + 1))
    q = np.r_[1, c[p_degree + 1 :]] / high ** (2.0 * np.arange(q_degree + 1))
    return p, q, error


def show(name, values, error=None):
    digits = ", ".join(float(np.float32(v)).hex().replace("0000000p", "p") + "f" for v in values)
    print(f"{name}: {digits}" + (f"   error {error:.1e}" if error is not None else ""))


def split(value, parts, bits):
    """The value as a sum of floats, all but the last with `bits` bits."""
    out = []
    for _ in range(parts - 1):
        unit = mpmath.mpf(2) ** (mpmath.floor(mpmath.log(abs(value), 2)) - bits + 1)
        out.append(float(mpmath.nint(value / unit) * unit))
        value -= out[-1]
    return [*out, float(value)]


def main():
    mp = mpmath.mp
    mp.dps = 40
    half = float(mp.log(2) / 2) * 1.0001
    show("ln 2", split(mp.log(2), 2, 24))
    show("log2 e", [1 / mp.log(2)])
    # expm1(r) = r + r^2 p(r)
    p, e = polynomial(lambda r: (mp.expm1(r) - r) / r**2 if r else mp.mpf(1) / 2, -half, half, 5)
    show("exponential", p, e * half / 2)
    # log1p(f) = f + f^2 p(f) on [sqrt(1/2) - 1, sqrt(2) - 1]
    p, e = polynomial(lambda f: (mp.log1p(f) - f) / f**2 if f else -mp.mpf(1) / 2, -0.2930, 0.4143, 8)
    show("logarithm", p, e * 0.2)
    # sin r = r + r^3 p(r^2), cos r = 1 - r^2 / 2 + r^4 p(r^2)
    quarter = float(mp.pi / 4) * 1.0001
    show("pi / 2", split(mp.pi / 2, 3, 24))
    show("2 / pi", [2 / mp.pi])
    sine = lambda z: (mp.sin(mp.sqrt(z)) / mp.sqrt(z) - 1) / z  # noqa: E731
    p, e = polynomial(sine, 0, quarter**2, 2)
    show("sine", p, e * quarter**2 / 6)
    cosine = lambda z: (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2  # noqa: E731
    p, e = polynomial(cosine, 1e-4, quarter**2, 2)
    show("cosine", p, e * quarter**4 / 24)
    for name, f, high, degree in (("tanh", mp.tanh, 9.02, 4), ("erf", mp.erf, 3.93, 5)):
        p, q, e = odd_rational(f, high, degree, degree)
        show(name + " p", p)
        show(name + " q", q, e)


if __name__ == "__main__":
    main()
