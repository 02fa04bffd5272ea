"""The learning curve: what its lines, bands, ticks and limits are, whatever the history looks like."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from conftest import skip_without
from ember_ml import es
from pictures import box, check_layout, laid_out, line, run_of


@pytest.fixture(autouse=True)
def _needs_matplotlib():
    skip_without("matplotlib")


@pytest.fixture
def run(walk):
    return es.Trainer(walk, strategy=es.SNES(directions=4), seed=0).run(generations=6)


@pytest.mark.parametrize(
    ("x", "key", "label"),
    [("generation", "generation", "generation"), ("steps", "steps", "environment steps")],
)
def test_few_generations_are_drawn_as_they_are(run, tmp_path, x, key, label):
    path = tmp_path / "curve.png"
    figure = run.plot(path, x=x)
    assert path.read_bytes().startswith(b"\x89PNG")
    main, h = figure.axes[0], run.history.to_numpy()
    expected = h[key] if x == "generation" else np.cumsum(h[key])
    for name, field in (
        ("policy", "policy_return"),
        ("population", "population_mean"),
        ("best", "population_max"),
    ):
        xs, ys = line(main, name)
        assert np.array_equal(xs, expected) and np.array_equal(ys, h[field])
    assert main.get_xlabel() == label
    band = main.collections[0].get_paths()[0].vertices[:, 1]
    assert np.isclose(band.min(), (h["population_mean"] - h["population_std"]).min())
    titles = [axis.get_title(loc="left") for axis in figure.axes[1:]]
    assert titles == ["mean episode length", "sigma", "update norm", "steps per second"]
    assert np.array_equal(figure.axes[2].lines[0].get_ydata(), h["sigma"])
    check_layout(figure)


def test_a_threshold_far_outside_leaves_the_layout_whole():
    figure = run_of([9.0, 9.5]).plot(baseline=None)
    main = figure.axes[0]
    assert main.get_ylim()[1] < 100  # 475 is far above
    assert [text.get_text() for text in main.texts] == ["solved\n475 \u2191"]
    check_layout(figure)


def test_a_threshold_near_is_drawn_inside():
    main = run_of(np.linspace(20, 480, 20)).plot(baseline=25.0).axes[0]
    assert [text.get_text() for text in main.texts] == ["baseline\n25", "solved\n475"]
    heights = {float(drawn.get_ydata()[0]) for drawn in main.lines if len(drawn.get_ydata()) == 2}
    assert heights == {25.0, 475.0}


def test_names_of_lines_close_together_do_not_overlap():
    figure = run_of(np.linspace(20, 480, 20)).plot(baseline=474.0)
    check_layout(figure)


@pytest.mark.parametrize("count", [1, 2, 3, 6])
def test_generations_have_whole_ticks(count):
    figure = laid_out(run_of(np.arange(count) + 10.0).plot())
    for axis in figure.axes:
        low, high = axis.get_xlim()
        shown = [tick for tick in axis.get_xticks() if low <= tick <= high]
        assert shown and all(tick == round(tick) for tick in shown)
        assert -1 < low < 0 and count - 1 < high < count


def test_one_generation_is_a_point_in_the_middle(tmp_path):
    figure = run_of([12.0]).plot(tmp_path / "one.svg")
    main = figure.axes[0]
    drawn = next(drawn for drawn in main.lines if drawn.get_label() == "policy")
    assert drawn.get_marker() == "o" and main.get_xlim() == (-0.5, 0.5)
    check_layout(figure)


def test_many_single_episodes_are_faint_behind_their_running_mean():
    returns = np.where(np.arange(200) % 2, 100.0, 300.0)
    main = run_of(returns).plot().axes[0]
    xs, mean = line(main, "policy, mean of 5 generations")
    assert len(xs) == 200 and np.ptp(mean[2:-2]) <= 40.0 + 1e-9  # 3 of one and 2 of the other, or reversed
    assert mean[0] == returns[0]  # the first generation is not blurred by what comes later
    faint = [d for d in main.lines if len(d.get_ydata()) == 200 and np.array_equal(d.get_ydata(), returns)]
    assert len(faint) == 1 and faint[0].get_alpha() < 0.4


def test_ten_thousand_generations():
    noise = np.random.default_rng(0).normal(0, 50, 10_000)
    figure = run_of(300 + noise).plot(x="steps")
    _, mean = line(figure.axes[0], "policy, mean of 251 generations")
    assert np.abs(mean[200:-200] - 300).max() < 20
    check_layout(figure)
    texts = [t.get_text() for t in figure.axes[0].get_xticklabels()]
    assert "2 M" in texts and "10 M" in texts


def test_returns_that_are_not_finite_are_marked_and_do_not_decide(tmp_path):
    returns = np.linspace(10, 50, 40)
    returns[[3, 20]] = -np.inf
    returns[30] = np.nan
    run = run_of(returns)
    records = run.history.to_numpy()
    records["population_std"][5], records["population_mean"][6] = np.inf, np.nan
    run._snapshot.history = es.History(records)
    figure = run.plot(tmp_path / "wild.pdf", baseline=None)
    main = figure.axes[0]
    assert np.array_equal(line(main, "policy failed")[0], [3, 20, 30])
    assert np.isfinite(line(main, "policy, mean")[1]).all()
    low, high = main.get_ylim()
    assert -10 < low < 10 and 50 < high < 70
    check_layout(figure)


def test_no_finite_return_at_all():
    run = run_of([-np.inf] * 3)
    figure = run.plot(baseline=None)
    assert np.isfinite(figure.axes[0].get_ylim()).all()
    check_layout(figure)


def test_evaluations_are_drawn_with_their_band_and_named_in_the_heading():
    run = run_of(np.linspace(20, 480, 50))

    class Evaluated(type(run)):
        evaluations = tuple(
            {"generation": g, "mean": m, "low": m - 5.0, "high": m + 5.0}
            for g, m in ((9, 100.0), (49, 450.0))
        )
        evaluation = SimpleNamespace(mean=455.4, confidence_interval=(450.0, 460.0), returns=np.zeros(100))

    run.__class__ = Evaluated
    main = run.plot().axes[0]
    xs, ys = line(main, "evaluated, mean and 95%")
    assert xs.tolist() == [9, 49] and ys.tolist() == [100.0, 450.0]
    band = main.collections[-1].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (95.0, 455.0)
    heading = main.get_legend().get_title().get_text()
    assert heading.startswith("evaluated mean 455.4 (95%: 450 to 460) over 100 episodes")


def test_the_title_says_what_was_trained():
    figure = run_of(np.full(1200, 20.0), seed=7).plot()
    assert figure._suptitle.get_text() == "CartPole-v1   ARS, seed 7"
    heading = figure.axes[0].get_legend().get_title().get_text()
    assert heading == "last return in training 20   1.2 M steps   10 min"


def test_the_baseline_is_what_random_actions_earn():
    from ember_ml.report.baseline import random_return

    run = run_of([20.0, 30.0])
    value = random_return(run)
    assert 18 < value < 28  # CartPole's random policy: 22
    text = run.plot().axes[0].texts[0].get_text()
    assert text == f"random\nactions\n{value:.4g}"


def test_the_baseline_of_an_environment_in_python_is_made_only_when_asked_for(run):
    assert len(run.plot().axes[0].texts) == 0
    assert run.plot(baseline="random").axes[0].texts[0].get_text().startswith("random\nactions\n")


def test_axis_of_time_and_logarithm():
    run = run_of(np.linspace(0, 100, 100), seconds=120.0)
    main = laid_out(run.plot(x="time")).axes[0]
    assert main.get_xlabel() == "hours"
    assert np.isclose(line(main, "policy")[0][-1], 100 * 120 / 3600)
    main = laid_out(run.plot(log=True)).axes[0]
    assert main.get_xscale() == "log" and main.get_xlabel() == "generation, counted from 1"
    assert line(main, "policy")[0][[0, -1]].tolist() == [1, 100]
    assert [t.get_text() for t in main.get_xticklabels() if t.get_text()][-3:] != []
    assert {"1", "10", "100"} <= {t.get_text() for t in main.get_xticklabels()}


def test_large_returns_have_short_ticks():
    figure = laid_out(run_of(np.linspace(0, 2.5e6, 20)).plot(baseline=None))
    assert "2 M" in [t.get_text() for t in figure.axes[0].get_yticklabels()]
    figure = laid_out(run_of(1e6 + np.linspace(0, 1, 20)).plot(baseline=None))
    assert figure.axes[0].yaxis.get_offset_text().get_text() == ""


@pytest.mark.parametrize("size", [(4.0, 4.0), (5.0, 3.6), (14.0, 6.0)])
def test_sizes(size):
    figure = run_of(np.linspace(20, 480, 60)).plot(size=size, panels=size[1] >= 4)
    assert tuple(figure.get_size_inches()) == size
    check_layout(figure)


def test_dots_an_inch(tmp_path):
    skip_without("PIL", "pillow")
    from PIL import Image

    run_of([1.0, 2.0]).plot(tmp_path / "a.png", dpi=50)
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == (430, 310)


def test_colours_do_not_depend_on_the_users_style(tmp_path):
    from matplotlib import rc_context
    from matplotlib.colors import to_rgb

    def contrast(figure):
        ground = sum(to_rgb(figure.get_facecolor()))
        axis = laid_out(figure).axes[0]
        colors = [
            t.get_color() for t in (*axis.get_xticklabels(), *axis.get_legend().get_texts(), axis.title)
        ]
        return min(abs(sum(to_rgb(color)) - ground) for color in colors)

    run = run_of([1.0, 2.0])
    dark = {
        "figure.facecolor": "black",
        "axes.facecolor": "black",
        "text.color": "white",
        "xtick.color": "white",
    }
    with rc_context(dark):
        assert contrast(run.plot(dark=False)) > 1.2
        followed = run.plot()
        assert sum(to_rgb(followed.get_facecolor())) < 0.5 and contrast(followed) > 1.2
    assert contrast(run.plot(dark=True)) > 1.2


def test_mistakes(run, walk, tmp_path):
    with pytest.raises(ValueError, match="x: got 'epoch'"):
        run.plot(x="epoch")
    with pytest.raises(ValueError, match=r"path: got '.*curve', wanted a name that ends in \.png"):
        run.plot(tmp_path / "curve")
    with pytest.raises(ValueError, match=r"path: got 'curve.docx', wanted a name that ends in \.png"):
        run.plot("curve.docx")
    with pytest.raises(TypeError, match="path: got int"):
        run.plot(3)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        run.plot(tmp_path / "no" / "curve.png")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(IsADirectoryError, match="it is a folder"):
        run.plot(tmp_path / "folder.png")
    with pytest.raises(ValueError, match="dpi: got 0"):
        run.plot(dpi=0)
    with pytest.raises(TypeError, match="size: got 3"):
        run.plot(size=3)
    with pytest.raises(ValueError, match="baseline: got 'zero'"):
        run.plot(baseline="zero")
    with pytest.raises(TypeError, match="dark: got 'yes'"):
        run.plot(dark="yes")
    empty = es.Trainer(walk, strategy=es.SNES(directions=2))
    empty.save(tmp_path / "empty.npz")
    with pytest.raises(ValueError, match="nothing to plot"):
        es.load(tmp_path / "empty.npz", env=walk).plot()


def test_matplotlib_missing(run, monkeypatch):
    import sys

    from ember_ml.errors import MissingExtra

    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for draw in (run.plot, run.plot_trajectory, run.animate, lambda: es.compare([run])):
        with pytest.raises(
            MissingExtra, match=r"matplotlib is not installed: pip install 'ember-ml\[plot\]'"
        ):
            draw()


def test_figures_are_not_left_open_in_pyplot(run):
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    figures = [run.plot(), run.plot_trajectory(), es.compare([run])]
    assert plt.get_fignums() == before
    assert all(box(figure.axes[0]).width > 100 for figure in map(laid_out, figures))
