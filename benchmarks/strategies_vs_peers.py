"""Evaluations to a target: ours against the same strategy of evosax, pycma or crfmnes, equally set.

    python benchmarks/strategies_vs_peers.py [--seeds 11] [--dimensions 10 100 1000] [--json FILE]
        [--markdown FILE]

Sphere, ellipsoid (condition 1e6), Rosenbrock and Rastrigin in 10, 100 and 1000 dimensions, from a start that
each seed draws in [-2, 2]. Targets are fractions of the start's value; what counts is the evaluation at which
the best member so far falls below one. A cell is the ratio of the medians over seeds (ours / peer's): below
1, ours needs fewer. "-": neither median gets there; "never": ours does not, the peer's does. In ten
dimensions, where counts are small, five times as many seeds are run.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from ember_ml import __version__
from ember_ml.es import strategies

TARGETS = (0.5, 0.1, 1e-2, 1e-4, 1e-8)
DIMENSIONS = (10, 100, 1000)


def sphere(x: Any, xp: Any = np) -> Any:
    return xp.sum(x * x, -1)


def ellipsoid(x: Any, xp: Any = np) -> Any:
    d = x.shape[-1]
    return xp.sum(10.0 ** (6.0 * xp.arange(d) / (d - 1)) * x * x, -1)


def rosenbrock(x: Any, xp: Any = np) -> Any:
    return xp.sum(100.0 * (x[..., 1:] - x[..., :-1] ** 2) ** 2 + (1.0 - x[..., :-1]) ** 2, -1)


def rastrigin(x: Any, xp: Any = np) -> Any:
    return 10.0 * x.shape[-1] + xp.sum(x * x - 10.0 * xp.cos(2.0 * np.pi * x), -1)


FUNCTIONS = (sphere, ellipsoid, rosenbrock, rastrigin)


def start(d: int, seed: int) -> np.ndarray:
    return np.random.default_rng([d, seed]).uniform(-2.0, 2.0, d).astype(np.float32)


def population(d: int) -> int:
    """Hansen's rule, made even."""
    return (4 + int(3 * np.log(d)) + 1) // 2 * 2


def budget(d: int, quick: bool) -> int:
    """Generations."""
    return {10: 1000, 100: 2500, 1000: 3000}[d] // (10 if quick else 1)


# ------------------------------------------------------------------------------------------ the strategies


def ours(name: str, d: int) -> strategies.Strategy:
    n, wide = population(d), 4 * population(d)
    adam = {"name": "Adam", "learning_rate": 0.05}
    clipup = {"name": "ClipUp", "learning_rate": 0.075, "max_speed": 0.15}
    return {
        "OpenAIES": lambda: strategies.OpenAIES(directions=wide // 2, sigma=0.05, optimizer=adam),
        "ARS": lambda: strategies.ARS("V1-t", wide // 2, wide // 4, learning_rate=0.05, sigma=0.05),
        "SNES": lambda: strategies.SNES(directions=n, sigma=1.0, antithetic=False),
        "PGPE": lambda: strategies.PGPE(directions=wide // 2, sigma=0.5, optimizer=clipup),
        "SepCMAES": lambda: strategies.SepCMAES(members=n, sigma=1.0),
        "CRFMNES": lambda: strategies.CRFMNES(directions=n // 2, sigma=1.0),
        "CMAES": lambda: strategies.CMAES(members=n, sigma=1.0),
    }[name]()


def evosax(name: str, d: int) -> tuple[Any, Any]:
    import jax.numpy as jnp
    import optax
    from evosax import algorithms
    from evosax.core.optimizer import clipup

    n, wide, solution = population(d), 4 * population(d), jnp.zeros(d)
    std = optax.constant_schedule(0.05)
    if name == "OpenAIES":
        peer = algorithms.Open_ES(wide, solution, True, optax.adam(0.05), std)
    elif name == "ARS":
        peer = algorithms.ARS(wide, solution, optax.sgd(0.05), std)
    elif name == "PGPE":
        peer = algorithms.PGPE(wide, solution, clipup(learning_rate=0.075, max_velocity=0.15))
        return peer, peer.default_params.replace(std_init=0.5)
    else:
        peer = {"SNES": algorithms.SNES, "SepCMAES": algorithms.Sep_CMA_ES}[name](n, solution)
        return peer, peer.default_params.replace(std_init=1.0)
    return peer, peer.default_params


# --------------------------------------------------------------------------------------------- the two runs
# Each gives, for every seed, the number of evaluations at which each target is first met (inf: never).


def run_ours(name: str, function: Callable[..., Any], d: int, seeds: int, generations: int) -> np.ndarray:
    met = np.full((seeds, len(TARGETS)), np.inf)
    for seed in range(seeds):
        x0 = start(d, seed)
        levels = np.array(TARGETS) * function(x0.astype(np.float64))
        strategy = ours(name, d)
        strategy.start(x0, seed=seed)
        for generation in range(generations):
            cost = function(strategy.ask().astype(np.float64))
            now = (cost.min() <= levels) & np.isinf(met[seed])
            met[seed, now] = (generation + 1) * len(cost)
            if not np.isinf(met[seed]).any() or not np.isfinite(cost).all():
                break
            strategy.tell(-cost)
    return met


def run_evosax(name: str, function: Callable[..., Any], d: int, seeds: int, generations: int) -> np.ndarray:
    import jax
    import jax.numpy as jnp

    peer, params = evosax(name, d)

    def one(x0: Any, key: Any) -> Any:
        def step(state: Any, key: Any) -> Any:
            ask, tell = jax.random.split(key)
            members, state = peer.ask(ask, state, params)
            cost = function(members, jnp)
            state, _ = peer.tell(tell, members, cost, state, params)
            return state, jnp.min(cost)

        state = peer.init(key, x0, params)
        return jax.lax.scan(step, state, jax.random.split(key, generations))[1]

    starts = np.stack([start(d, seed) for seed in range(seeds)])
    costs = np.asarray(jax.jit(jax.vmap(one))(starts, jax.random.split(jax.random.key(1), seeds)))
    return evaluations(costs, [function(x0.astype(np.float64)) for x0 in starts], peer.population_size)


def run_pycma(name: str, function: Callable[..., Any], d: int, seeds: int, generations: int) -> np.ndarray:
    import cma

    costs = np.full((seeds, generations), np.inf)
    starts = [start(d, seed) for seed in range(seeds)]
    for seed, x0 in enumerate(starts):
        options = {"popsize": population(d), "seed": seed + 1, "verbose": -9}
        options["CMA_diagonal"] = name == "SepCMAES"
        peer = cma.CMAEvolutionStrategy(x0.astype(np.float64), 1.0, options)
        level = TARGETS[-1] * function(x0.astype(np.float64))
        for generation in range(generations):
            members = peer.ask()
            cost = function(np.stack(members))
            costs[seed, generation] = cost.min()
            if cost.min() <= level:
                break
            peer.tell(members, cost)
    return evaluations(costs, [function(x0.astype(np.float64)) for x0 in starts], population(d))


def run_crfmnes(name: str, function: Callable[..., Any], d: int, seeds: int, generations: int) -> np.ndarray:
    from crfmnes.alg import CRFMNES

    members = population(d)
    costs = np.full((seeds, generations), np.inf)
    starts = [start(d, seed) for seed in range(seeds)]
    for seed, x0 in enumerate(starts):
        centre = x0.astype(np.float64)[:, None]
        peer = CRFMNES(d, lambda x: function(x[:, 0]), centre, 1.0, members, seed=seed + 1)
        peer.use_constraint_violation = False
        level = TARGETS[-1] * function(x0.astype(np.float64))
        for generation in range(generations):
            costs[seed, generation] = peer.one_iteration()[1].min()
            if costs[seed, generation] <= level:
                break
    return evaluations(costs, [function(x0.astype(np.float64)) for x0 in starts], members)


def evaluations(costs: np.ndarray, first: list[float], members: int) -> np.ndarray:
    levels = np.array(first)[:, None] * np.array(TARGETS)
    hit = costs[:, :, None] <= levels[:, None, :]
    return np.where(hit.any(1), (hit.argmax(1) + 1.0) * members, np.inf)


# ---------------------------------------------------------------------------------------------------- tables

PEERS: dict[str, tuple[tuple[str, Callable[..., np.ndarray], tuple[int, ...]], ...]] = {
    "OpenAIES": (("evosax", run_evosax, DIMENSIONS),),
    "ARS": (("evosax", run_evosax, DIMENSIONS),),
    "SNES": (("evosax", run_evosax, DIMENSIONS),),
    "PGPE": (("evosax", run_evosax, DIMENSIONS),),
    "SepCMAES": (("evosax", run_evosax, DIMENSIONS), ("pycma", run_pycma, (10, 100))),
    "CRFMNES": (("crfmnes", run_crfmnes, (10, 100)),),
    "CMAES": (("pycma", run_pycma, (10,)),),  # the same program with other noise
}


def rows(seeds: int, dimensions: list[int], quick: bool, only: list[str]) -> Iterator[dict[str, Any]]:
    for name, peers in PEERS.items():
        if only and name not in only:
            continue
        for function in FUNCTIONS:
            for d in dimensions:
                wanted = [(peer, run) for peer, run, possible in peers if d in possible]
                if not wanted:
                    continue
                generations, count = budget(d, quick), seeds * (5 if d == 10 else 1)
                began = time.perf_counter()
                mine = np.median(run_ours(name, function, d, count, generations), axis=0)
                seconds = time.perf_counter() - began
                for peer, run in wanted:
                    began = time.perf_counter()
                    theirs = np.median(run(name, function, d, count, generations), axis=0)
                    yield {
                        "strategy": name,
                        "peer": peer,
                        "function": function.__name__,
                        "d": d,
                        "seeds": count,
                        "ours": mine.tolist(),
                        "theirs": theirs.tolist(),
                        "seconds": [round(seconds, 2), round(time.perf_counter() - began, 2)],
                    }


def cell(mine: float, theirs: float) -> str:
    if np.isinf(theirs):
        return "-" if np.isinf(mine) else "ours only"
    return "never" if np.isinf(mine) else f"{mine / theirs:.2f}"


def table(results: list[dict[str, Any]]) -> str:
    lines = [
        f"| strategy | peer | function | d | {' | '.join(f'to {t:g}' for t in TARGETS)} | evaluations |",
        "|---" * (5 + len(TARGETS)) + "|",
    ]
    for r in results:
        cells = [cell(a, b) for a, b in zip(r["ours"], r["theirs"])]
        counts = ", ".join("-" if np.isinf(a) else f"{a:.0f}" for a in r["ours"])
        head = f"| {r['strategy']} | {r['peer']} | {r['function']} | {r['d']} | "
        lines.append(f"{head}{' | '.join(cells)} | {counts} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=11)
    parser.add_argument("--dimensions", type=int, nargs="*", default=DIMENSIONS, choices=DIMENSIONS)
    parser.add_argument("--quick", action="store_true", help="a tenth of the generations")
    parser.add_argument("--only", nargs="*", default=[], choices=list(PEERS), help="these strategies")
    parser.add_argument("--json", help="write the medians here")
    parser.add_argument("--markdown", help="write the table here")
    options = parser.parse_args()
    results = []
    for row in rows(options.seeds, options.dimensions, options.quick, options.only):
        print(table([row]).splitlines()[-1], row["seconds"], flush=True)
        results.append(row)
    reached = [(a, b) for r in results for a, b in zip(r["ours"], r["theirs"]) if np.isfinite(b)]
    worst = max((a / b for a, b in reached), default=0.0)
    within = sum(a <= 1.5 * b for a, b in reached)
    summary = (
        f"{within} of {len(reached)} targets that the peer reaches are within 1.5 times its evaluations; "
        f"worst {worst:.2f}"
    )
    print("\n" + table(results) + "\n\n" + summary)
    if options.markdown:
        with open(options.markdown, "w", encoding="utf-8") as file:
            about = __doc__.partition("FILE]\n\n")[2]
            file.write(f"# Evaluations to target, ours / peer's\n\n{about}\n{table(results)}\n\n")
            file.write(f"{summary}; {options.seeds} seeds, {5 * options.seeds} in 10 dimensions.\n")
    if options.json:
        for row in results:  # JSON has no infinity
            row.update({side: [None if np.isinf(x) else x for x in row[side]] for side in ("ours", "theirs")})
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"version": __version__, "seeds": options.seeds, "rows": results}, file, indent=1)


if __name__ == "__main__":
    main()
