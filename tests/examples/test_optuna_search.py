"""The search of settings by Optuna finds some that train well from other seeds."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

PATH = Path(__file__).parents[2] / "examples" / "optuna_search.py"


def test_finds_settings_that_work():
    pytest.importorskip("optuna", reason="optuna is not installed")
    spec = importlib.util.spec_from_file_location(PATH.stem, PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    settings, returns = module.main(trials=20)
    assert set(settings) == {"strategy", "directions", "sigma", "learning_rate"}
    assert min(returns) > 400
