"""How fast this machine trains: a few rates, each the best of some repetitions (``ember-ml bench``)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from ember_ml import _core


def bench(seconds: float = 1.0) -> dict[str, Any]:
    """Measures for about `seconds` each.

    Returns:
        A dict of plain numbers and names:
        ``seed_training_ms``, 200 generations of the 1-D task (MLP 1-16-1, 21 episodes a generation) as a user
        runs them; ``cartpole_steps_per_second``, environment steps of 256 members with an MLP 4-64-64-2 in
        one generation; ``forwards_per_second``, of an MLP 17-64-64-6 on a batch of 1024;
        ``normals_per_second`` of one thread; ``update_normals_per_second``, noise regenerated and summed for
        an update, 512 directions of 100,000 parameters; and ``simd``, ``threads`` that they were measured
        with.
    """
    from ember_ml.es.run import versions
    from ember_ml.es.trainer import available_threads

    found = versions()
    steps = _cartpole()
    weights = np.ones(512, np.float32)
    return {
        "version": found["ember_ml"],
        "platform": found["platform"],
        "simd": found["simd"],
        "threads": available_threads(),
        "seed_training_ms": 1e3 * _best(_seed_training(), seconds),
        "cartpole_steps_per_second": steps() / _best(steps, seconds),
        "forwards_per_second": 1024 / _best(_forward(), seconds),
        "normals_per_second": 1e6 / _best(lambda: _core.noise(0, 0, 0, 1_000_000, 0, 0), seconds),
        "update_normals_per_second": 512e5 / _best(lambda: _core.noise_sum(0, 0, weights, 100_000), seconds),
    }


def report(results: dict[str, Any]) -> str:
    """The results as a small table."""
    from ember_ml.plot import count_text

    rows = [
        ("seed's training, 200 generations", f"{results['seed_training_ms']:.3g} ms"),
        ("CartPole, MLP 4-64-64-2", f"{count_text(results['cartpole_steps_per_second'])} steps/s"),
        ("MLP 17-64-64-6, batch of 1024", f"{count_text(results['forwards_per_second'])} forwards/s"),
        ("noise, one thread", f"{count_text(results['normals_per_second'])} normals/s"),
        ("noise and update, 512 x 100,000", f"{count_text(results['update_normals_per_second'])} normals/s"),
    ]
    head = f"ember-ml {results['version']}, {results['simd']}, {results['threads']} threads"
    return "\n".join([head, *(f"  {name:<34} {rate:>18}" for name, rate in rows)])


def _best(work: Callable[[], Any], seconds: float) -> float:
    """Shortest time of one call, in seconds: what the machine can do when nothing else disturbs."""
    work()
    best, end = float("inf"), time.perf_counter() + seconds
    while True:
        begun = time.perf_counter()
        work()
        now = time.perf_counter()
        best = min(best, now - begun)
        if now >= end:
            return best


def _seed_training() -> Callable[[], Any]:
    from ember_ml.es import MLPPolicy, OpenAIES, Trainer

    def train() -> Any:
        strategy = OpenAIES(directions=10, sigma=0.1, shaping="raw")
        policy = MLPPolicy(hidden=(16,), activation="relu")
        return Trainer(
            "Simple1D-v0", policy, strategy, normalize_observations=False, seed=0, progress=False
        ).run(generations=200)

    return train


def _cartpole() -> Callable[[], int]:
    """One generation of 128 pairs around a policy that balances, so that episodes are long."""
    from ember_ml.engines.native import NativeEngine
    from ember_ml.envs import make
    from ember_ml.es import MLPPolicy, OpenAIES, Trainer

    policy = MLPPolicy(hidden=(64, 64))
    trainer = Trainer("CartPole-v1", policy, OpenAIES(directions=32, sigma=0.1), seed=0, progress=False)
    trainer.run(generations=40, until=500.0)
    env = make("CartPole-v1")
    engine = NativeEngine(env, policy.compile(env), normalize=True)
    strategy = OpenAIES(directions=128, sigma=0.02)
    strategy.start(trainer.theta, seed=0)
    population, statistics = strategy.population(), trainer.observations
    assert statistics is not None
    frozen = (statistics.mean32, statistics.inverse32)
    return lambda: engine.evaluate(population, *frozen).steps


def _forward() -> Callable[[], Any]:
    from ember_ml.engines.chain import forward
    from ember_ml.engines.policy_spec import DenseLayer, Elementwise, PolicySpec

    tanh = (Elementwise("activation", "tanh"),)
    layers = (
        DenseLayer(17, 64, 0, 17 * 64, tanh),
        DenseLayer(64, 64, 18 * 64, 18 * 64 + 64 * 64, tanh),
        DenseLayer(64, 6, 18 * 64 + 65 * 64, 18 * 64 + 65 * 64 + 64 * 6, ()),
    )
    parameters = 18 * 64 + 65 * 64 + 65 * 6
    spec = PolicySpec(17, 6, parameters, (), layers)
    generator = np.random.default_rng(0)
    theta = (0.2 * generator.standard_normal(parameters)).astype(np.float32)
    x = generator.standard_normal((1024, 17)).astype(np.float32)
    return lambda: forward(spec, theta, x)
