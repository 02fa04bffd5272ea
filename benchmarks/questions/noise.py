"""Task 3: noise made again and summed with weights, 512 vectors of 100,000, as an update does."""

from __future__ import annotations

import numpy as np
from ember_ml import _core

from questions import expert
from questions.harness import Rate, Rival, Row, compare, has, timed

QUESTION = "noise + weighted sum, 512 x 100,000"
DIRECTIONS, SIZE = 512, 100_000
UNTRIED = "the battery of docs/noise.md was not run on it"


def own(weights: np.ndarray, threads: int = 0) -> Rate:
    def run() -> float:
        _core.testing.noise_sum(0, 0, weights, SIZE, threads=threads)
        return float(DIRECTIONS * SIZE)

    return timed(run)


def numpy(weights: np.ndarray) -> Rate:
    rng = np.random.Generator(np.random.SFC64(0))

    def run() -> float:
        total = np.zeros(SIZE, np.float32)
        for weight in weights[:64]:
            total += weight * rng.standard_normal(SIZE, dtype=np.float32)
        return 64.0 * SIZE

    return timed(run)


def torch(weights: np.ndarray) -> Rate:
    import torch

    buffer, total = torch.empty(64, SIZE), torch.empty(1, SIZE)
    w = torch.from_numpy(weights[None, :64])

    def run() -> float:
        buffer.normal_()
        torch.matmul(w, buffer, out=total)
        return 64.0 * SIZE

    return timed(run)


def jax(weights: np.ndarray) -> Rate:
    import jax

    w = jax.numpy.asarray(weights[:64])
    summed = jax.jit(lambda key: w @ jax.random.normal(key, (64, SIZE)))

    def run() -> float:
        summed(jax.random.key(0)).block_until_ready()
        return 64.0 * SIZE

    return timed(run)


def hashed(weights: np.ndarray) -> Rate:
    import numba_noise

    total = np.empty(SIZE, np.float32)

    def run() -> float:
        numba_noise.hash_sum(weights, 1, total)
        return float(DIRECTIONS * SIZE)

    return timed(run)


def by_hand(weights: np.ndarray) -> Rate:
    total = np.empty(SIZE, np.float32)
    return timed(lambda: expert.noise_sum(1, weights, total, _core.available_threads()))


def table(weights: np.ndarray) -> Rate:
    import numba_noise

    rng = np.random.default_rng(3)
    gigabyte = np.empty(250_000_000, np.float32)
    np.random.Generator(np.random.SFC64(3)).standard_normal(out=gigabyte, dtype=np.float32)
    total = np.empty(SIZE, np.float32)

    def run() -> float:
        offsets = rng.integers(0, len(gigabyte) - SIZE, DIRECTIONS)
        numba_noise.table_sum(gigabyte, offsets, weights, total)
        return float(DIRECTIONS * SIZE)

    return timed(run)


def ask(rounds: int) -> list[Row]:
    weights = np.random.default_rng(1).standard_normal(DIRECTIONS).astype(np.float32)
    rivals = {"Ember ML, one thread": Rival(own(weights, 1), note="Threefry4x32-13: the battery is passed")}
    if has("numba"):
        rivals["numba, 1 GB shared table (correlated)"] = Rival(
            table(weights),
            note="no generator to test: slices of one table overlap, so directions are correlated",
        )
        rivals["numba, hash of a counter (32-bit keys)"] = Rival(
            hashed(weights),
            note="the battery is passed; keys of 32 bits: some 300 of 25,600 blocks share their words",
        )
    if expert.compiler():
        rivals["C++ by hand, hash of a counter"] = Rival(by_hand(weights), 0.75, expert.NOTE)
    if has("torch"):
        rivals["torch normal_ + matmul"] = Rival(torch(weights), 8.0, UNTRIED)
    rivals["numpy SFC64"] = Rival(numpy(weights), note=UNTRIED)
    if has("jax"):
        rivals["jax random.normal + matmul"] = Rival(jax(weights), 8.0, UNTRIED)
    return compare(QUESTION, "normals/s", own(weights), rivals, rounds)
