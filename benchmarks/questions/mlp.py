"""Task 2: an MLP 17-64-64-6 with tanh on the synthetic task of linear_task.c, population 1024."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from ember_ml import _core, envs
from ember_ml.engines.native import NativeEngine
from ember_ml.nn.modules import MLP
from ember_ml.policy.trace import trace
from ember_ml.rollout import Population

from questions import expert
from questions.harness import Rate, Rival, Row, compare, has, timed

QUESTION = "MLP 17-64-64-6 tanh, population 1024"
MEMBERS, SIGMA, STEPS = 1024, 0.02, 1000
GFLOP = 2 * (17 * 64 + 64 * 64 + 64 * 6) / 1e9  # a forward's; everything else a step does is not counted


def task() -> Any:
    flags = ("-mavx2", "-mfma") if _core.simd_level() == "avx2" else ()
    return envs.compile(Path(__file__).parents[1] / "linear_task.c", flags)


def policy() -> Any:
    return MLP(17, (64, 64), 6, activation="tanh", output_activation="tanh")


def native(env: Any, network: Any, threads: int | None = None) -> Rate:
    theta = network.to_vector().astype(np.float32)
    engine = NativeEngine(env, trace(network, 17, 6), episodes=1, threads=threads)

    def run() -> float:
        return GFLOP * engine.evaluate(Population(theta, SIGMA, 0, 0, MEMBERS // 2)).steps

    return timed(run)


def peak(threads: int) -> Rate:
    """The multiply-adds that this machine can do, in GFLOP/s."""

    def rate() -> float:
        rows = _core.bench("limits", 0.02)
        return next(r["figure"] for r in rows if r["unit"] == "GFLOP/s" and r["threads"] == threads)

    return rate


def numba(theta: np.ndarray) -> Rate:
    import numba_rivals

    matrix = 0.1 * np.random.default_rng(5).standard_normal((6, 17), dtype=np.float32)
    start, returns = np.ones(17, np.float32), np.empty(MEMBERS, np.float32)

    def run() -> float:
        numba_rivals.linear_population(theta, 1, np.float32(SIGMA), matrix, start, STEPS, returns)
        return GFLOP * MEMBERS * STEPS

    return timed(run)


def by_hand(theta: np.ndarray) -> Rate:
    program = expert.Linear(theta, MEMBERS // 2, SIGMA, STEPS, _core.available_threads())
    return timed(lambda: GFLOP * program.population(1))


def _layers(theta: Any) -> tuple[Any, ...]:
    """Weights and biases out of (..., 5702)."""
    lead = theta.shape[:-1]
    return (
        theta[..., :1088].reshape(*lead, 17, 64),
        theta[..., 1088:1152],
        theta[..., 1152:5248].reshape(*lead, 64, 64),
        theta[..., 5248:5312],
        theta[..., 5312:5696].reshape(*lead, 64, 6),
        theta[..., 5696:],
    )


def _members(theta: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(0).standard_normal((MEMBERS, theta.size), dtype=np.float32)
    return theta + np.float32(SIGMA) * noise


def jax(theta: np.ndarray) -> Rate:
    import jax
    import jax.numpy as jnp

    members = jnp.asarray(_members(theta))
    matrix = jnp.asarray(0.1 * np.random.default_rng(5).standard_normal((6, 17), dtype=np.float32))

    def episode(member: Any) -> Any:
        w1, b1, w2, b2, w3, b3 = _layers(member)

        def step(state: Any, _: Any) -> Any:
            action = jnp.tanh(jnp.tanh(jnp.tanh(state @ w1 + b1) @ w2 + b2) @ w3 + b3)
            state = jnp.clip(0.99 * state + action @ matrix, -5, 5)
            return state, state[0]

        return jax.lax.scan(step, jnp.ones(17), None, STEPS)[1].sum()

    # Chunks whose weights stay in the cache.
    run = jax.jit(lambda rows: jax.lax.map(episode, rows, batch_size=32))

    def work() -> float:
        jax.block_until_ready(run(members))
        return GFLOP * MEMBERS * STEPS

    return timed(work)


def over_population(theta: np.ndarray, library: str, steps: int) -> Rate:
    """Step by step over the whole population: batched matrix products of numpy or torch."""
    members, matrix = (
        _members(theta),
        0.1 * np.random.default_rng(5).standard_normal((6, 17), dtype=np.float32),
    )
    state = np.ones((MEMBERS, 1, 17), np.float32)
    parts = [part[:, None] if part.ndim == 2 else part for part in _layers(members)]
    if library == "torch":
        import torch

        tanh, clip, product = torch.tanh, torch.clamp, torch.baddbmm
        w1, b1, w2, b2, w3, b3 = (torch.from_numpy(np.ascontiguousarray(part)) for part in parts)
        state, matrix = torch.from_numpy(state), torch.from_numpy(matrix)
    else:
        tanh, clip = np.tanh, np.clip
        w1, b1, w2, b2, w3, b3 = (np.ascontiguousarray(part) for part in parts)

        def product(bias: Any, x: Any, w: Any) -> Any:
            return np.matmul(x, w) + bias

    def run() -> float:
        s = state
        for _ in range(steps):
            h = tanh(product(b2, tanh(product(b1, s, w1)), w2))
            s = clip(0.99 * s + tanh(product(b3, h, w3)) @ matrix, -5, 5)
        return GFLOP * MEMBERS * steps

    return timed(run)


def ask(rounds: int) -> list[Row]:
    env, network, threads = task(), policy(), _core.available_threads()
    theta = network.to_vector().astype(np.float32)
    rivals = {
        f"FMA peak of {threads} threads": Rival(peak(threads), 0.45, "what the machine can do at most"),
        "Ember ML, one thread": Rival(native(env, network, 1), 1.85),
    }
    if has("numba"):
        rivals["numba, noise drawn inside"] = Rival(numba(theta), 1.15, "a 32-bit hash for noise")
    if expert.compiler():
        rivals["C++ by hand"] = Rival(by_hand(theta), 1.0, expert.NOTE)
    if has("jax"):
        rivals["jax, scan, 32 members a chunk"] = Rival(jax(theta))
    rivals["numpy, the population at once"] = Rival(over_population(theta, "numpy", 30))
    if has("torch"):
        rivals["torch, the population at once"] = Rival(over_population(theta, "torch", 30))
    return compare(QUESTION, "GFLOP/s", native(env, network), rivals, rounds)
