"""Noise of low rank beside full noise, jax and torch: the same networks, alternating in one run.

    python benchmarks/low_rank.py [--rounds 5] [--threads 2] [--rank 1] [--cpu]

Ours are whole generations, evaluation and update. The rivals evaluate alone: the same network and task, by
HyperscaleES's formula, y = x W + b + (sigma / sqrt(r)) (x A) B^T, mapped over members by vmap: in jax a
whole episode under jit, in torch step by step. On a busy machine --cpu counts the time that all threads had a
processor instead of the clock's.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from ember_ml import _core, envs, es
from ember_ml.engines.native import NativeEngine
from ember_ml.nn.modules import MLP
from ember_ml.policy.network import theta_shape
from ember_ml.policy.trace import trace
from questions import harness
from questions.harness import Rate, Rival, Row, compare, has, timed
from questions.mlp import peak, task

SIGMA = 0.02
#: Name, layer widths, members, steps of an episode, (goal over full rank, goal over each rival).
NETWORKS = {
    "CartPole 4-64-64-2": ((4, 64, 64, 2), 256, 500, (1.35, 5)),
    "17-256-256-6": ((17, 256, 256, 6), 1024, 50, (2, 5)),
    "17-1024-1024-6": ((17, 1024, 1024, 6), 256, 20, (5, 5)),
}


def most(threads: int) -> Rate:
    """The machine's multiply-adds; on a busy one the best of several tries, of one thread."""
    if harness.clock is time.perf_counter:
        return peak(threads)
    best = max(peak(1)() for _ in range(10))
    return lambda: best


def multiplications(widths: tuple[int, ...]) -> int:
    return sum(m * n for m, n in pairwise(widths))


def ours(name: str, rank: int, threads: int, update: bool = True) -> Rate:
    """Environment steps a second of whole generations; rank 0 is full noise."""
    widths, members, steps, _ = NETWORKS[name]
    env = envs.make("CartPole-v1") if name.startswith("CartPole") else task()
    network = MLP(widths[0], widths[1:-1], widths[-1], activation="tanh")
    spec = trace(network, widths[0], widths[-1])
    if name.startswith("CartPole"):
        theta = balanced(spec)
    else:
        theta = network.to_vector().astype(np.float32)
    engine = NativeEngine(env, spec, threads=threads, max_steps=steps)
    strategy = es.OpenAIES(members=members, sigma=SIGMA, perturbation=es.LowRank(rank) if rank else None)
    strategy.threads = threads
    strategy.start(theta, 0, theta_shape(spec, theta.size))

    def run() -> float:
        found = engine.evaluate(strategy.population())
        if update:
            strategy.tell(found.fitness)
        return float(found.steps)

    return timed(run)


def balanced(spec: Any) -> np.ndarray:
    """CartPole parameters that keep the pole up, so that episodes are whole: it is pushed where it leans."""
    theta = np.zeros(spec.parameters, np.float32)
    first, second, last = (layer.weight(theta) for layer in spec.layers)
    first[:, 0] = [0.02, 0.1, 1.0, 0.3]
    second[0, 0], last[0, 0], last[0, 1] = 2.0, -1.0, 1.0
    return theta


def jax_rate(name: str, rank: int) -> Rate:
    import jax
    import jax.numpy as jnp

    widths, members, steps, _ = NETWORKS[name]
    key = jax.random.PRNGKey(0)
    weights = [jnp.asarray(np.random.default_rng(n).normal(size=pair) / 16, jnp.float32) for n, pair in
               enumerate(pairwise(widths))]  # fmt: skip
    biases = [jnp.zeros(width) for width in widths[1:]]
    factor = SIGMA / np.sqrt(rank)

    def policy(noise: Any, x: Any) -> Any:
        for n, (weight, bias) in enumerate(zip(weights, biases)):
            a, b, beta = noise[n]
            x = x @ weight + bias + SIGMA * beta + factor * ((x @ a) @ b.T)
            x = jnp.tanh(x) if n < len(weights) - 1 else x
        return x

    def drawn(key: Any) -> Any:
        keys = jax.random.split(key, 3 * len(weights))
        return [
            (jax.random.normal(keys[3 * n], (m, rank)), jax.random.normal(keys[3 * n + 1], (k, rank)),
             jax.random.normal(keys[3 * n + 2], (k,)))
            for n, (m, k) in enumerate(pairwise(widths))
        ]  # fmt: skip

    step, start = jax_task(name)

    def episode(key: Any) -> Any:
        noise = drawn(key)

        def turn(state: Any, _: Any) -> Any:
            return step(state, policy(noise, state))

        return jax.lax.scan(turn, start, None, steps)[1].sum()

    run = jax.jit(jax.vmap(episode))
    keys = jax.random.split(key, members)

    def work() -> float:
        jax.block_until_ready(run(keys))
        return float(members * steps)

    return timed(work)


def jax_task(name: str) -> tuple[Callable[..., Any], Any]:
    """step(state, outputs) -> (state, reward) and the start."""
    import jax.numpy as jnp

    if not name.startswith("CartPole"):
        matrix = jnp.asarray(0.1 * np.random.default_rng(5).standard_normal((6, 17), dtype=np.float32))

        def linear(s: Any, a: Any) -> Any:
            s = jnp.clip(0.99 * s + a @ matrix, -5, 5)
            return s, s[0]

        return linear, jnp.ones(17)

    def cart(s: Any, out: Any) -> Any:
        force = jnp.where(out[1] > out[0], 10.0, -10.0)
        x, v, angle, turn = s
        sine, cosine = jnp.sin(angle), jnp.cos(angle)
        push = (force + 0.05 * turn**2 * sine) / 1.1
        bend = (9.8 * sine - cosine * push) / (0.5 * (4 / 3 - 0.1 * cosine**2 / 1.1))
        slide = push - 0.05 * bend * cosine / 1.1
        return jnp.stack([x + 0.02 * v, v + 0.02 * slide, angle + 0.02 * turn, turn + 0.02 * bend]), angle

    return cart, jnp.full(4, 0.01)


def torch_rate(name: str, rank: int, threads: int) -> Rate:
    """Step by step: the formula of one member under vmap, and the task of jax_task over the population."""
    import torch

    torch.set_num_threads(threads)
    widths, members, _, _ = NETWORKS[name]
    made = torch.Generator().manual_seed(0)
    weights = [torch.randn(m, n, generator=made) / 16 for m, n in pairwise(widths)]
    biases = [torch.zeros(n) for n in widths[1:]]
    noise = [(torch.randn(members, m, rank), torch.randn(members, n, rank), torch.randn(members, n))
             for m, n in pairwise(widths)]  # fmt: skip
    factor = SIGMA / rank**0.5

    def policy(own: Any, x: Any) -> Any:
        for n, (weight, bias) in enumerate(zip(weights, biases)):
            a, b, beta = own[n]
            x = x @ weight + bias + SIGMA * beta + factor * ((x @ a) @ b.T)
            x = torch.tanh(x) if n < len(weights) - 1 else x
        return x

    batched = torch.vmap(policy)
    matrix, state, steps = 0.1 * torch.randn(widths[-1], widths[0]), torch.ones(members, widths[0]), 10

    def run() -> float:
        s = state
        with torch.inference_mode():
            for _ in range(steps):
                s = torch.clamp(0.99 * s + batched(noise, s) @ matrix, -5, 5)
        return float(members * steps)

    return timed(run)


def share_of_peak(name: str, rank: int, threads: int, rounds: int) -> None:
    """Multiply-adds of the evaluation alone beside the machine's most."""
    work = 2 * multiplications(NETWORKS[name][0]) / 1e9
    rate = ours(name, rank, threads, update=False)
    compare(
        f"{name}, evaluation alone", "GFLOP/s", lambda: work * rate(),
        {f"FMA peak of {threads} threads": Rival(most(threads), 0.65)}, rounds,
    )  # fmt: skip


def generation(name: str, rank: int, threads: int, rounds: int) -> list[Row]:
    _, members, _, (over_full, over_rivals) = NETWORKS[name]
    rivals = {"full noise": Rival(ours(name, 0, threads), over_full)}
    if has("jax"):
        rivals["jax, vmapped formula"] = Rival(jax_rate(name, rank), over_rivals)
    if has("torch"):
        rivals["torch, vmapped formula"] = Rival(torch_rate(name, rank, threads), over_rivals)
    own = ours(name, rank, threads)
    return compare(f"{name}, {members} members, rank {rank}", "steps/s", own, rivals, rounds)


def most_memory() -> int:
    """The most that this process has held since its peak was last reset, in bytes (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def memory(threads: int) -> None:
    """A generation of 1,000 directions of a million parameters: what it takes beyond them and Adam's two."""
    network = MLP(17, (990, 990), 6, activation="tanh")
    spec = trace(network, 17, 6)
    theta = network.to_vector().astype(np.float32)
    strategy = es.OpenAIES(directions=1000, perturbation=es.LowRank(1))
    strategy.threads = threads
    strategy.start(theta, 0, theta_shape(spec, theta.size))
    # What every strategy holds of that many parameters, low rank or not, is there after a first update.
    strategy.skip(np.zeros(2000))
    engine = NativeEngine(task(), spec, max_steps=1, threads=threads)
    Path("/proc/self/clear_refs").write_text("5")
    before = most_memory()
    strategy.tell(engine.evaluate(strategy.population()).fitness)
    gained = (most_memory() - before) / 2**20
    print(f"{theta.size:,} parameters, 1,000 directions: a generation took {gained:.1f} MiB more")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rank", type=int, default=1)
    parser.add_argument("--cpu", action="store_true")
    given = parser.parse_args()
    if given.cpu:
        harness.clock = time.process_time
    print(f"{_core.simd_level()}, {given.threads} threads")
    memory(given.threads)
    share_of_peak("17-256-256-6", given.rank, given.threads, given.rounds)
    for name in NETWORKS:
        generation(name, given.rank, given.threads, given.rounds)


if __name__ == "__main__":
    main()
