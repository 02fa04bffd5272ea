"""Pictures are made, whatever the history looks like; nothing is left open."""

import numpy as np
import pytest
from conftest import skip_without
from ember_ml import es


@pytest.fixture(autouse=True)
def _needs_matplotlib():
    skip_without("matplotlib")


@pytest.fixture
def run(walk):
    return es.Trainer(walk, strategy=es.SNES(directions=4), seed=0).run(generations=6)


@pytest.mark.parametrize("x", ["generation", "steps", "time"])
def test_training_curve(run, tmp_path, x):
    path = tmp_path / "curve.png"
    figure = run.plot(path, x=x)
    assert path.read_bytes().startswith(b"\x89PNG") and path.stat().st_size > 20_000
    assert len(figure.axes) == 5
    titles = [axis.get_title(loc="left") for axis in figure.axes[1:]]
    assert titles == ["mean episode length", "sigma", "update norm", "steps per second"]
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert labels[0] == "policy" and len(labels) == 3


def test_one_generation_and_wild_returns(walk, tmp_path):
    trainer = es.Trainer(walk, strategy=es.SNES(directions=2), seed=0)
    run = trainer.run(generations=1)
    run.plot(tmp_path / "one.svg")
    records = trainer.history.to_numpy()
    records["population_std"], records["population_mean"] = np.inf, np.nan
    trainer.history = es.History(records)
    es.Trainer.run(trainer, generations=3).plot(tmp_path / "wild.pdf")


def test_mistakes(run, walk, tmp_path):
    with pytest.raises(ValueError, match="x: got 'epoch'"):
        run.plot(x="epoch")
    with pytest.raises(ValueError, match=r"\.png"):
        run.plot(tmp_path / "curve")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        run.plot(tmp_path / "no" / "curve.png")
    with pytest.raises(ValueError, match="nothing to plot"):
        empty = es.Trainer(walk, strategy=es.SNES(directions=2))
        empty.save(tmp_path / "empty.npz")
        es.load(tmp_path / "empty.npz", env=walk).plot()


def test_no_pyplot_figures_stay_open(run):
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    run.plot()
    for number in set(plt.get_fignums()) - set(before):
        plt.close(number)  # one that plt.show() would show


def test_trajectory(run, tmp_path):
    figure = run.plot_trajectory(tmp_path / "way.png")
    assert (tmp_path / "way.png").stat().st_size > 10_000
    assert len(figure.axes) == 3
    assert len(figure.axes[0].lines[0].get_ydata()) == 11  # ten steps and the start


def test_animation(run, tmp_path):
    skip_without("PIL", "pillow")
    from PIL import Image

    path = run.animate(tmp_path / "walk.gif", most_frames=6)
    with Image.open(path) as image:
        assert image.format == "GIF" and 4 <= image.n_frames <= 6
    with pytest.raises(ValueError, match=r"\.gif"):
        run.animate(tmp_path / "walk.mp4")
