"""Trainings give the numbers that they gave before, at every SIMD level, and step by step too."""

import json
import os
import subprocess
import sys

import pytest
from ember_ml import _core

DATA = os.path.join(os.path.dirname(__file__), "..", "data")
sys.path.insert(0, DATA)

from make_digests import CASES, GENERATIONS, PATH, digest, train, trainer  # noqa: E402

RECORDED = json.loads(PATH.read_text("utf8"))

#: Trainings that are short also at the base level, which has no instruction for fma.
EVERYWHERE = [name for name in CASES if "64-64" not in name]


@pytest.mark.parametrize("name", CASES)
def test_a_training_gives_its_recorded_numbers(name):
    assert train(name) == RECORDED[name]


def test_no_two_trainings_are_recorded_as_the_same_but_for_how_they_run():
    assert set(RECORDED) == set(CASES)
    layouts = {RECORDED[name] for name in CASES if name.startswith("layout")}
    assert len(layouts) == 1
    assert RECORDED["64-64"] == RECORDED["64-64 units"]
    assert len(set(RECORDED.values())) == len(CASES) - 3


@pytest.mark.parametrize("level", _core.simd_levels())
def test_at_every_level(level):
    program = "import json, test_digests as t; print(json.dumps({n: t.train(n) for n in t.EVERYWHERE}))"
    environment = {**os.environ, "EMBER_SIMD": level, "PYTHONPATH": os.path.dirname(__file__)}
    out = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert json.loads(out.stdout) == {name: RECORDED[name] for name in EVERYWHERE}


@pytest.mark.parametrize("name", ["strategy openai-es", "strategy pgpe clipup", "python engine", "plan"])
def test_step_by_step(name):
    with trainer(name) as one:
        for _ in range(GENERATIONS - 1):
            one.step()
        assert digest(one.run(1)) == RECORDED[name]
