"""The figures that the package draws on. Importing this needs matplotlib."""

from __future__ import annotations

import io
import sys
from typing import Any

from matplotlib.figure import Figure

from ember_ml.report.notebook import displayed, has_formatter, kernel_shell, show_after_cell
from ember_ml.report.style import LIGHT, Theme

#: Backends that write files and open no window.
_WITHOUT_WINDOW = ("agg", "cairo", "pdf", "pgf", "ps", "svg", "template")

#: Dots of the file for each that a notebook shows, for screens that have more of them.
_SHARPNESS = 1.5


class Picture(Figure):
    """A matplotlib Figure that keeps its style, also for ticks made when it is drawn, and that a notebook
    shows.
    """

    theme: Theme = LIGHT

    def draw(self, renderer: Any) -> None:
        with self.theme.applied(self.get_size_inches()[0]):
            super().draw(renderer)

    def _repr_png_(self) -> bytes:
        file = io.BytesIO()
        self.savefig(file, format="png", dpi=_SHARPNESS * self.dpi)
        return file.getvalue()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        displayed(self)
        if has_formatter(self):
            return {}  # the formatter's picture comes behind this, in the user's format
        width, height = (round(inches * self.dpi) for inches in self.get_size_inches())
        data = {"image/png": self._repr_png_(), "text/plain": repr(self)}
        return data, {"image/png": {"width": width, "height": height}}


def make_picture(size: tuple[float, float], theme: Theme = LIGHT, show: bool = True) -> Any:
    """A figure that shows once in a notebook, through `plt.show()` in a script that uses pyplot with windows,
    and that leaks nowhere.

    Args:
        size: inches.
        show: False for a figure that only goes to a file.
    """
    window = False
    pyplot = sys.modules.get("matplotlib.pyplot")
    if show and kernel_shell() is None and pyplot is not None:
        window = pyplot.get_backend().lower() not in _WITHOUT_WINDOW
    if window:
        assert pyplot is not None
        picture = pyplot.figure(figsize=size, layout="constrained", FigureClass=Picture)
    else:
        picture = Picture(figsize=size, layout="constrained")
    picture.theme = theme
    if show:
        show_after_cell(picture)
    return picture
