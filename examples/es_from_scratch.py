"""The whole method in numpy: keyed noise, antithetic members, centred ranks, Adam, as the package has it.

python examples/es_from_scratch.py: both minimise Rosenbrock's function; the noise is equal to the bit.
"""

import numpy as np

HEX = float.fromhex
LOG, ROOT = HEX("0x1.62e43p-23"), [HEX("0x1.0cecf0p+1"), HEX("-0x1.c1ea54p+0"), HEX("0x1.526d6ep-1")]
RADIUS = [HEX("0x1.4059b8p+0"), HEX("-0x1.f07a76p-1"), HEX("0x1.92fa1cp-2"), HEX("-0x1.005e24p-4")]
COSINE = [HEX("0x1.6a08fap-1"), HEX("-0x1.be62f4p-29"), HEX("0x1.642bcep-59")]
SINE = [HEX("0x1.1c57d4p-14"), HEX("-0x1.d38b9ep-44"), HEX("0x1.c1e586p-75")]
TURNS = ((10, 26), (11, 21), (13, 27), (23, 5), (6, 20), (17, 11), (25, 10), (18, 20))


def polynomial(coefficients, x):
    value = np.float32(coefficients[-1])
    for c in coefficients[-2::-1]:
        value = value * x + np.float32(c)
    return value


def threefry(key, x):
    """Threefry4x32-13 (Salmon et al. 2011): words that depend on a key and a counter, and on nothing else."""
    words = [np.uint32(k) for k in (*key, 0x1BD11BDA ^ key[0] ^ key[1] ^ key[2] ^ key[3])]
    x = [c + k for c, k in zip(x, words)]
    for r in range(13):
        for (a, b), n in zip(((0, 1), (2, 3)) if r % 2 == 0 else ((0, 3), (2, 1)), TURNS[r % 8]):
            x[a] = x[a] + x[b]
            x[b] = (x[b] << np.uint32(n) | x[b] >> np.uint32(32 - n)) ^ x[a]
        if r % 4 == 3:
            x = [c + words[(r // 4 + 1 + j) % 5] for j, c in enumerate(x)]
            x[3] = x[3] + np.uint32(r // 4 + 1)
    return np.stack([w.reshape(-1, 8) for w in x], axis=1)


def noise(seed, generation, direction, size):
    """Normals by Box-Muller, 16 bits of radius and 16 of angle, float32 (size,)."""
    block = np.arange(8 * -(-size // 64), dtype=np.uint32)
    counter = [block, *(np.full_like(block, n) for n in (direction, generation, 0))]
    word = threefry([seed & 0xFFFFFFFF, seed >> 32, 1 << 16, 0], counter)
    bits = ((word >> 16).astype(np.float32) + np.float32(0.5)).view(np.int32)
    t = ((bits & 0x007FFFFF) | 0x3F800000).view(np.float32)
    x = (0x47800000 - bits).astype(np.float32) * np.float32(LOG) - (t - 1) * (2 - t) * polynomial(RADIUS, t)
    y = (0x5F202000 - (x.view(np.int32) >> 1)).view(np.float32)  # about 1 / sqrt(x)
    radius = x * y * polynomial(ROOT, x * y * y)
    h = (word & np.uint32(0x3FFF)).astype(np.float32) - np.float32(8191.5)
    c, s = polynomial(COSINE, h * h), polynomial(SINE, h * h) * h
    signs = [np.where(word & np.uint32(bit), np.float32(-1), np.float32(1)) for bit in (1 << 15, 1 << 14)]
    return np.stack([radius * (c - s) * signs[0], radius * (c + s) * signs[1]], axis=2).ravel()[:size]


def train(fitness, theta, generations, directions, sigma, learning_rate, seed):
    """OpenAI-ES (Salimans et al. 2017): the parameters after so many generations, float32."""
    moments, n = np.zeros((2, theta.size)), 2 * directions
    for generation in range(generations):
        eps = np.stack([noise(seed, generation, k, theta.size) for k in range(directions)])
        members = np.concatenate([theta + np.float32(sigma) * eps, theta - np.float32(sigma) * eps])
        returns = fitness(members)
        ranks = (returns[:, None] > returns).sum(1) + (returns[:, None] == returns).sum(1) / 2 - 0.5
        weights = ranks / (n - 1) - 0.5  # the best has 1/2, the worst -1/2; ties share
        gradient = (weights[:directions] - weights[directions:]) @ eps / (n * sigma)
        for moment, beta, value in zip(moments, (0.9, 0.999), (gradient, gradient**2)):
            moment += (1 - beta) * (value - moment)  # Adam (Kingma and Ba 2015)
        mean, square = (
            moments[0] / (1 - 0.9 ** (generation + 1)),
            moments[1] / (1 - 0.999 ** (generation + 1)),
        )
        theta = (theta + learning_rate * mean / (np.sqrt(square) + 1e-8)).astype(np.float32)
    return theta


def rosenbrock(x):
    x = x.astype(np.float64)
    return -(100.0 * (x[:, 1:] - x[:, :-1] ** 2) ** 2 + (1.0 - x[:, :-1]) ** 2).sum(axis=1)


if __name__ == "__main__":
    from ember_ml import es
    from ember_ml.training import Adam

    strategy = es.OpenAIES(directions=20, sigma=0.05, optimizer=Adam(learning_rate=0.02))
    strategy.start(np.zeros(10), seed=7)
    for _ in range(300):
        strategy.tell(rosenbrock(strategy.ask()))
    ours = train(rosenbrock, np.zeros(10, np.float32), 300, 20, 0.05, 0.02, seed=7)
    assert (noise(7, 3, 5, 1000) == es.noise(7, 3, 5, 1000)).all()
    print("from scratch", ours, rosenbrock(ours[None])[0])
    print("the package ", strategy.mean, rosenbrock(strategy.mean[None])[0])
    print("largest difference", abs(ours - strategy.mean).max())
