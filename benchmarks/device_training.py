"""How fast the torch engine trains: the seed's workload against plain torch, and large populations.

1. Simple1D, MLP 1-16-1, 10 pairs and the unperturbed policy, 100 steps, evaluated for some generations: the
   torch engine on the CPU, as it is and compiled, against the loop that one writes by hand with `baddbmm`.
   The hand-written loop is the usual one: one baddbmm a layer, in-place activations, rewards at the end. The
   noise and the update are left out on its side and in on ours.
2. Environment steps a second of CartPole (limited to 100 steps, policy 4-16-2) by population: the native
   engine on all cores, the torch engine on the CPU, and on CUDA where there is one.

    python benchmarks/device_training.py [--generations 100] [--compile] [--populations 4096 16384 65536]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from ember_ml import envs, es
from ember_ml.engines.base import Population
from ember_ml.engines.device import TorchEngine
from ember_ml.engines.native import NativeEngine
from ember_ml.engines.policy_spec import DenseLayer, Elementwise, PolicySpec

RELU, TANH = (Elementwise("activation", "relu"),), (Elementwise("activation", "tanh"),)
SEED_POLICY = PolicySpec(1, 1, 49, (), (DenseLayer(1, 16, 0, 16, RELU), DenseLayer(16, 1, 32, 48, TANH)))


@torch.inference_mode()
def by_hand(members: int = 21, steps: int = 100) -> None:
    """One generation of the seed's workload as a torch user writes it."""
    rows = 0.1 * torch.randn(members, 49)
    w1, b1 = rows[:, :16].reshape(-1, 16, 1), rows[:, 16:32].reshape(-1, 16, 1)
    w2, b2 = rows[:, 32:48].reshape(-1, 1, 16), rows[:, 48:].reshape(-1, 1, 1)
    path = torch.zeros(steps + 1, members, 1, 1)
    positions = path.unbind(0)
    for t in range(steps):
        hidden = torch.baddbmm(b1, w1, positions[t]).relu_()
        torch.add(positions[t], torch.baddbmm(b2, w2, hidden).tanh_(), out=positions[t + 1])
    path[1:].sub(10.0).abs_().sum(0).neg_()


def seconds(function: Callable[[], object], repeats: int) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        function()
    return time.perf_counter() - start


def seed_workload(generations: int, compiled: bool) -> None:
    env = envs.make("Simple1D-v0")
    population = Population(np.zeros(49, np.float32), 0.1, 0, 0, 10)
    runners: dict[str, Callable[[], object]] = {"by hand (baddbmm)": by_hand}
    for name, compile in [("torch engine", False)] + [("torch engine, compiled", True)] * compiled:
        engine = TorchEngine(env, SEED_POLICY, compile=compile)
        runners[name] = lambda engine=engine: engine.evaluate(population, with_policy=True)
        start = time.perf_counter()
        runners[name]()
        print(f"{name}: first generation {time.perf_counter() - start:.2f} s")
    times: dict[str, list[float]] = {name: [] for name in runners}
    for _ in range(9):  # in alternation, so that a busy machine slows all alike
        for name, run in runners.items():
            times[name].append(seconds(run, generations) / generations)
    hand = times["by hand (baddbmm)"]
    print(f"\n{'seed workload':28}{'us a generation':>16}{'times by hand':>16}")
    for name, found in times.items():
        ratio = statistics.median(h / t for h, t in zip(hand, found))
        print(f"{name:28}{1e6 * statistics.median(found):16.0f}{ratio:16.2f}")


def large_populations(populations: list[int]) -> None:
    env = envs.make("CartPole-v1")
    spec = es.MLPPolicy(hidden=(16,)).compile(env)
    engines = {
        "native": NativeEngine(env, spec, max_steps=100),
        "torch cpu": TorchEngine(env, spec, max_steps=100),
    }
    if torch.cuda.is_available():
        engines["torch cuda"] = TorchEngine(env, spec, max_steps=100, device="cuda")
    else:
        print("\nno CUDA device here: the torch engine is timed on the CPU alone")
    print(f"\n{'CartPole, M steps/s':>20}" + "".join(f"{name:>14}" for name in engines))
    # A policy that balances for a while: the pole's angle and its speed against each other.
    mean = np.zeros(spec.parameters, np.float32)
    first, last = spec.layers
    mean[first.weight_offset : first.weight_offset + 64].reshape(4, 16)[2:, :8] = ((1.0,), (1.0,))
    mean[last.weight_offset : last.weight_offset + 32].reshape(16, 2)[:8] = (-1.0, 1.0)
    for members in populations:
        population = Population(mean, 0.05, 0, 0, members // 2)
        line = f"{members:20,}"
        for engine in engines.values():
            engine.evaluate(population)
            rates = []
            for _ in range(3):
                start = time.perf_counter()
                result = engine.evaluate(population)
                rates.append(result.steps / (time.perf_counter() - start))
            line += f"{statistics.median(rates) / 1e6:14.2f}"
        print(line)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--generations", type=int, default=100, help="a timing of the seed's workload")
    parser.add_argument("--compile", action="store_true", help="also the compiled engine")
    parser.add_argument("--populations", type=int, nargs="*", default=[4096, 16384, 65536])
    parser.add_argument("--threads", type=int, default=None, help="of torch, for the seed's workload")
    options = parser.parse_args()
    threads = torch.get_num_threads()
    torch.set_num_threads(options.threads or 1)
    seed_workload(options.generations, options.compile)
    torch.set_num_threads(threads)
    large_populations(options.populations)


if __name__ == "__main__":
    main()
