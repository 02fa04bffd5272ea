"""What the tests of pictures share: histories made up, and where the parts of a figure lie."""

from __future__ import annotations

import numpy as np
from ember_ml import es


class MadeUp(es.Run):
    """A run that has not been evaluated, neither along the training nor at its end."""

    evaluation = None
    evaluations = ()


def run_of(returns, env="CartPole-v1", steps=1000, seconds=0.5, seed=0):
    """A run whose history is made up: `returns` (generations,) of the policy, generations of equal length."""
    run = es.train(env, generations=1, seed=seed)
    count = len(returns)
    records = np.repeat(run.history.to_numpy()[:1], count)
    records["generation"] = np.arange(count)
    records["policy_return"] = returns
    records["population_mean"] = np.asarray(returns) - 10.0
    records["population_std"] = 5.0
    records["population_max"] = np.asarray(returns) + 5.0
    records["steps"] = steps
    records["wall_time"] = seconds * np.arange(1, count + 1)
    run._snapshot.history = es.History(records)
    run.__class__ = MadeUp
    return run


def laid_out(figure):
    """The figure after its layout has been made."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure).draw()
    return figure


def box(artist):
    return artist.get_window_extent(artist.figure.canvas.get_renderer())


def line(axis, label):
    """(x, y) of the line whose legend begins with `label`."""
    found = [drawn for drawn in axis.lines if drawn.get_label().startswith(label)]
    assert len(found) == 1, [drawn.get_label() for drawn in axis.lines]
    return found[0].get_data()


def check_layout(figure):
    """Nothing is outside of the figure, no axis is collapsed, no legend or name lies over curves or over
    another.
    """
    laid_out(figure)
    whole = figure.bbox
    main = figure.axes[0]
    area = box(main)
    assert area.width > 0.5 * whole.width and area.height > 0.28 * whole.height
    texts = [text for text in [*main.texts, figure._suptitle] if text.get_text()]
    legend = main.get_legend()
    parts = [*texts, legend, main.xaxis.label, main.yaxis.label]
    for part in parts:
        b = box(part)
        assert b.x0 >= -1 and b.y0 >= -1 and b.x1 <= whole.x1 + 1 and b.y1 <= whole.y1 + 1, part
        assert not b.overlaps(area), part
    for index, one in enumerate(parts):
        for other in parts[index + 1 :]:
            assert not box(one).overlaps(box(other)), (one, other)
    for axis in figure.axes[1:]:
        assert box(axis).height > 0.05 * whole.height
