"""The statistics of the noise that are too long for the tests: prints the figures of docs/noise.md.

python benchmarks/noise_statistics.py
"""

import argparse
import math

import numpy as np
from ember_ml.noise.stream import noise, reference_quadrant, reference_radius


def normal_tail(x):
    return math.erfc(x / math.sqrt(2)) / 2


def all_words():
    """The distribution over all 2^32 words, from every product of a radius and a quadrant's cosine."""
    radii = reference_radius(np.arange(65536, dtype=np.uint32))
    cosines, sines = reference_quadrant(np.arange(16384, dtype=np.uint32))
    edges = np.concatenate([np.geomspace(1e-6, 0.01, 200), np.arange(0.0101, 4.8701, 0.001)]).astype(
        np.float32
    )
    moments, cross = np.zeros(4), 0.0
    counts = np.zeros(len(edges) + 1, np.int64)
    ordered = np.sort(cosines)
    for chunk in np.split(radii, 256):
        products = chunk[:, None] * ordered[None, :]  # exact: rounded to float32 as in the definition
        square = products.astype(np.float64) ** 2
        moments += [np.mean(square**k) for k in (1, 2, 3, 4)]
        cross += np.mean((chunk[:, None] * cosines).astype(np.float64) ** 2 * (chunk[:, None] * sines) ** 2)
        for row in products:  # ascending, so that the number up to each edge is a binary search
            counts[:-1] += np.searchsorted(row, edges, side="right")
    moments, cross = moments / 256, cross / 256
    tails = (1 - counts[:-1] / (65536 * 16384)) / 2
    normals = np.array([normal_tail(float(x)) for x in edges])
    error = np.abs(tails - normals)
    print(f"distribution function: largest error {error.max():.2e} at x = {edges[error.argmax()]:.4g}")
    for limit in (1, 2, 3, 4, 4.5):
        part = edges <= limit
        print(f"  relative error of the tail out to {limit}: {np.abs(tails / normals - 1)[part].max():.2e}")
    print(f"  largest value {radii.max() * cosines.max():.6f}, smallest {radii.min() * cosines.min():.2e}")
    for order, value, exact in zip((2, 4, 6, 8), moments, (1, 3, 15, 105)):
        print(f"moment {order}: {value:.9f} (normal: {exact})")
    print(f"E[x^2 y^2] of the two halves of a pair: {cross:.9f} (independent: 1)")
    print("odd moments and E[x y] are exactly 0: the signs are two bits of the word of their own")


def report(name, z):
    z = np.ravel(z)
    chi = (np.mean(z**2) - 1) / math.sqrt(2 / z.size)
    expected = math.sqrt(2 * math.log(2 * z.size))
    print(
        f"{name:40s} {z.size:7d} correlations, largest |z| {np.abs(z).max():.2f} (about {expected:.1f}), "
        f"variance of z off by {chi:+.2f} deviations"
    )


def independence(size):
    families = {
        "directions": [(7, 0, d) for d in range(256)],
        "generations": [(7, g, 0) for g in range(256)],
        "seeds": [(s, 0, 0) for s in range(256)],
        "seed, one bit": [(1 << s, 0, 0) for s in range(64)],
        "generation and direction, one bit": [(0, 1 << b, 0) for b in range(32)]
        + [(0, 0, 1 << b) for b in range(32)],
    }
    for name, keys in families.items():
        x = np.stack([noise(*key, size) for key in keys])
        upper = np.triu_indices(len(keys), 1)
        for label, f in (("", x), (", squares", (x * x - 1) / np.float32(math.sqrt(2)))):
            sums = sum(part @ part.T for part in np.split(f.astype(np.float64), 8, axis=1))
            report(name + label, (sums / math.sqrt(size))[upper])
    x = np.stack([noise(8, g, d, size) for g in range(4) for d in range(32)]).astype(np.float64)
    for label, f in (("", x), (", squares", (x * x - 1) / math.sqrt(2))):
        lags = [
            np.sum(f[:, :-n] * f[:, n:], axis=1) / math.sqrt(size - n)
            for n in [*range(1, 65), 128, 512, 2048]
        ]
        report("lags 1 to 64, 128, 512, 2048" + label, np.array(lags))
        halves = f.reshape(len(f), -1, 4, 2, 8)
        report(
            "halves of a pair" + label,
            np.sum(halves[..., 0, :] * halves[..., 1, :], axis=(1, 2, 3)) / math.sqrt(size / 2),
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=2**17, help="values per vector, a multiple of 512")
    size = parser.parse_args().size
    all_words()
    independence(size)


if __name__ == "__main__":
    main()
