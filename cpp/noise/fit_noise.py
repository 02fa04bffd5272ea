"""Fits the constants of noise.h and prints them. Run: python cpp/noise/fit_noise.py (numpy only).

The printed constants are frozen with stream version 1 (noise.h, ember_ml/noise/stream.py); this says where
they came from. Minimax polynomials by Lawson's iteration; the root's are scaled so that the variance is 1.
"""

import numpy as np

f4 = np.float32


def minimax(columns, target, steps=200):
    """Coefficients c that make max |columns @ c - target| small, and that maximum."""
    weights = np.ones(len(target)) / len(target)
    for _ in range(steps):
        root = np.sqrt(weights)
        c = np.linalg.lstsq(columns * root[:, None], target * root, rcond=None)[0]
        error = np.abs(columns @ c - target)
        weights = weights * (error + 1e-18)
        weights /= weights.sum()
    return c, error.max()


def powers(x, degree):
    return np.stack([x**i for i in range(degree + 1)], axis=1)


def horner(coefficients, x):
    y = f4(coefficients[-1])
    for c in coefficients[-2::-1]:
        y = y * x + f4(c)
    return y


def estimate(x, magic):
    """The reciprocal square root that integer arithmetic on the bits gives."""
    return (np.int32(magic) - (x.view(np.int32) >> 1)).view(f4)


def root_constants():
    """The magic number and the cubic step sqrt(x) = x y P(x y^2) with the least relative error."""
    x = np.exp2(np.linspace(0, 2, 20001)).astype(f4)
    best = (1.0, 0, None)
    for magic in range(0x5F200000, 0x5F3B0000, 0x1000):
        e = x.astype(float) * estimate(x, magic).astype(float) ** 2
        e = np.linspace(e.min(), e.max(), 401)
        p, error = minimax(np.sqrt(e)[:, None] * powers(e, 2), np.ones_like(e), 60)
        if error < best[0]:
            best = (error, magic, p)
    return best


def radii(logarithm, q, magic, p):
    """All 65536 radii in float32, operation by operation as in noise.h."""
    k = np.arange(65536, dtype=np.int32).astype(f4) + f4(0.5)
    bits = k.view(np.int32)
    t = ((bits & 0x007FFFFF) | 0x3F800000).view(f4)
    x = (0x47800000 - bits).astype(f4) * f4(logarithm) - (t - f4(1)) * (f4(2) - t) * horner(q, t)
    xy = x * estimate(x, magic)
    return xy * horner(p, xy * estimate(x, magic))


def cosines(c, s):
    """The cosines of all 16384 angles of a quadrant (the sines are the same numbers in reverse)."""
    h = np.arange(16384).astype(f4) - f4(8191.5)
    return horner(c, h * h) - horner(s, h * h) * h


def main():
    m = np.linspace(0, 1, 4001)[1:-1]
    gap = 2 * np.log1p(m) - 2 * np.log(2) * m  # what linear interpolation of 2 ln(1 + m) leaves
    q, q_error = minimax((m * (1 - m))[:, None] * powers(1 + m, 3), gap)
    h = np.linspace(-1, 1, 4001) * np.pi / 4
    unit = np.pi / 4 / 8192
    c, c_error = minimax(powers(h * h, 2), np.cos(h) / np.sqrt(2))
    s, s_error = minimax(h[:, None] * powers(h * h, 2), np.sin(h) / np.sqrt(2))
    c, s = c * unit ** np.arange(0, 6, 2), s * unit ** np.arange(1, 7, 2)
    root_error, magic, p = root_constants()
    logarithm = 2 * np.log(2) / 2**23
    for _ in range(3):
        r = radii(logarithm, q, magic, p).astype(float)
        p = p / np.sqrt(np.mean(r**2) * np.mean(cosines(c, s).astype(float) ** 2))
    print(f"magic {magic:#x}  logarithm {float(f4(logarithm)).hex()}")
    for name, values, error in (
        ("radius", q, q_error),
        ("root", p, root_error),
        ("cosine", c, c_error),
        ("sine", s, s_error),
    ):
        print(name, [float(f4(v)).hex() for v in values], f"error {error:.1e}")


if __name__ == "__main__":
    main()
