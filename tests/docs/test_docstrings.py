"""The examples of the docstrings run as they stand, and print what stands below them."""

from __future__ import annotations

import doctest
import importlib
import sys
from pathlib import Path

import pytest
from conftest import skip_without

PACKAGE = Path(__file__).parents[2] / "python" / "ember_ml"

#: What the examples of a module need beyond numpy.
NEEDED = {"ember_ml.gym": ("gymnasium", "mujoco")}


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


MODULES = sorted(
    module_name(path) for path in PACKAGE.rglob("*.py") if ">>>" in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    for package in NEEDED.get(name, ()):
        skip_without(package)
    importlib.import_module(name)
    found = doctest.testmod(sys.modules[name])  # `es.optimize` is the function, not its module
    assert found.attempted > 0 and found.failed == 0


def test_there_are_some():
    assert {"ember_ml", "ember_ml.es", "ember_ml.es.optimize", "ember_ml.gym"} <= set(MODULES)
