"""The learning curve of a training (extra ``plot``): the names of the room `ember_ml.report` that draw it."""

from typing import Any

from ember_ml.es.compare import compare
from ember_ml.report.curve import training
from ember_ml.report.files import check_path, write_figure
from ember_ml.report.numbers import count_text, seconds_text
from ember_ml.report.style import BEST, MUTED, POLICY, POPULATION, STYLE

__all__ = [
    "BEST",
    "MUTED",
    "POLICY",
    "POPULATION",
    "STYLE",
    "check_path",
    "compare",
    "count_text",
    "make_figure",
    "seconds_text",
    "training",
    "write_figure",
]


def make_figure(size: tuple[float, float]) -> Any:
    """A figure of so many inches that shows once in a notebook, through `plt.show()` in a script that uses
    pyplot with windows, and leaks nowhere else.
    """
    from ember_ml.report.picture import make_picture

    return make_picture(size)
