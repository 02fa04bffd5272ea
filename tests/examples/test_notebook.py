"""The example notebook runs from top to bottom, and says the truth about its results."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

NOTEBOOK = Path(__file__).parents[2] / "examples" / "reinforcement_learning.ipynb"


def test_runs_from_top_to_bottom_and_learns():
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    notebook = nbformat.read(NOTEBOOK, 4)
    for cell in notebook.cells:
        cell.source = cell.source.replace("pairs, sigma = 200,", "pairs, sigma = 40,")
    check = nbformat.v4.new_code_cell(
        "import json\n"
        "print(json.dumps({'first': history[0], 'by_hand': episode(Walk(), policy), 'best': max(history),\n"
        "                  'native': run.evaluate(episodes=1).mean, 'records': len(run.history)}))"
    )
    notebook.cells.append(check)
    nbclient.NotebookClient(notebook, timeout=240, kernel_name="python3").execute()
    told = json.loads(notebook.cells[-1].outputs[-1].text)
    assert told["first"] == -1000.0
    assert told["best"] > -200.0  # by hand, in a fifth of the generations
    assert told["native"] >= -46.0
    assert told["by_hand"] >= -60.0
    assert told["records"] == 200


def test_is_committed_with_its_outputs():
    nbformat = pytest.importorskip("nbformat")
    notebook = nbformat.read(NOTEBOOK, 4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    pictures = [o for cell in code for o in cell.outputs if "image/png" in o.get("data", {})]
    assert len(pictures) == 2
    text = "".join(o.get("text", "") for cell in code for o in cell.outputs)
    told = [line for line in text.splitlines() if line.startswith("final policy")]
    finals = [float(line.split(":")[1].split("(")[0]) for line in told]
    assert len(finals) == 2 and np.all(np.array(finals) >= -50.0)
    assert not any(o.output_type == "error" for cell in code for o in cell.outputs)
