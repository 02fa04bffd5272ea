"""Differential fuzzing: random trainings, each made twice in different ways, must end in the same bits.

    python tests/fuzz/fuzz_trainings.py --count 5000 --seed 1

A training is drawn from its number: environment with constants, network, strategy with shaping, optimiser,
decay and bounds, episodes, normalisation, clipping, limits. How it is made is drawn too: threads, layout,
`run` or `step` or both, through a file in the middle, by ask and tell around the engine, at which SIMD level.
Nothing of the second drawing may show in the parameters, the history, the statistics or the strategy's state.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

#: Environments whose steps are few and whose constants a fuzzer may move.
ENVS = {
    "Simple1D-v0": {"target": (2.0, 12.0)},
    "CartPole-v1": {"length": (0.3, 0.8), "force_mag": (5.0, 15.0)},
    "Pendulum-v1": {},
    "MountainCar-v0": {},
    "MountainCarContinuous-v0": {},
    "Acrobot-v1": {},
}
WIDTHS = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 24]
THREADS = [1, 2, 3, 8]
LAYOUTS = [None, "members", "episodes", "units"]
WAYS = ["run", "step", "both", "file", "ask"]


def pick(rng: np.random.Generator, values: Any) -> Any:
    return values[int(rng.integers(len(values)))]


def optimizer(rng: np.random.Generator) -> dict[str, Any]:
    rate = float(pick(rng, [0.5, 0.1, 0.02]))
    kind = pick(rng, ["SGD", "Adam", "AdamW", "ClipUp"])
    options: dict[str, dict[str, Any]] = {
        "SGD": {"momentum": pick(rng, [0.0, 0.9]), "nesterov": False},
        "Adam": {"betas": pick(rng, [(0.9, 0.999), (0.5, 0.99)])},
        "AdamW": {"weight_decay": pick(rng, [0.0, 0.05])},
        "ClipUp": {"max_speed": pick(rng, [None, 0.3])},
    }
    return {"name": kind, "learning_rate": rate, **options[kind]}


def strategy(rng: np.random.Generator, es: Any) -> Any:
    kind = pick(rng, ["OpenAIES", "OpenAIES", "ARS", "SNES", "PGPE", "SepCMAES", "CRFMNES"])
    directions, sigma = int(rng.integers(1, 21)), float(pick(rng, [0.02, 0.3, 1.5]))
    antithetic, decay = bool(rng.integers(2)), float(pick(rng, [1.0, 0.05]))
    bounds = (-5.0, 4.0) if rng.random() < 0.15 else None
    shaping = pick(rng, ["centered_rank", "z_score", "raw"])
    if kind == "OpenAIES":
        return es.OpenAIES(
            directions=directions, sigma=sigma, antithetic=antithetic, shaping=shaping, sigma_decay=decay,
            optimizer=optimizer(rng), learning_rate_decay=decay, weight_decay=pick(rng, [0.0, 0.01]),
            bounds=bounds,
        )  # fmt: skip
    if kind == "ARS":
        version = pick(rng, ["V1", "V1-t", "V2", "V2-t"])
        top = int(rng.integers(1, directions + 1)) if version.endswith("-t") else None
        return es.ARS(
            version=version, directions=directions, top=top, sigma=sigma, sigma_decay=decay, bounds=bounds
        )
    if kind == "SNES":
        return es.SNES(directions=directions, sigma=sigma, antithetic=antithetic, bounds=bounds)
    if kind == "PGPE":
        return es.PGPE(
            directions=directions, sigma=sigma, antithetic=antithetic, shaping=shaping,
            optimizer=optimizer(rng), learning_rate_decay=decay, bounds=bounds,
        )  # fmt: skip
    return getattr(es, kind)(directions=max(2, directions), sigma=sigma, bounds=bounds)


def problem(number: int) -> dict[str, Any]:
    """What training `number` trains, without how it is made."""
    from ember_ml import envs, es
    from ember_ml.policy.elementwise import ACTIVATIONS

    rng = np.random.default_rng([number, 1])
    name = pick(rng, list(ENVS))
    constants = {k: float(rng.uniform(*v)) for k, v in ENVS[name].items() if rng.random() < 0.3}
    hidden = tuple(int(pick(rng, WIDTHS)) for _ in range(int(rng.integers(0, 3))))
    return {
        "env": envs.make(name, **constants),
        "policy": es.MLPPolicy(hidden=hidden, activation=pick(rng, ACTIVATIONS)),
        "strategy": strategy(rng, es),
        "episodes": int(pick(rng, [1, 1, 2, 3, 9, 17])),
        "normalize_observations": bool(rng.integers(2)),
        "warmup": bool(rng.integers(2)),
        "clip_actions": bool(rng.integers(2)),
        "common_starts": bool(rng.integers(2)),
        "frame_skip": int(pick(rng, [1, 1, 1, 2, 5])),
        "max_steps": int(rng.integers(1, 40)),
        "reward_scale": float(pick(rng, [1.0, 0.1, 3.0])),
        "reward_offset": float(pick(rng, [0.0, 0.3, -1.0])),
        "generations": int(rng.integers(1, 5)),
        "seed": int(rng.integers(2**63)),
        "progress": False,
    }


def make(number: int, way: str, threads: int, layout: str | None) -> str:
    """The digest of training `number`, made that way."""
    from ember_ml import es

    arguments = problem(number)
    trainer = es.Trainer(**arguments, threads=threads, layout=layout)
    plan = arguments["generations"]
    if way == "run":
        trainer.run()
    elif way == "step":
        for _ in range(plan):
            trainer.step()
    elif way == "both":
        trainer.step()
        if plan > 1:
            trainer.run()
    elif way == "file":
        trainer.run(plan // 2) if plan > 1 else None
        with tempfile.TemporaryDirectory() as folder:
            trainer.save(Path(folder) / "half.npz")
            trainer = es.Trainer.load(Path(folder) / "half.npz", progress=False)
        trainer.run()
    else:
        _ask_and_tell(trainer, plan)
    return _digest(trainer, history=way != "ask")


def _ask_and_tell(trainer: Any, plan: int) -> None:
    """The trainer's generations by hand: its engine evaluates, its strategy is told."""
    from dataclasses import replace

    from ember_ml.es.interrupt import Interrupt
    from ember_ml.rollout import perturb

    with Interrupt() as interrupt:
        trainer._training.warm_up(interrupt)
    statistics = trainer.observations
    for _ in range(plan):
        population = trainer._training.population()
        normalizer = None if statistics is None else statistics.normalizer
        evaluation = trainer.engine.evaluate(population, normalizer, True)
        rows = trainer.strategy.ask()
        if population.rows is None:
            own = perturb(population, 0, population.members)
            assert np.array_equal(rows, own), "ask() gives other members than the engine evaluates"
            if (
                population.common_starts or trainer.env.name == "Simple1D-v0"
            ):  # starts do not tell members apart
                by_rows = replace(population, rows=rows, antithetic=False, directions=len(rows))
                again = trainer.engine.evaluate(by_rows, normalizer, True)
                assert np.array_equal(again.fitness, evaluation.fitness), "rows return something else"
        trainer.strategy.tell(evaluation.fitness)
        if statistics is not None:
            statistics.add(evaluation.leaves)


def _digest(trainer: Any, history: bool) -> str:
    parts: dict[str, Any] = {"theta": trainer.theta, **trainer.strategy.state_dict()}
    if trainer.observations is not None:
        parts.update({f"observation/{k}": v for k, v in trainer.observations.state_dict().items()})
    found = hashlib.sha256()
    for name in sorted(parts):
        found.update(name.encode() + np.asarray(parts[name]).tobytes())
    core = found.hexdigest()[:24]
    if not history:
        return core
    table = trainer.history.to_numpy()
    for name in table.dtype.names:
        if name != "wall_time":
            found.update(np.ascontiguousarray(table[name]).tobytes())
    return core + found.hexdigest()[:24]


def two_ways(number: int) -> list[tuple[str, int, str | None]]:
    rng = np.random.default_rng([number, 2])
    ways: list[tuple[str, int, str | None]] = []
    while len(ways) < 2:
        way = (str(pick(rng, WAYS)), int(pick(rng, THREADS)), pick(rng, LAYOUTS))
        if way not in ways:
            ways.append(way)
    return ways


def digests(first: int, count: int, which: int) -> dict[int, str]:
    return {number: make(number, *two_ways(number)[which]) for number in range(first, first + count)}


def at_level(level: str | None, first: int, count: int, which: int) -> dict[int, str]:
    """`digests` in a process of its own at a SIMD level."""
    environment = {**os.environ, **({"EMBER_SIMD": level} if level else {})}
    command = [sys.executable, __file__, "--first", str(first), "--count", str(count), "--only", str(which)]
    answer = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return {int(number): digest for number, digest in json.loads(answer.stdout).items()}


def mismatches(first: int, count: int) -> list[str]:
    """One line for each training whose two makings differ; the second is made at the base level."""
    one, other = at_level(None, first, count, 0), at_level("base", first, count, 1)
    lines = []
    for number in range(first, first + count):
        ways = two_ways(number)
        length = min(len(one[number]), len(other[number]))
        if one[number][:length] != other[number][:length]:
            lines.append(f"training {number}: {ways[0]} and, at level base, {ways[1]} differ")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="number of the first training")
    parser.add_argument("--only", type=int, help="print one making's digests as JSON")
    options = parser.parse_args()
    if options.only is not None:
        print(json.dumps(digests(options.first, options.count, options.only)))
        return 0
    wrong = []
    for first in range(options.first, options.first + options.count, 500):
        part = min(500, options.first + options.count - first)
        wrong += mismatches(first, part)
        print(f"{first + part - options.first} trainings, {len(wrong)} mismatches", file=sys.stderr)
    print("\n".join(wrong) or f"{options.count} trainings, each made in two ways: the same bits")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
