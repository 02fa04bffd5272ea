"""Torch modules as policies: how fast all members are evaluated, full and by low rank, in how much memory.

    python benchmarks/torch_modules.py [--members 256] [--repeats 5]        # some minutes on one thread
    python benchmarks/torch_modules.py --memory
    python benchmarks/torch_modules.py --learn

Speed is of one generation's forwards, members x batch examples, in ratios of medians of alternating runs:
beside a loop over members that copies each member's weights into the module, and beside plain inference of
the unperturbed module on as many examples, which no search can beat. Memory is what a generation adds to the
process's peak, over that of two members, in a process of its own for each size. The first recording of a
forward, for which torch imports some 70 MB of its own, is done before. Learning is that of the batch of eight
examples, each of a class of its own as far as there are as many: the mean log-likelihood of the unperturbed
module before and after.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from ember_ml import es
from ember_ml.engines.objective import ObjectiveEngine
from ember_ml.envs.objective import as_env
from ember_ml.policy.torch_modules.members import CALLS_BEFORE_RECORDING
from ember_ml.policy.torch_modules.policy import TorchPolicy
from torch import nn


class Block(nn.Module):
    """Two convolutions and what they are added to (He et al. 2016)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.last = (nn.Conv2d(width, width, 3, padding=1, bias=False) for _ in range(2))
        self.norm, self.norm_after = nn.BatchNorm2d(width), nn.BatchNorm2d(width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(x + self.norm_after(self.last(torch.relu(self.norm(self.first(x))))))


def residual() -> nn.Module:
    stem = nn.Conv2d(3, 32, 3, padding=1, bias=False)
    end = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10)]
    return nn.Sequential(stem, nn.BatchNorm2d(32), nn.ReLU(), Block(32), Block(32), *end)


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.last = nn.LSTM(16, 128, batch_first=True), nn.Linear(128, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.lstm(x)[0][:, -1])


class Transformer(nn.Module):
    """Embedding, two blocks with MultiheadAttention, and the embedding again for the next letter."""

    def __init__(self, letters: int = 256, width: int = 128, length: int = 16) -> None:
        super().__init__()
        self.letters, self.places = nn.Embedding(letters, width), nn.Embedding(length, width)
        layer = nn.TransformerEncoderLayer(width, 4, 4 * width, batch_first=True, activation="gelu")
        self.blocks = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(width, letters, bias=False)
        self.head.weight = self.letters.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        length = x.shape[1]
        hidden = self.letters(x) + self.places(torch.arange(length))
        future = torch.ones(length, length, dtype=torch.bool).triu(1)
        return self.head(self.blocks(hidden, mask=future)[:, -1])


#: A module and a batch of eight examples.
TASKS: dict[str, tuple[Callable[[], nn.Module], Callable[[], torch.Tensor]]] = {
    "residual convolutions, 3 x 16 x 16": (residual, lambda: torch.randn(8, 3, 16, 16)),
    "LSTM 16-128, 12 steps": (Recurrent, lambda: torch.randn(8, 12, 16)),
    "transformer 2 x 128, 16 letters, tied": (Transformer, lambda: torch.randint(256, (8, 16))),
}


def engine_of(module: nn.Module, x: torch.Tensor, batched: bool) -> Any:
    def fitness(model: Any, generation: int) -> Any:
        answers = model(x)
        return answers.flatten(1).mean(1) if batched else answers.mean()

    return ObjectiveEngine(as_env(fitness, batched), TorchPolicy(module), device="cpu")


def population_of(module: nn.Module, members: int, rank: int) -> Any:
    policy = TorchPolicy(module)
    perturbation = es.LowRank(rank) if rank else None
    strategy = es.OpenAIES(directions=members // 2, sigma=0.02, perturbation=perturbation)
    strategy.start(policy.to_vector(), 0, policy.theta_shape)
    return strategy.population()


def speed(name: str, members: int, repeats: int) -> None:
    make, inputs = TASKS[name]
    torch.manual_seed(0)
    module, x = make().eval(), inputs()
    full, low = population_of(module, members, 0), population_of(module, members, 1)
    many, one = engine_of(module, x, True), engine_of(module, x, False)
    big = x.repeat(32, *[1] * (x.dim() - 1))  # as many examples as 32 members have, which fit the cache

    def plain() -> None:
        with torch.no_grad():
            for _ in range(members // 32):
                module(big)

    ways = {
        "loop": lambda: one.evaluate(full),
        "full": lambda: many.evaluate(full),
        "low rank": lambda: many.evaluate(low),
        "plain inference": plain,
    }
    for _ in range(
        CALLS_BEFORE_RECORDING
    ):  # a training's first generations, after which forwards are recorded
        many.evaluate(full)
        many.evaluate(low)
    times: dict[str, list[float]] = {way: [] for way in ways}
    for repeat in range(repeats + 1):
        for way, run in ways.items():
            start = time.process_time()
            run()
            if repeat:
                times[way].append(time.process_time() - start)
    found = {way: statistics.median(values) for way, values in times.items()}
    parameters = sum(p.numel() for p in module.parameters())
    print(
        f"| {name} | {parameters:,} | {1e3 * found['loop']:.0f} ms | {1e3 * found['full']:.0f} ms |"
        f" {1e3 * found['low rank']:.0f} ms | {found['loop'] / found['full']:.2f} |"
        f" {found['loop'] / found['low rank']:.2f} | {found['plain inference'] / found['low rank']:.2f} |",
        flush=True,
    )


def peak(name: str, rank: int, members: int) -> float:
    """What a generation of `members` adds to the peak of this process, in MB."""
    make, inputs = TASKS[name]
    torch.manual_seed(0)
    module, x = make().eval(), inputs()
    engine = engine_of(module, x, True)
    for _ in range(25):
        engine.evaluate(population_of(module, 2, rank))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(2):
        engine.evaluate(population_of(module, members, rank))
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def memory() -> None:
    print("| added to the peak, MB | noise | 64 members | 512 | 4,096 |\n|---|---|---|---|---|")
    for number, name in enumerate(TASKS):
        for rank in (0, 1):
            cells = []
            for members in (64, 512, 4096):
                command = [sys.executable, __file__, "--peak", f"{number},{rank},{members}"]
                cells.append(
                    subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
                )
            print(f"| {name} | {'low rank' if rank else 'full'} | {' | '.join(cells)} |", flush=True)


def learned(name: str, rank: int, generations: int, directions: int = 32) -> tuple[float, float]:
    """The log-likelihood of the task's eight examples before the first and the last update."""
    make, inputs = TASKS[name]
    torch.manual_seed(0)
    module, x = make(), inputs()
    classes = torch.arange(8) % module(x).shape[-1]

    def likelihood(model: Any, generation: int) -> Any:
        return torch.log_softmax(model(x), -1)[:, torch.arange(8), classes].mean(1)

    run = es.train(
        objective=likelihood,
        batched=True,
        policy=module,
        strategy=es.OpenAIES(
            directions=directions,
            sigma=0.02,
            optimizer={"name": "Adam", "learning_rate": 0.01},
            perturbation=es.LowRank(rank) if rank else None,
        ),
        generations=generations,
        seed=0,
        progress=False,
    )
    before, *_, after = run.history["policy_return"]
    return float(before), float(after)


def learn(generations: int) -> None:
    print("| module | noise | log-likelihood before | after |\n|---|---|---|---|")
    for name in TASKS:
        for rank in (0, 1):
            before, after = learned(name, rank, generations)
            noise = f"rank {rank}" if rank else "full"
            print(f"| {name} | {noise} | {before:.2f} | {after:.2f} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--members", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--memory", action="store_true", help="measure memory instead of speed")
    parser.add_argument("--learn", action="store_true", help="train each instead")
    parser.add_argument("--generations", type=int, default=40, help="of --learn")
    parser.add_argument("--peak", help=argparse.SUPPRESS)
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.peak:
        task, noise, count = map(int, given.peak.split(","))
        print(f"{peak(list(TASKS)[task], noise, count):.0f}")
    elif given.learn:
        learn(given.generations)
    elif given.memory:
        memory()
    else:
        print("| module | parameters | loop | full | low rank | full / loop | low / loop | low / plain |")
        print("|---|---|---|---|---|---|---|---|")
        for task_name in TASKS:
            speed(task_name, given.members, given.repeats)
