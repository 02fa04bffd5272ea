"""Several trainings in one axis."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import skip_without
from ember_ml import es
from pictures import check_layout, laid_out, line, run_of


@pytest.fixture(autouse=True)
def _needs_matplotlib():
    skip_without("matplotlib")


def seeds(*finals, generations=20):
    return [run_of(np.linspace(0, final, generations), seed=seed) for seed, final in enumerate(finals)]


def test_median_and_quartiles_over_seeds(tmp_path):
    runs = seeds(100.0, 200.0, 300.0, 400.0, 1000.0)
    figure = es.compare(runs, tmp_path / "all.png")
    axis = figure.axes[0]
    xs, median = line(axis, "ARS, 5 runs")
    assert xs.tolist() == list(range(20)) and np.allclose(median, np.linspace(0, 300, 20))
    band = axis.collections[0].get_paths()[0].vertices
    at_end = band[np.isclose(band[:, 0], 19), 1]
    assert np.isclose(at_end.min(), 200) and np.isclose(at_end.max(), 400)
    assert figure._suptitle.get_text() == "CartPole-v1"
    check_layout(figure)
    assert (tmp_path / "all.png").read_bytes().startswith(b"\x89PNG")


def test_groups_have_names_and_their_own_colours():
    figure = es.compare({"one": seeds(100.0, 120.0), "two": seeds(200.0, 220.0), "alone": run_of([1.0, 5.0])})
    axis = figure.axes[0]
    labels = [text.get_text() for text in axis.get_legend().get_texts()]
    assert labels == ["one, 2 runs", "two, 2 runs", "alone"]
    colors = [next(d for d in axis.lines if d.get_label() == label).get_color() for label in labels]
    assert len(set(colors)) == 3
    assert len(axis.collections) == 2  # a single run has no band
    check_layout(figure)


def test_runs_of_different_lengths_keep_their_last_value():
    short, long = run_of(np.full(10, 50.0)), run_of(np.full(30, 100.0))
    axis = es.compare([short, long]).axes[0]
    xs, median = line(axis, "ARS, 2 runs")
    assert xs[-1] == 9 and np.allclose(median, 75)
    rest = next(d for d in axis.lines if d.get_xdata()[-1] == 29)
    assert np.allclose(rest.get_ydata(), 75) and rest.get_linestyle() != "-"


def test_a_common_axis_of_steps():
    fast, slow = run_of(np.arange(20.0), steps=1000), run_of(np.arange(20.0), steps=3000)
    figure = laid_out(es.compare({"fast": fast, "slow": slow}, x="steps"))
    axis = figure.axes[0]
    assert line(axis, "fast")[0][-1] == 20_000 and line(axis, "slow")[0][-1] == 60_000
    assert "20 k" in [t.get_text() for t in axis.get_xticklabels()]
    # Between two generations a run has the value of the earlier one.
    mixed = es.compare([fast, slow], x="steps").axes[0]
    xs, median = line(mixed, "ARS, 2 runs")
    assert median[xs == 4000] == (3 + 0) / 2


def test_values_that_are_not_finite_do_not_count():
    runs = seeds(10.0, 20.0, 30.0)
    records = runs[2].history.to_numpy()
    records["policy_return"] = -np.inf
    runs[2]._snapshot.history = es.History(records)
    axis = es.compare(runs).axes[0]
    assert np.allclose(line(axis, "ARS")[1], np.linspace(0, 15, 20))


def test_evaluated_runs_say_their_median():
    runs = seeds(10.0, 20.0, 30.0)
    for run, mean in zip(runs, (11.0, 22.0, 33.0)):
        result = es.EvaluationResult(np.full(4, mean), np.ones(4, np.int32))
        run.__class__ = type("Evaluated", (type(run),), {"evaluation": result})
    labels = [text.get_text() for text in es.compare(runs).axes[0].get_legend().get_texts()]
    assert labels == ["ARS, 3 runs, evaluated median 22"]


def test_files(tmp_path):
    for seed in (0, 1):
        es.train("CartPole-v1", generations=3, seed=seed).save(tmp_path / f"{seed}.npz")
    files = [tmp_path / "0.npz", str(tmp_path / "1.npz")]
    first, second = (es.load(file).history["policy_return"] for file in files)
    _, median = line(es.compare(files).axes[0], "ARS, 2 runs")
    assert np.allclose(median, (first + second) / 2)


def test_ten_groups_can_be_told_apart_and_many_long_runs_are_drawn_at_few_points():
    figure = es.compare({f"setting {i}": run_of(np.linspace(0, i, 5)) for i in range(10)})
    styles = {(d.get_color(), str(d.get_linestyle()), str(d._dash_pattern)) for d in figure.axes[0].lines}
    assert len(styles) == 10
    check_layout(figure)
    long = es.compare([run_of(np.arange(5000.0)), run_of(np.arange(5000.0))], log=True).axes[0]
    xs, _ = line(long, "ARS")
    assert len(xs) <= 400 and xs[0] == 1 and xs[-1] == 5000


def test_mistakes(tmp_path):
    with pytest.raises(ValueError, match="runs: got no runs"):
        es.compare([])
    with pytest.raises(ValueError, match="runs: got none"):
        es.compare({})
    with pytest.raises(ValueError, match=r"runs\['a'\]: got no runs"):
        es.compare({"a": []})
    with pytest.raises(TypeError, match=r"runs\[0\]: got int, wanted a run"):
        es.compare([3])
    with pytest.raises(TypeError, match="runs: got int"):
        es.compare(3)
    with pytest.raises(ValueError, match="x: got 'epoch'"):
        es.compare([run_of([1.0])], x="epoch")
    with pytest.raises(FileNotFoundError):
        es.compare([tmp_path / "none.npz"])
