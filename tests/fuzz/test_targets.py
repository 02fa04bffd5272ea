"""The inputs that coverage-guided fuzzing kept, and what it begins with, handed to the readers again."""

from __future__ import annotations

from pathlib import Path

import pytest
from targets import TARGETS, seeds

CORPUS = Path(__file__).parent / "corpus"


@pytest.mark.parametrize("name", TARGETS)
def test_kept_inputs_do_no_harm(name):
    kept = sorted((CORPUS / name).iterdir())
    assert kept
    for file in kept:
        TARGETS[name](file.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_the_first_inputs_are_read(name):
    """So that a fuzzer begins behind the checks, not in front of them."""
    assert [TARGETS[name](data) for data in seeds(name)] == [True] * len(seeds(name))


@pytest.mark.parametrize("name", TARGETS)
def test_refused_inputs_are_told_from_read_ones(name):
    assert not TARGETS[name](b"\0\5\0hello")
