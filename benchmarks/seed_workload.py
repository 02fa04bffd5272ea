"""The Simple1D training of the tutorial notebook, timed beside a program written for it alone.

One agent on a line, a 1-16-1 network (relu, tanh), ten antithetic pairs and the unperturbed policy, 100 steps
an episode, 200 generations, raw returns, Adam. Ember runs it as a user would: `Trainer.run(generations=200)`
is what is timed. The rival below is numba with fast-math: all sizes are fixed when it is compiled, its
24 members lie side by side so that the compiler makes vectors of them, and its noise is one draw of numpy's
fastest generator, which is part of its time.

    python benchmarks/seed_workload.py [--alternations 40] [--rival FILE]

The two are run in turn in one process; the figure is the median of the ratios. `--rival FILE` takes another
program: a Python file with `run(seed)` that does the whole training.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import time
from pathlib import Path

import numpy as np
from ember_ml import es, nn
from ember_ml.training import Adam

GENERATIONS, PAIRS, STEPS, HIDDEN = 200, 10, 100, 16
SIGMA, RATE, TARGET = 0.1, 0.01, 10.0


def ember(seed):
    """A trainer ready to run. Its construction is not timed, nor is the rival's compilation."""
    return es.Trainer(
        "Simple1D-v0",
        nn.MLP(1, (HIDDEN,), 1, activation="relu", output_activation="tanh"),
        es.OpenAIES(directions=PAIRS, sigma=SIGMA, shaping="raw", optimizer=Adam(learning_rate=RATE)),
        normalize_observations=False,
        seed=seed,
        progress=False,
    )


def numba_rival():
    """Compiles the rival; returns run(seed), which gives the trained parameters."""
    from numba import njit

    single = np.float32
    size, columns = 3 * HIDDEN + 1, 24  # 20 members, the unperturbed policy and three idle columns

    @njit(fastmath=True, inline="always")
    def squash(x):  # tanh as a quotient of polynomials (continued fraction of degree 7 / 6)
        x = min(max(x, single(-4.97)), single(4.97))
        z = x * x
        above = x * (single(135135) + z * (single(17325) + z * (single(378) + z)))
        return above / (single(135135) + z * (single(62370) + z * (single(3150) + z * single(28))))

    @njit(fastmath=True, error_model="numpy")
    def episodes(theta, place, total, action):
        for c in range(columns):
            place[c] = single(0)
            total[c] = single(0)
        for _ in range(STEPS):
            for c in range(columns):
                action[c] = theta[3 * HIDDEN, c]
            for j in range(0, HIDDEN, 2):
                for c in range(columns):
                    one = max(theta[j, c] * place[c] + theta[HIDDEN + j, c], single(0))
                    two = max(theta[j + 1, c] * place[c] + theta[HIDDEN + j + 1, c], single(0))
                    action[c] += one * theta[2 * HIDDEN + j, c] + two * theta[2 * HIDDEN + j + 1, c]
            for c in range(columns):
                place[c] += squash(action[c])
                total[c] -= abs(place[c] - single(TARGET))

    @njit(fastmath=True, error_model="numpy")
    def train(mean, noise):
        theta = np.zeros((size, columns), single)
        place, total, action = np.empty(columns, single), np.empty(columns, single), np.empty(columns, single)
        first, second = np.zeros(size, single), np.zeros(size, single)
        decay1 = decay2 = 1.0
        for g in range(GENERATIONS):
            for p in range(size):
                for d in range(PAIRS):
                    apart = single(SIGMA) * noise[g, p, d]
                    theta[p, d] = mean[p] + apart
                    theta[p, PAIRS + d] = mean[p] - apart
                theta[p, 2 * PAIRS] = mean[p]
            episodes(theta, place, total, action)
            decay1 *= 0.9
            decay2 *= 0.999
            for p in range(size):
                slope = single(0)
                for d in range(PAIRS):
                    slope += (total[d] - total[PAIRS + d]) * noise[g, p, d]
                slope /= single(2 * PAIRS * SIGMA)
                first[p] += single(0.1) * (slope - first[p])
                second[p] += single(0.001) * (slope * slope - second[p])
                root = np.sqrt(second[p] / single(1 - decay2)) + single(1e-8)
                mean[p] += single(RATE) * (first[p] / single(1 - decay1)) / root
        return mean

    def run(seed):
        generator = np.random.Generator(np.random.SFC64(seed))
        noise = generator.standard_normal((GENERATIONS, size, PAIRS), dtype=np.float32)
        return train(np.zeros(size, np.float32), noise)

    return run


def rival_from(path):
    spec = importlib.util.spec_from_file_location("rival", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.run


def timed(call, argument):
    begun = time.perf_counter()
    call(argument)
    return 1e3 * (time.perf_counter() - begun)


def compare(rival, alternations):
    """(ember's, the rival's) milliseconds, one pair an alternation."""
    pairs = []
    for seed in range(-3, alternations):  # the first three only warm up
        trainer = ember(abs(seed))
        if seed % 2:
            ours = timed(trainer.run, GENERATIONS)
            theirs = timed(rival, abs(seed))
        else:
            theirs = timed(rival, abs(seed))
            ours = timed(trainer.run, GENERATIONS)
        if seed >= 0:
            pairs.append((ours, theirs))
    return pairs


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--alternations", type=int, default=40)
    parser.add_argument("--rival", type=Path, help="a Python file with run(seed)")
    options = parser.parse_args()
    rival = rival_from(options.rival) if options.rival else numba_rival()
    rival(0)
    pairs = compare(rival, options.alternations)
    ratios = sorted(ours / theirs for ours, theirs in pairs)
    quarter = len(ratios) // 4
    print(
        f"ember {statistics.median(p[0] for p in pairs):.3f} ms (least {min(p[0] for p in pairs):.3f}),"
        f" rival {statistics.median(p[1] for p in pairs):.3f} ms (least {min(p[1] for p in pairs):.3f})"
    )
    print(
        f"ember / rival: median {statistics.median(ratios):.3f}, middle half {ratios[quarter]:.3f} to"
        f" {ratios[-1 - quarter]:.3f}, of {len(ratios)} alternations"
    )


if __name__ == "__main__":
    main()
