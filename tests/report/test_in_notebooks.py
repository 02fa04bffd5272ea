"""Pictures in a fresh Jupyter kernel: each shows exactly once."""

from __future__ import annotations

import pytest
from conftest import skip_without

SETUP = """
from ember_ml import es
run = es.train("Simple1D-v0", generations=3, seed=0)
"""

#: What a cell does, and how many pictures and animations it shows.
CELLS = [
    ("run.plot()", 1, 0),
    ("run.plot();", 1, 0),
    ("run.plot()\nprint('more')", 1, 0),
    ("figure = run.plot()\nfigure.axes[0].set_ylabel('mine')\nfigure", 1, 0),
    ("figure = run.plot()\ndisplay(figure)\nNone", 1, 0),
    ("figure", 1, 0),
    ("for _ in range(2):\n    run.plot(panels=False)", 2, 0),
    ("run.plot_trajectory()\nes.compare([run])", 2, 0),
    ("run.animate(most_frames=3)", 0, 1),
    ("movie = run.animate(most_frames=3)\nprint('more')", 0, 1),
    ("import tempfile; path = tempfile.mkdtemp() + '/a.png'; figure = run.plot(path); print('more')", 0, 0),
    ("import matplotlib.pyplot as plt\nrun.plot()", 1, 0),
    ("plt.plot([1, 2])\nplt.show()\nrun.plot()\nNone", 2, 0),
    ("%matplotlib inline\nrun.plot()", 1, 0),
    ("run.history", 0, 0),
]


@pytest.fixture(scope="module")
def notebook():
    skip_without("matplotlib")
    skip_without("PIL", "pillow")
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    cells = [nbformat.v4.new_code_cell(source) for source in (SETUP, *(source for source, _, _ in CELLS))]
    made = nbformat.v4.new_notebook(cells=cells)
    nbclient.NotebookClient(made, timeout=240, kernel_name="python3").execute()
    return made


def outputs(notebook, kind, index):
    data = [output.get("data", {}) for output in notebook.cells[index + 1].outputs]
    if kind == "gif":
        return [d for d in data if "data:image/gif;base64," in d.get("text/html", "")]
    return [d for d in data if "image/png" in d]


@pytest.mark.parametrize(
    "index", range(len(CELLS)), ids=[source.replace("\n", " ; ") for source, _, _ in CELLS]
)
def test_shows_once(notebook, index):
    _, pictures, animations = CELLS[index]
    assert len(outputs(notebook, "png", index)) == pictures
    assert len(outputs(notebook, "gif", index)) == animations


def test_a_history_is_a_table(notebook):
    data = notebook.cells[len(CELLS)].outputs[0].data
    assert "<table>" in data["text/html"] and data["text/html"].count("<tr>") == 4  # the head and three
    assert data["text/plain"].startswith("History of 3 generations")


def test_a_figure_stays_a_figure(tmp_path):
    import pickle

    skip_without("matplotlib")
    from ember_ml import es

    figure = es.train("Simple1D-v0", generations=3, seed=0).plot()
    assert figure._repr_png_().startswith(b"\x89PNG")
    again = pickle.loads(pickle.dumps(figure))
    again.savefig(tmp_path / "again.png")
    assert (tmp_path / "again.png").read_bytes() == _written(figure, tmp_path)


def _written(figure, folder):
    figure.savefig(folder / "first.png")
    return (folder / "first.png").read_bytes()
