"""The networks of benchmarks/torch_modules.py, as torch has them, train by full noise and by low rank."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import skip_without
from scripts import load_script

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "torch_modules.py"


@pytest.fixture(scope="module")
def benchmark():
    skip_without("torch")
    return load_script(BENCHMARK)


@pytest.mark.parametrize("rank", [0, 1])
@pytest.mark.parametrize("task", ["residual convolutions", "LSTM", "transformer"])
def test_a_network_of_the_benchmark_trains(benchmark, task, rank):
    name = next(name for name in benchmark.TASKS if name.startswith(task))
    before, after = benchmark.learned(name, rank, generations=15, directions=8)
    assert after > before + 0.05
