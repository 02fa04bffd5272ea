"""What is not seen is remembered: the example's tasks are learnt with a GRU and not without memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import skip_without
from scripts import load_script

EXAMPLE = Path(__file__).parents[2] / "examples" / "memory.py"


@pytest.fixture(scope="module")
def example():
    skip_without("numba")
    module = load_script(EXAMPLE)
    made = {name: make() for name, make in module.TASKS.items() if name != "pendulum"}
    module.TASKS.update({name: lambda env=env: env for name, env in made.items()})  # compiled once
    return module


def test_cartpole_without_velocities(example):
    run = example.main("cartpole", generations=100, progress=False)
    assert "engine: native" in run.explain() and "2 -> GRU 8 -> 2" in run.explain()
    assert run.evaluate(100).mean > 400.0
    assert example.main("cartpole", "mlp", generations=100, progress=False).evaluate(100).mean < 100.0


def test_the_layouts_agree_in_an_environment_in_numba(example):
    plan = {"generations": 2, "directions": 5, "episodes": 3, "progress": False}
    runs = [
        example.main("copy", "lstm", layout=layout, **plan) for layout in ("members", "episodes", "units")
    ]
    assert len({run.digest for run in runs}) == 1


def test_a_sign_is_remembered_for_fifty_steps(example):
    assert example.main("copy", generations=100, progress=False).evaluate(100).mean > 0.9
    assert example.main("copy", "mlp", generations=100, progress=False).evaluate(100).mean < 0.3
