"""The presets in words, for Python and for the page in docs."""

from __future__ import annotations

from pathlib import Path

import pytest
from ember_ml import es
from ember_ml.es import preset_table, presets


def test_every_preset_is_listed():
    rows = es.list_presets()
    known = [(task, preset) for task, own in presets.PRESETS.items() for preset in own]
    assert [row.task for row in rows] == [*(task for task, _ in known), "any other"]
    for row, (_, preset) in zip(rows, known):
        made = preset.strategy().config()
        assert (row.name, row.generations, row.source) == (preset.name, preset.generations, preset.source)
        assert f"directions {made['directions']}" in row.strategy and f"sigma {made['sigma']}" in row.strategy


def test_one_task():
    (row,) = es.list_presets("CartPole-v1")
    assert row.name == "cartpole" and row.policy == "linear" and row.strategy.startswith("ars: directions 8")
    rows = es.list_presets("Hopper-v5")
    assert [row.name for row in rows] == ["ars-v2", "ars-v2-decay", "pgpe-clipup"]
    assert all(row.task == "Hopper-v5" and "reward_offset=1.0" in row.options for row in rows)
    with pytest.raises(
        ValueError, match=r"'CartPoll-v1', which takes the general default.*did you mean 'CartPole"
    ):
        es.list_presets("CartPoll-v1")


def test_the_page_is_the_table():
    page = Path(__file__).parents[2] / "docs" / "presets.md"
    assert page.read_text(encoding="utf-8") == preset_table.markdown(), "see ember_ml/es/preset_table.py"
