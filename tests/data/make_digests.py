"""Digests of short trainings: what a change that is to change no number is held against.

    python tests/data/make_digests.py

writes digests.json beside it, a digest a training, for those that have none yet. tests/es/test_digests.py
trains anew and compares. Whoever changes a training's numbers on purpose takes its line out of the file first
and says why. No training here depends on a library's arithmetic: all of it is the core's, or the four
operations of float64.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from ember_ml import es, nn
from ember_ml.training import SGD, Adam, ClipUp

sys.path.insert(0, str(Path(__file__).parents[1]))
from walk_env import Walk

PATH = Path(__file__).with_name("digests.json")
GENERATIONS = 5

#: Arguments of a Trainer that a training has besides `COMMON`, by its name.
COMMON: dict[str, Any] = {"policy": (8,), "seed": 11, "max_steps": 60, "progress": False, "threads": 1}

STRATEGIES: dict[str, Any] = {
    "openai-es": lambda: es.OpenAIES(directions=20, sigma=0.2),
    "openai-es z_score": lambda: es.OpenAIES(
        directions=9, sigma=0.2, antithetic=False, shaping="z_score", optimizer=SGD(0.1, momentum=0.9)
    ),
    "openai-es raw": lambda: es.OpenAIES(
        directions=6, sigma=0.1, shaping="raw", optimizer=Adam(learning_rate=0.01)
    ),
    "ars V1": lambda: es.ARS("V1", directions=6),
    "ars V1-t": lambda: es.ARS("V1-t", directions=6, top=3),
    "ars V2": lambda: es.ARS("V2", directions=6),
    "ars V2-t": lambda: es.ARS("V2-t", directions=6, top=3),
    "snes": lambda: es.SNES(directions=6),
    "snes single": lambda: es.SNES(directions=7, antithetic=False),
    "pgpe": lambda: es.PGPE(directions=6),
    "pgpe adam": lambda: es.PGPE(directions=6, optimizer=Adam(learning_rate=0.05)),
    "pgpe clipup": lambda: es.PGPE(directions=6, optimizer=ClipUp(0.1)),
    "sep-cmaes": lambda: es.SepCMAES(members=9, sigma=0.3),
    "cr-fm-nes": lambda: es.CRFMNES(directions=6, sigma=0.3),
    "cholesky-cmaes": lambda: es.CholeskyCMAES(members=9, sigma=0.3),
    "openai-es bounds": lambda: es.OpenAIES(directions=6, sigma=0.2, bounds=(-2.0, 2.0)),
}

OPTIONS: dict[str, dict[str, Any]] = {
    **{f"layout {layout}": {"layout": layout, "episodes": 3} for layout in ("members", "episodes", "units")},
    "two threads": {"threads": 2, "strategy": lambda: es.OpenAIES(directions=70, sigma=0.2)},
    "64-64": {"policy": (64, 64)},
    "64-64 units": {"policy": (64, 64), "layout": "units"},
    "mlp relu": {
        "policy": lambda: nn.MLP(4, (8, 8), 2, activation="relu"), "theta0": np.linspace(-1, 1, 130),
        "normalize_observations": True,
    },
    "linear": {"policy": ()},
    "no normalisation": {"normalize_observations": False},
    "no warm-up": {"warmup": False},
    "common starts": {"common_starts": True},
    "frame skip": {"frame_skip": 3},
    "shaped rewards": {
        "reward_offset": 0.5, "reward_scale": 0.1, "strategy": STRATEGIES["openai-es raw"],
    },
    "curve": {"eval_every": 2, "eval_episodes": 30},
    "plan": {"generations": 2 * GENERATIONS, "strategy": None},
    "python engine": {"engine": "python", "env": Walk},
    "python engine snes": {
        "engine": "python", "env": Walk, "strategy": lambda: es.SNES(directions=4), "episodes": 2, "lanes": 3,
    },
}  # fmt: skip

ENVIRONMENTS = (
    "Simple1D-v0", "Pendulum-v1", "MountainCar-v0", "MountainCarContinuous-v0", "Acrobot-v1",
)  # fmt: skip

CASES: dict[str, dict[str, Any]] = {
    **{f"strategy {name}": {"strategy": make} for name, make in STRATEGIES.items()},
    **OPTIONS,
    **{f"env {name}": {"env": name} for name in ENVIRONMENTS},
}


def trainer(name: str) -> es.Trainer:
    """The trainer of one training, standing at its beginning."""
    arguments = {"env": "CartPole-v1", "strategy": STRATEGIES["openai-es"], **COMMON, **CASES[name]}
    for argument in ("strategy", "policy"):
        if callable(arguments[argument]):
            arguments[argument] = arguments[argument]()
    return es.Trainer(**arguments)


def digest(run: es.Run) -> str:
    """Of all numbers of a run but the clock's."""
    sha = hashlib.sha256()
    history = run.history
    for field in history.to_numpy().dtype.names:
        if field != "wall_time":
            sha.update(history[field].tobytes())
    best = run.best
    policy = run.policy
    for array in (run.theta, policy.mean, policy.inverse, best.theta, best.mean, best.inverse):
        sha.update(b"none" if array is None else np.ascontiguousarray(array).tobytes())
    for records in (run.evaluations, run.confirmations):
        for record in records:
            sha.update(repr(record).encode())
    sha.update(run.evaluate(10).returns.tobytes())
    return sha.hexdigest()[:24]


def train(name: str) -> str:
    with trainer(name) as one:
        return digest(one.run(GENERATIONS))


def main() -> None:
    found = json.loads(PATH.read_text("utf8")) if PATH.exists() else {}
    found = {name: found.get(name) or train(name) for name in CASES}
    PATH.write_text(json.dumps(found, indent=1) + "\n", "utf8")


if __name__ == "__main__":
    main()
