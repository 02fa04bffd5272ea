"""The pendulums in C and in numba are learnt, as their files say: swung up and held, not only spun."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import skip_without

EXAMPLES = Path(__file__).parents[2] / "examples"


def load(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["c_env", "numba_env"])
def test_is_learnt(name):
    if name == "numba_env":
        skip_without("numba")
    run = load(name).main()
    assert run.evaluate(episodes=100).mean > -175.0
    assert "engine: native" in run.explain()


def test_runs_as_a_script():
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "c_env.py")], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("EvaluationResult(mean=-1")
