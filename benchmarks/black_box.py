"""What a generation of ask and tell costs beside pycma and fcmaes, on Rosenbrock with numpy.

pip install cma fcmaes && OPENBLAS_NUM_THREADS=1 python benchmarks/black_box.py

Each figure is processor time, the median over alternating runs of the same population from the same start;
evaluations to 1e-8 are counted besides, in 10 dimensions.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from ember_ml import es

Ask, Tell = Callable[[], Any], Callable[[Any, Any], None]


def rosenbrock(x: np.ndarray) -> np.ndarray:
    return np.asarray(100.0 * ((x[:, 1:] - x[:, :-1] ** 2) ** 2).sum(1) + ((1.0 - x[:, :-1]) ** 2).sum(1))


def ours(name: str) -> Callable[[int, int, int], tuple[Ask, Tell]]:
    def make(d: int, members: int, seed: int) -> tuple[Ask, Tell]:
        strategy: Any = getattr(es, name)(members=members, sigma=0.5)
        strategy.start(np.zeros(d), seed)
        return strategy.ask, lambda points, costs: strategy.tell(-costs)

    return make


def pycma(d: int, members: int, seed: int) -> tuple[Ask, Tell]:
    import cma

    options = {"popsize": members, "seed": seed + 1, "verbose": -9}
    search = cma.CMAEvolutionStrategy(np.zeros(d), 0.5, options)
    return search.ask, lambda points, costs: search.tell(points, costs.tolist())


def fcmaes(d: int, members: int, seed: int) -> tuple[Ask, Tell]:
    from fcmaes.cmaescpp import ACMA_C

    random = np.random.Generator(np.random.PCG64(seed))
    search = ACMA_C(d, x0=np.zeros(d), input_sigma=0.5, popsize=members, rg=random, normalize=False)
    return search.ask, lambda points, costs: search.tell(costs)


SIDES = {
    "es.CholeskyCMAES": ours("CholeskyCMAES"),
    "es.SepCMAES": ours("SepCMAES"),
    "es.CRFMNES": ours("CRFMNES"),
    "pycma": pycma,
    "fcmaes (C++)": fcmaes,
}


def microseconds(make: Callable[[int, int, int], tuple[Ask, Tell]], d: int, members: int, seed: int) -> float:
    ask, tell = make(d, members, seed)
    spent, count = 0.0, 0  # time of the processor: it does not count what else the machine does
    while spent < 0.3:
        start = time.process_time()
        points = ask()
        spent += time.process_time() - start
        costs = rosenbrock(np.asarray(points))
        start = time.process_time()
        tell(points, costs)
        spent += time.process_time() - start
        count += 1
    return 1e6 * spent / count


def evaluations(make: Callable[[int, int, int], tuple[Ask, Tell]], d: int, members: int, seed: int) -> float:
    ask, tell = make(d, members, seed)
    for generation in range(1, 4001):
        points = ask()
        costs = rosenbrock(np.asarray(points, np.float64))
        if costs.min() < 1e-8:
            return float(generation * members)
        tell(points, costs)
    return float("inf")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    versions = {name: importlib.metadata.version(name) for name in ("numpy", "cma", "fcmaes")}
    print(", ".join(f"{name} {version}" for name, version in versions.items()))
    print("| side | us a generation, d = 10, population 16 | to 1e-8 | the same, d = 100, population 32 |")
    print("|---|---|---|---|")
    times: dict[tuple[str, int], list[float]] = {(name, d): [] for name in SIDES for d in (10, 100)}
    for repeat in range(repeats):
        for name, make in SIDES.items():
            for d, members in ((10, 16), (100, 32)):
                times[name, d].append(microseconds(make, d, members, repeat))
    for name, make in SIDES.items():
        count = statistics.median(evaluations(make, 10, 16, seed) for seed in range(repeats))
        small, large = (statistics.median(times[name, d]) for d in (10, 100))
        print(f"| {name} | {small:.0f} | {count:,.0f} | {large:,.0f} |")


if __name__ == "__main__":
    main()
