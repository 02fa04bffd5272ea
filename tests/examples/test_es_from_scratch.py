"""The method in numpy alone agrees with the package: its noise to the bit, its result closely."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ember_ml import es
from ember_ml.training import Adam
from scripts import load_script

FILE = Path(__file__).parents[2] / "examples" / "es_from_scratch.py"


@pytest.fixture(scope="module")
def scratch():
    return load_script(FILE)


def test_it_is_short():
    method = FILE.read_text("utf8").partition('if __name__ == "__main__"')[0]
    assert len([line for line in method.splitlines() if line.strip()]) <= 80


@pytest.mark.parametrize(
    ("seed", "generation", "direction", "size"), [(0, 0, 0, 1), (7, 3, 5, 1000), (2**64 - 1, 9, 2, 65)]
)
def test_the_noise_is_equal(scratch, seed, generation, direction, size):
    made = scratch.noise(seed, generation, direction, size)
    assert made.dtype == np.float32 and (made == es.noise(seed, generation, direction, size)).all()


@pytest.mark.parametrize("ties", [False, True])
def test_the_result_agrees(scratch, ties):
    def fitness(x):
        value = scratch.rosenbrock(x)
        return np.round(value) if ties else value

    strategy = es.OpenAIES(directions=12, sigma=0.05, optimizer=Adam(learning_rate=0.02))
    strategy.start(np.zeros(6), seed=3)
    for _ in range(60):
        strategy.tell(fitness(strategy.ask()))
    ours = scratch.train(fitness, np.zeros(6, np.float32), 60, 12, 0.05, 0.02, seed=3)
    assert np.abs(strategy.mean).max() > 0.3
    assert np.allclose(ours, strategy.mean, rtol=0, atol=2e-6)
