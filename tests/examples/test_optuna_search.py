"""The search of settings by Optuna finds some that train well from other seeds."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripts import load_script

PATH = Path(__file__).parents[2] / "examples" / "optuna_search.py"


def test_finds_settings_that_work():
    pytest.importorskip("optuna", reason="optuna is not installed")
    module = load_script(PATH)
    settings, returns = module.main(trials=20)
    assert set(settings) == {"strategy", "directions", "sigma", "learning_rate"}
    assert min(returns) > 400
