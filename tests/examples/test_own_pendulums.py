"""The pendulums in C and in numba are learnt, as their files say: swung up and held, not only spun."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import skip_without
from scripts import load_script

EXAMPLES = Path(__file__).parents[2] / "examples"


def load(name):
    return load_script(EXAMPLES / f"{name}.py")


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
