"""How fast the torch and mlx engines train: the Simple1D training, and large populations.

1. The Simple1D training: MLP 1-16-1, 10 pairs and the unperturbed policy, 100 steps, 200 generations,
   timed around `Trainer.run` after a first generation (which compiles), beside the whole training as one
   writes it by hand with `baddbmm` in eager torch (device_peers.py).
2. Environment steps a second of CartPole (100 steps at most, policy 4-16-2, nearly all episodes last) by
   population: the native engine on all cores, the torch engine on the CPU as it is and compiled, the same
   by hand in eager torch and in jax, and torch on CUDA where there is one. Members are made within the timing
   of the engines and before it by hand.

    python benchmarks/device_training.py [--rounds 5] [--populations 4096 16384 65536] [--threads 1]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from device_peers import jax_cartpole, seed_training, torch_cartpole
from ember_ml import envs, es
from ember_ml.engines.device import MlxEngine, TorchEngine
from ember_ml.engines.engine import Engine
from ember_ml.engines.native import NativeEngine
from ember_ml.policy.spec import DenseLayer, Elementwise, PolicySpec
from ember_ml.rollout import Population, perturb
from ember_ml.training import Adam

RELU, TANH = (Elementwise("activation", "relu"),), (Elementwise("activation", "tanh"),)
SEED_POLICY = PolicySpec(1, 1, 49, (), (DenseLayer(1, 16, 0, 16, RELU), DenseLayer(16, 1, 32, 48, TANH)))


def seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def trained(engine: str, compile: bool) -> float:
    """Seconds of 200 generations after the first."""
    strategy = es.OpenAIES(directions=10, sigma=0.1, optimizer=Adam(0.01), shaping="raw")
    options = {
        "normalize_observations": False,
        "seed": 0,
        "progress": False,
        "theta0": np.zeros(49, np.float32),
    }
    trainer = es.Trainer("Simple1D-v0", SEED_POLICY, strategy, engine=engine, device="cpu", **options)
    trainer.engine  # noqa: B018
    if engine == "torch":
        trainer._training._engine = TorchEngine(trainer.env, SEED_POLICY, compile=compile)
    first = seconds(trainer.step)
    if first > 1:
        print(f"{engine}{', compiled' * compile}: first generation {first:.1f} s")
    return seconds(lambda: trainer.run(generations=200))


def seed_workload(rounds: int) -> None:
    runners: dict[str, Callable[[], float]] = {
        "by hand, eager torch": partial(seconds, seed_training),
        "torch engine": partial(trained, "torch", False),
        "torch engine, compiled": partial(trained, "torch", True),
    }
    for run in runners.values():
        run()
    times: dict[str, list[float]] = {name: [] for name in runners}
    for _ in range(rounds):  # in alternation, so that a busy machine slows all alike
        for name, run in runners.items():
            times[name].append(run())
    hand = times["by hand, eager torch"]
    print(f"\n{'Simple1D training':28}{'ms a training':>16}{'times by hand':>16}")
    for name, found in times.items():
        ratio = statistics.median(h / t for h, t in zip(hand, found))
        print(f"{name:28}{1e3 * statistics.median(found):16.1f}{ratio:16.2f}")


def mlx_workload() -> None:
    env = envs.make("Simple1D-v0")
    population = Population(np.zeros(49, np.float32), 0.1, 0, 0, 10)
    engine = MlxEngine(env, SEED_POLICY)
    engine.evaluate(population, with_policy=True)
    found = statistics.median(
        seconds(lambda: engine.evaluate(population, with_policy=True)) for _ in range(30)
    )
    print(f"{f'mlx engine on {engine.arrays.device}':28}{200e3 * found:16.1f}   (evaluation alone)")


def _steps_of(engine: Engine, population: Population) -> float:
    return float(engine.evaluate(population).steps)


def _returns_of(play: Callable[[np.ndarray], np.ndarray], rows: np.ndarray) -> float:
    return float(play(rows).sum())


def large_populations(populations: list[int], rounds: int) -> None:
    steps = 100
    env = envs.make("CartPole-v1")
    spec = es.MLPPolicy(hidden=(16,)).compile(env)
    engines: dict[str, Engine] = {
        "native": NativeEngine(env, spec, max_steps=steps),
        "torch cpu": TorchEngine(env, spec, max_steps=steps, compile=False),
        "compiled": TorchEngine(env, spec, max_steps=steps, compile=True),
    }
    by_hand: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "torch by hand": lambda rows: torch_cartpole(rows, steps)
    }
    try:
        by_hand["jax by hand"] = jax_cartpole(steps)
    except ImportError:
        print("\njax is not installed: its column is left out")
    if torch.cuda.is_available():
        engines["torch cuda"] = TorchEngine(env, spec, max_steps=steps, device="cuda")
        by_hand["cuda by hand"] = lambda rows: torch_cartpole(rows, steps, "cuda")
    else:
        print("\nno CUDA device here: torch is timed on the CPU alone")
    print(f"\n{'CartPole, M steps/s':>20}" + "".join(f"{name:>15}" for name in (*engines, *by_hand)))
    # A policy that balances: the pole's angle and its speed against each other.
    mean = np.zeros(spec.parameters, np.float32)
    first, last = spec.layers
    mean[first.weight_offset : first.weight_offset + 64].reshape(4, 16)[2:, :8] = ((1.0,), (1.0,))
    mean[last.weight_offset : last.weight_offset + 32].reshape(16, 2)[:8] = (-1.0, 1.0)
    for members in populations:
        population = Population(mean, 0.05, 0, 0, members // 2)
        rows = perturb(population, 0, members)
        runners: dict[str, Callable[[], float]] = {
            name: partial(_steps_of, engine, population) for name, engine in engines.items()
        }
        runners |= {name: partial(_returns_of, play, rows) for name, play in by_hand.items()}
        rates: dict[str, list[float]] = {name: [] for name in runners}
        for run in runners.values():
            run()
        for _ in range(rounds):
            for name, run in runners.items():
                start = time.perf_counter()
                played = run()
                rates[name].append(played / (time.perf_counter() - start))
        print(
            f"{members:20,}" + "".join(f"{statistics.median(found) / 1e6:15.2f}" for found in rates.values())
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--populations", type=int, nargs="*", default=[4096, 16384, 65536])
    parser.add_argument("--threads", type=int, default=1, help="of torch, for the Simple1D training")
    options = parser.parse_args()
    threads = torch.get_num_threads()
    torch.set_num_threads(options.threads)
    seed_workload(options.rounds)
    mlx_workload()
    torch.set_num_threads(threads)
    large_populations(options.populations, options.rounds)


if __name__ == "__main__":
    main()
