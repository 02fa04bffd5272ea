"""Low-rank noise as docs/design.md defines it, in plain float64: what the package is compared with."""

from __future__ import annotations

import numpy as np
from ember_ml import es


def parts(shapes, rank):
    """(offset, shape, low?, where its noise begins) of arrays one after the other, and both lengths."""
    found, offset, at = [], 0, 0
    for shape in shapes:
        size = int(np.prod(shape))
        low = len(shape) == 2 and rank * sum(shape) < size
        found.append((offset, shape, low, at))
        offset += size
        at += rank * sum(shape) if low else size
    return found, offset, at


def direction(shapes, rank, seed, generation, k):
    """eps_k, float64 (parameters,)."""
    found, size, compact = parts(shapes, rank)
    noise = es.noise(seed, generation, k, compact).astype(np.float64)
    eps = np.zeros(size)
    for offset, shape, low, at in found:
        count = int(np.prod(shape))
        if not low:
            eps[offset : offset + count] = noise[at : at + count]
            continue
        m, n = shape
        a = noise[at : at + rank * m].reshape(rank, m)
        b = noise[at + rank * m : at + rank * (m + n)].reshape(rank, n)
        eps[offset : offset + count] = (a.T @ b / np.sqrt(rank)).ravel()
    return eps


def members(theta, shapes, rank, sigma, seed, generation, directions):
    """Rows of an antithetic population, float64 (2 directions, parameters)."""
    rows = []
    for k in range(directions):
        eps = sigma * direction(shapes, rank, seed, generation, k)
        rows += [theta + eps, theta - eps]
    return np.array(rows)
