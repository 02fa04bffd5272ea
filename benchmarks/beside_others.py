"""What a generation loses beside another busy program, compared with the share that the scheduler gives.

Threads that meet at the end of a generation wait for the one that was interrupted, so a program can lose more
than the time that others take. Here a training runs alone and beside spinning threads of another process:
plain loops, a parallel loop of numba, matrix products of torch. What its fair share would be is measured in
the same minute by a yardstick: as many processes that only spin, and so never wait. A generation that takes
C seconds of processor time should take C / S seconds where the yardstick gets S seconds of it a second.

    python benchmarks/beside_others.py [--rounds 5] [--seconds 1] [--threads N] [TASK ...]

Prints, for each task and neighbour, medians over the rounds: milliseconds a generation alone and beside, S,
and `lost`, the time beside over the fair time (1: nothing but its share). Other work on the machine takes
part in both sides.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ember_ml import _core, es, nn

TASKS = {
    "long": ("CartPole 64-64, 128 pairs", "CartPole-v1", (64, 64), 128, 500),
    "middle": ("CartPole 64-64, 32 pairs", "CartPole-v1", (64, 64), 32, 100),
    "short": ("Pendulum 16-16, 64 pairs", "Pendulum-v1", (16, 16), 64, 200),
}


def trainer(task: str, threads: int) -> es.Trainer:
    _, env, hidden, pairs, steps = TASKS[task]
    size = {"CartPole-v1": (4, 2), "Pendulum-v1": (3, 1)}[env]
    return es.Trainer(
        env,
        nn.MLP(size[0], hidden, size[1], activation="tanh"),
        es.OpenAIES(directions=pairs, sigma=0.1),
        max_steps=steps,
        seed=0,
        threads=threads,
        progress=False,
    )


def plain(_: int) -> None:
    while True:
        pass


def numba_loop(threads: int) -> None:
    import numba
    import numpy as np

    numba.set_num_threads(threads)

    @numba.njit(parallel=True)
    def spin(values: Any) -> None:
        for i in numba.prange(values.size):
            x = values[i]
            for _ in range(20_000):
                x = x * 0.999 + 1.0
            values[i] = x

    values = np.zeros(64)
    while True:
        spin(values)


def torch_products(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)
    a = torch.rand(512, 512)
    while True:
        torch.mm(a, a)


def neighbours(threads: int) -> dict[str, list[tuple[Callable[[int], None], int]]]:
    """Name: processes, each a function and how many threads it has."""
    return {
        "one spinning thread": [(plain, 1)],
        f"{threads} spinning threads": [(plain, 1)] * threads,
        f"numba, {threads} threads": [(numba_loop, threads)],
        f"torch, {threads} threads": [(torch_products, threads)],
    }


@contextlib.contextmanager
def running(processes: list[tuple[Callable[[int], None], int]], warm: float) -> Iterator[list[Any]]:
    context = multiprocessing.get_context("spawn")
    children = [context.Process(target=work, args=(n,), daemon=True) for work, n in processes]
    for child in children:
        child.start()
    time.sleep(warm)
    try:
        yield children
    finally:
        for child in children:
            child.kill()
            child.join()


def processor_time(process: Any) -> float:
    """Seconds of all its threads."""
    with open(f"/proc/{process.pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100.0  # ticks of 1/100 s


class Measured(NamedTuple):
    wall: float  # seconds a generation
    processor: float


def measure(training: es.Trainer, seconds: float) -> Measured:
    training.run(generations=1)
    training.run(seconds=seconds / 4)
    before = training.generation
    began, spent = time.perf_counter(), time.process_time()
    training.run(seconds=seconds)
    wall, processor = time.perf_counter() - began, time.process_time() - spent
    count = training.generation - before
    return Measured(wall / count, processor / count)


def share(threads: int, seconds: float) -> float:
    """Seconds of processor time a second that as many spinning processes get now."""
    with running([(plain, 1)] * threads, 0.3) as yardstick:
        began, before = time.perf_counter(), sum(map(processor_time, yardstick))
        time.sleep(seconds)
        return (sum(map(processor_time, yardstick)) - before) / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("tasks", nargs="*", metavar="TASK", default=list(TASKS), help=", ".join(TASKS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--threads", type=int, default=_core.available_threads())
    options = parser.parse_args()
    trainings = {task: trainer(task, options.threads) for task in options.tasks}
    print(f"{'':26}{'beside':24}{'alone':>9}{'beside':>9}{'S':>7}{'fair':>9}{'lost':>7}")
    for name, processes in neighbours(options.threads).items():
        rows: dict[str, list[tuple[float, ...]]] = {task: [] for task in trainings}
        for _ in range(options.rounds):
            alone = {task: measure(training, options.seconds) for task, training in trainings.items()}
            with running(processes, 6.0 if processes[0][0] is not plain else 0.6):
                for task, training in trainings.items():
                    before = share(options.threads, options.seconds)
                    beside = measure(training, options.seconds)
                    given = (before + share(options.threads, options.seconds)) / 2
                    fair = alone[task].processor / given
                    rows[task].append((alone[task].wall, beside.wall, given, fair, beside.wall / fair))
        for task, row in rows.items():
            wall, beside_wall, given, fair, lost = (statistics.median(column) for column in zip(*row))
            print(
                f"{TASKS[task][0]:26}{name:24}{1e3 * wall:9.2f}{1e3 * beside_wall:9.2f}{given:7.2f}"
                f"{1e3 * fair:9.2f}{lost:7.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
