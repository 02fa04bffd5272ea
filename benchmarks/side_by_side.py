"""The native core beside other programs on the same work, in alternation: medians, and ratios pair by pair.

    python benchmarks/side_by_side.py [cartpole] [noise] [vector] [--rounds 7] [--json FILE] [--plot FILE]

Rivals that are not installed are left out and named. Both sides use all cores unless the row says otherwise.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from ember_ml import _core, es
from ember_ml.engines.base import Population
from ember_ml.engines.native import NativeEngine
from ember_ml.engines.trace import trace
from ember_ml.envs import make
from ember_ml.nn.modules import MLP

Work = Callable[[], float]  # does the work, returns how many units of it


def compare(
    question: str, unit: str, own: Work, rivals: dict[str, Work], rounds: int
) -> list[dict[str, Any]]:
    """Times own against each rival, A B A B ..., one row a rival."""
    rows = []
    for name, rival in rivals.items():
        own(), rival()
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(_rate(own))
            theirs.append(_rate(rival))
        ratio = statistics.median(a / b for a, b in zip(ours, theirs))
        own_rate, other_rate = statistics.median(ours), statistics.median(theirs)
        rows.append(
            {"question": question, "unit": unit, "rival": name}
            | {"own": own_rate, "other": other_rate, "ratio": ratio}
        )
        print(f"{question:<34} {name:<34} {own_rate:10.4g} {other_rate:10.4g} {ratio:8.2f}x  {unit}")
    return rows


def _rate(work: Work) -> float:
    begun = time.perf_counter()
    units = work()
    return units / (time.perf_counter() - begun)


def _has(*names: str) -> bool:
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing:
        print(f"(not installed: {', '.join(missing)})")
    return not missing


def _balancing() -> Any:
    """An MLP 4-64-64-2 that balances for 500 steps, so that both sides do the same number of steps."""
    policy = MLP(4, (64, 64), 2, activation="tanh")
    strategy = es.OpenAIES(directions=32, sigma=0.05, optimizer={"name": "Adam", "learning_rate": 0.03})
    es.train(
        "CartPole-v1",
        policy,
        strategy,
        generations=80,
        seed=1,
        normalize_observations=False,
        progress=False,
    )
    return policy


def cartpole(rounds: int) -> list[dict[str, Any]]:
    policy = _balancing()
    theta, directions, sigma = policy.to_vector().astype(np.float32), 128, np.float32(0.02)
    spec = make("CartPole-v1")
    generation = 0

    def native(threads: int | None = None) -> Work:
        engine = NativeEngine(spec, trace(policy, 4, 2), episodes=1, threads=threads)

        def run() -> float:
            nonlocal generation
            generation += 1
            result = engine.evaluate(Population(theta, float(sigma), 0, generation, directions))
            weights = (result.fitness[0::2] - result.fitness[1::2]).astype(np.float32)
            _core.noise_sum(0, generation, weights, theta.size)
            return float(result.steps)

        return run

    rows = compare(
        "CartPole, MLP 64-64, population 256", "steps/s", native(), {"one thread": native(1)}, rounds
    )
    rivals: dict[str, Work] = {}
    if _has("numba"):
        import numba_rivals

        rng = np.random.Generator(np.random.SFC64(0))
        returns, update = np.empty(2 * directions, np.float32), np.empty(theta.size, np.float32)

        def numba() -> float:
            noise = rng.standard_normal((directions, theta.size), dtype=np.float32)
            starts = rng.uniform(-0.05, 0.05, (directions, 4)).astype(np.float32)
            numba_rivals.cartpole_generation(theta, noise, starts, sigma, returns, update)
            return float(returns.sum())

        rivals["numba, member by member"] = numba
    if _has("gymnasium"):
        import gymnasium

        rows_of_weights = theta + 0.02 * np.random.default_rng(0).standard_normal((256, theta.size)).astype(
            np.float32
        )
        w1, b1 = rows_of_weights[:, :256].reshape(256, 4, 64), rows_of_weights[:, 256:320]
        w2, b2 = rows_of_weights[:, 320:4416].reshape(256, 64, 64), rows_of_weights[:, 4416:4480]
        w3, b3 = rows_of_weights[:, 4480:4608].reshape(256, 64, 2), rows_of_weights[:, 4608:]

        def stepped(env: Any, steps: int) -> Work:
            observation, _ = env.reset(seed=0)

            def run() -> float:
                nonlocal observation
                for _ in range(steps):
                    h = np.tanh(np.matmul(observation[:, None], w1)[:, 0] + b1)
                    h = np.tanh(np.matmul(h[:, None], w2)[:, 0] + b2)
                    action = (np.matmul(h[:, None], w3)[:, 0] + b3).argmax(1)
                    observation = env.step(action)[0]
                return 256.0 * steps

            return run

        sync = gymnasium.make_vec("CartPole-v1", num_envs=256, vectorization_mode="sync")
        vector = gymnasium.make_vec("CartPole-v1", num_envs=256, vectorization_mode="vector_entry_point")
        rivals["gymnasium SyncVectorEnv + numpy"] = stepped(sync, 10)
        rivals["gymnasium CartPoleVectorEnv + numpy"] = stepped(vector, 50)
    return rows + compare("CartPole, MLP 64-64, population 256", "steps/s", native(), rivals, rounds)


def noise(rounds: int) -> list[dict[str, Any]]:
    directions, size = 512, 100_000
    weights = np.random.default_rng(1).standard_normal(directions).astype(np.float32)
    units = float(directions * size)

    def own(threads: int = 0) -> Work:
        return lambda: (_core.noise_sum(0, 0, weights, size, threads=threads), units)[1]

    rivals: dict[str, Work] = {"one thread": own(1)}
    rng = np.random.Generator(np.random.SFC64(0))

    def numpy() -> float:
        total = np.zeros(size, np.float32)
        for weight in weights[:64]:
            total += weight * rng.standard_normal(size, dtype=np.float32)
        return 64.0 * size

    rivals["numpy SFC64"] = numpy
    if _has("torch"):
        import torch

        buffer, total = torch.empty(64, size), torch.empty(1, size)
        w = torch.from_numpy(weights[None, :64])

        def with_torch() -> float:
            buffer.normal_()
            torch.matmul(w, buffer, out=total)
            return 64.0 * size

        rivals["torch"] = with_torch
    if _has("jax"):
        import jax

        wj = jax.numpy.asarray(weights[:64])
        summed = jax.jit(lambda key: wj @ jax.random.normal(key, (64, size)))
        rivals["jax"] = lambda: (summed(jax.random.key(0)).block_until_ready(), 64.0 * size)[1]
    if _has("numba"):
        import numba_rivals

        table = np.empty(250_000_000, np.float32)
        np.random.Generator(np.random.SFC64(3)).standard_normal(out=table, dtype=np.float32)
        total_n = np.empty(size, np.float32)

        def shared_table() -> float:
            offsets = rng.integers(0, len(table) - size, directions)
            numba_rivals.table_sum(table, offsets, weights, total_n)
            return units

        rivals["numba, 1 GB shared table"] = shared_table
    return compare("noise + weighted sum, 512 x 100,000", "normals/s", own(), rivals, rounds)


def vector(rounds: int) -> list[dict[str, Any]]:
    if not _has("gymnasium"):
        return []
    import ember_ml.gym  # noqa: F401  registers the environments
    import gymnasium

    actions = np.random.default_rng(0).integers(0, 2, (64, 256))

    def stepped(env: Any) -> Work:
        env.reset(seed=0)

        def run() -> float:
            for action in actions:
                env.step(action)
            return float(actions.size)

        return run

    rivals = {
        "gymnasium CartPoleVectorEnv": stepped(
            gymnasium.make_vec("CartPole-v1", num_envs=256, vectorization_mode="vector_entry_point")
        ),
        "gymnasium SyncVectorEnv": stepped(
            gymnasium.make_vec("CartPole-v1", num_envs=256, vectorization_mode="sync")
        ),
    }
    if _has("envpool"):
        import envpool

        pool = envpool.make_gymnasium("CartPole-v1", num_envs=256, num_threads=2)
        pool.reset()
        small = actions.astype(np.int32)

        def pooled() -> float:
            for action in small:
                pool.step(action)
            return float(actions.size)

        rivals["EnvPool, 2 threads"] = pooled
    own = stepped(gymnasium.make_vec("ember_ml/CartPole-v1", num_envs=256))
    return compare("256 CartPoles through Python", "steps/s", own, rivals, rounds)


def plot(rows: list[dict[str, Any]], path: str) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(9, 0.42 * len(rows) + 1.4))
    names = [f"{row['question']}\n{row['rival']}" for row in rows]
    values = [row["ratio"] for row in rows]
    axes.barh(
        range(len(rows)), values, color=["#0072B2" if v >= 1 else "#D55E00" for v in values], height=0.6
    )
    axes.axvline(1, color="0.3", linewidth=1)
    for y, value in enumerate(values):
        axes.text(value * 1.05, y, f"{value:.3g}x", va="center", fontsize=8)
    axes.set_yticks(range(len(rows)), names, fontsize=7)
    axes.set_xscale("log")
    axes.set_xlim(right=max(values) * 3)
    axes.invert_yaxis()
    axes.set_xlabel("times as fast as the rival (median of alternating runs)")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, dpi=150)


QUESTIONS = {"cartpole": cartpole, "noise": noise, "vector": vector}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "questions", nargs="*", choices=[*QUESTIONS, []], help="all of them if none is named"
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--plot", metavar="FILE")
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for name in options.questions or QUESTIONS:
        rows += QUESTIONS[name](options.rounds)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)
    if options.plot:
        plot(rows, options.plot)


if __name__ == "__main__":
    main()
