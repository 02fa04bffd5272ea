"""What Ember's own calls cost beyond the array library's.

1. `ops.add` of two arrays of 16 float32, or of an array and a number, less the library's own function on
   the same operands, on each backend installed. Goal: 0.1 us.
2. A `Dense` layer's forward on numpy for a batch of 1. Goal: 2 us.

Each figure is the median of `--rounds` alternations of a timed loop, so that a busy machine slows both sides.

    python benchmarks/overhead.py [--rounds 41]
"""

from __future__ import annotations

import argparse
import statistics
import timeit
from collections.abc import Callable
from typing import Any

import numpy as np
from ember_ml import nn, ops
from ember_ml.backend import get_available_backends, table, using_backend

CALLS = 5000


def own_add(backend: str) -> Callable[[Any, Any], Any]:
    """The library's own function."""
    if backend == "torch":
        import torch

        return torch.add
    if backend == "mlx":
        import mlx.core as mx

        return mx.add
    return np.add


def microseconds(statement: str, names: dict[str, Any]) -> float:
    return timeit.timeit(statement, globals=names, number=CALLS) / CALLS * 1e6


def adds(rounds: int) -> None:
    print(f"{'us a call':24}{'own':>8}{'ops.add':>9}{'over':>8}")
    for backend in get_available_backends():
        with using_backend(backend):
            x = table(backend).convert_to_tensor(np.linspace(0, 1, 16, dtype=np.float32))
            for what, y in (("array + array", x + x), ("array + 2.0", 2.0)):
                names = {"own": own_add(backend), "add": ops.add, "x": x, "y": y}
                own, ours = [], []
                for _ in range(rounds):
                    own.append(microseconds("own(x, y)", names))
                    ours.append(microseconds("add(x, y)", names))
                over = statistics.median(b - a for a, b in zip(own, ours))
                label = f"{backend}: {what}"
                print(f"{label:24}{statistics.median(own):8.3f}{statistics.median(ours):9.3f}{over:8.3f}")


def layers(rounds: int) -> None:
    print(f"\n{'numpy, batch of 1':24}{'us':>8}{'x @ w + b':>11}")
    with using_backend("numpy"):
        for width, activation in ((16, None), (16, "tanh"), (64, "tanh")):
            layer = nn.Dense(4, width, activation=activation)
            names = {"layer": layer, "x": np.ones((1, 4), np.float32)}
            names |= {"w": np.ones((4, width), np.float32), "b": np.ones(width, np.float32)}
            ours, own = [], []
            for _ in range(rounds):
                ours.append(microseconds("layer(x)", names))
                own.append(microseconds("x @ w + b", names))
            label = f"Dense(4, {width}, {activation})"
            print(f"{label:24}{statistics.median(ours):8.2f}{statistics.median(own):11.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=41)
    options = parser.parse_args()
    adds(options.rounds)
    layers(options.rounds)


if __name__ == "__main__":
    main()
