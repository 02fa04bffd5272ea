"""benchmarks/expert.cpp, compiled for this machine and called through ctypes."""

from __future__ import annotations

import ctypes
import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

NOTE = "fixed sizes, fast-math, a 32-bit hash for noise, none of the contracts"


def compiler() -> str | None:
    """The C++ compiler, where there is one and the machine has AVX2."""
    flags = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    found = shutil.which(os.environ.get("CXX", "c++"))
    return found if " avx2 " in flags else None


@functools.cache
def library() -> Any:
    folder = tempfile.mkdtemp(prefix="ember-expert-")
    path = Path(folder) / "expert.so"
    source = Path(__file__).parents[1] / "expert.cpp"
    flags = ["-O3", "-march=native", "-ffast-math", "-shared", "-fPIC", "-pthread", "-Wno-psabi"]
    subprocess.run([str(compiler()), *flags, str(source), "-o", str(path)], check=True)
    return ctypes.CDLL(str(path))


def _at(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


class CartPole:
    """Antithetic generations of 4-64-64-2, noise drawn inside."""

    def __init__(self, theta: np.ndarray, pairs: int, sigma: float, threads: int) -> None:
        self.theta, self.pairs, self.threads = theta, pairs, threads
        self.sigma = ctypes.c_float(sigma)
        self.noise = np.empty((pairs, 4640), np.float32)
        self.returns, self.update = np.empty(2 * pairs, np.float32), np.empty(4610, np.float32)

    def generation(self, seed: int) -> float:
        library().cartpole(
            _at(self.theta), ctypes.c_uint32(seed), self.pairs, self.sigma, _at(self.noise),
            _at(self.returns), _at(self.update), self.threads,
        )  # fmt: skip
        return float(self.returns.sum())


class Linear:
    """Antithetic populations of 17-64-64-6 on linear_task.c, noise drawn inside."""

    def __init__(self, theta: np.ndarray, pairs: int, sigma: float, steps: int, threads: int) -> None:
        self.theta, self.pairs, self.steps, self.threads = theta, pairs, steps, threads
        self.sigma = ctypes.c_float(sigma)
        self.noise, self.returns = np.empty((pairs, 5728), np.float32), np.empty(2 * pairs, np.float32)
        self.matrix = 0.1 * np.random.default_rng(5).standard_normal((6, 17), dtype=np.float32)
        self.start = np.ones(17, np.float32)

    def population(self, seed: int) -> float:
        library().linear(
            _at(self.theta), ctypes.c_uint32(seed), self.pairs, self.sigma, _at(self.noise), _at(self.matrix),
            _at(self.start), self.steps, _at(self.returns), self.threads,
        )  # fmt: skip
        return 2.0 * self.pairs * self.steps


def noise_sum(seed: int, weights: np.ndarray, update: np.ndarray, threads: int) -> float:
    library().noise_sum(ctypes.c_uint32(seed), len(weights), update.size, _at(weights), _at(update), threads)
    return float(weights.size) * update.size
