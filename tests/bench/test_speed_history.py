"""The benchmark history: a line is added, and the page draws every figure that the lines hold."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import pytest
from scripts import load_script

HISTORY = Path(__file__).parents[2] / "benchmarks" / "history.py"


@pytest.fixture(scope="module")
def history():
    return load_script(HISTORY)


def line(commit, machine, figure):
    row = {"group": "noise", "what": "normals", "threads": 1, "figure": figure, "unit": "G/s"}
    return {"commit": commit, "date": "2026", "machine": machine, "simd": "avx2", "load": 0.1, "rows": [row]}


def test_the_page_has_a_curve_a_machine(history):
    text = history.page([line("a", "<one>", 1.0), line("b", "<one>", 2.0), line("b", "two", 3.0)])
    (chart,) = json.loads(re.search(r'id="data">(.*?)</script>', text)[1])
    assert [series["name"] for series in chart["series"]] == ["<one>", "two"]
    assert chart["columns"] == [[0, 1], [1.0, 2.0], [1], [3.0]]
    assert "<one>" not in text and text.count("&lt;one&gt;") == 2


def test_measuring_adds_a_line(history, tmp_path, monkeypatch):
    if shutil.which("git") is None or not (HISTORY.parents[1] / ".git").exists():
        pytest.skip("this is no clone")
    file = tmp_path / "history.jsonl"
    monkeypatch.setattr(history, "DRAWN", ("tanh",))
    for _ in range(2):
        monkeypatch.setattr(sys, "argv", ["history.py", "measure", "--file", str(file), "--seconds", "0.001"])
        history.main()
    found = history.lines(file)
    assert len(found) == 2 and {row["group"] for row in found[0]["rows"]} == {"tanh"}
    assert found[0]["commit"] and found[0]["threads"] >= 1
