"""The examples with torch modules learn, in a small part of their time."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import skip_without
from scripts import load_script

#: Example, its packages, generations, and what it must reach by then.
EXAMPLES = {
    "torch_catch": (("torch", "gymnasium"), 25, 0.55),
    "digits": (("torch", "sklearn"), 60, 0.75),
    "tiny_transformer": (("torch",), 70, 0.4),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_learns(name):
    packages, generations, least = EXAMPLES[name]
    for package in packages:
        skip_without(package)
    path = Path(__file__).parents[2] / "examples" / f"{name}.py"
    module = load_script(path)
    assert module.main(generations=generations) > least
