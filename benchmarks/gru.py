"""What share of the multiply-add peak a native GRU reaches, beside dense layers of about as many products.

    python benchmarks/gru.py [--units 16 32 64 128] [--episodes 1 16] [--runs 5] [--layout units]

CartPole without an end, 256 members, GRU(4, n) and Dense(n, 2). A step is 3 n (4 + n) + 2 n multiply-adds;
sigmoids, tanhs, the environment and the noise are not counted, only waited for. One thread; rates are by
processor time, which other programs on the machine disturb less, medians of the runs; the peak is the
largest that `_core.bench("limits")` found. The dense network has two layers of the width that gives as many
products.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time

import numpy as np
from ember_ml import _core, envs, ops
from ember_ml.engines.native import NativeEngine
from ember_ml.es import MLPPolicy
from ember_ml.nn.modules import GRU, Dense, Sequential
from ember_ml.policy.spec import PolicySpec
from ember_ml.policy.trace import trace
from ember_ml.rollout import Population

MEMBERS, STEPS = 256, 200
# Bounds that no episode reaches.
ENV = envs.make("CartPole-v1", theta_threshold_radians=1e6, x_threshold=1e6)


def products(spec: PolicySpec) -> int:
    """Multiply-adds of a step."""
    cells = sum(cell.gates * cell.outputs * (cell.inputs + cell.outputs) for cell in spec.cells)
    return cells + sum(layer.inputs * layer.outputs for layer in spec.layers if layer not in spec.cells)


def peak() -> float:
    """Multiply-adds a second of one thread."""
    for row in _core.bench("limits", 0.05):
        if row["what"] == "fused multiply-add" and row["threads"] == 1:
            return float(row["figure"]) * 1e9 / 2
    raise RuntimeError("the core measures no peak")


class Work:
    """Evaluates one policy again and again."""

    def __init__(self, spec: PolicySpec, episodes: int, layout: str | None = None) -> None:
        theta = (0.1 * np.random.default_rng(0).standard_normal(spec.parameters)).astype(np.float32)
        self.population = Population(theta, 0.02, 0, 0, MEMBERS // 2)
        self.engine = NativeEngine(ENV, spec, episodes=episodes, max_steps=STEPS, threads=1, layout=layout)
        self.work = products(spec) * MEMBERS * episodes * STEPS

    def rate(self) -> float:
        """Multiply-adds a second of processor time."""
        start = time.process_time()
        self.engine.evaluate(self.population)
        return self.work / (time.process_time() - start)


def specs(units: int) -> tuple[PolicySpec, PolicySpec]:
    with ops.using_backend("numpy"):
        gru = trace(Sequential(GRU(4, units), Dense(units, 2)), 4)
    width = round(math.sqrt(products(gru) + 9) - 3)  # n * n + 6 n products
    return gru, MLPPolicy(hidden=(width, width)).compile(ENV)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, nargs="+", default=[16, 32, 64, 128])
    parser.add_argument("--episodes", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--layout", choices=["members", "episodes", "units"])
    options = parser.parse_args()
    print(f"{'policy':>12} {'episodes':>8} {'products':>8} {'share':>7}  layout")
    limit = max(peak() for _ in range(3))
    for units in options.units:
        for episodes in options.episodes:
            for name, spec in zip((f"GRU {units}", "dense"), specs(units)):
                work = Work(spec, episodes, options.layout)
                work.rate()
                limit = max(limit, peak())
                rates = [work.rate() for _ in range(options.runs)]
                layout = work.engine.explain().split(", ")[2]
                share = statistics.median(rates) / limit
                print(f"{name:>12} {episodes:>8} {products(spec):>8} {share:>7.1%}  {layout}", flush=True)
    print(f"peak: {2e-9 * limit:.0f} GFLOP/s")


if __name__ == "__main__":
    main()
