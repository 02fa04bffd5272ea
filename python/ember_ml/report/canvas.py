"""What pictures of states are drawn on, in the units of the world: pixels, or a list of strokes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ember_ml.errors import need

WIDTH, HEIGHT = 560, 360

GROUND = "white"

Point = tuple[float, float]


class Canvas:
    """Lines and shapes in the world's units, x to the right and y up, centred in the picture.

    A kind of canvas says what becomes of them, in pixels from the upper left corner: `_stroke`, `_fill`,
    `_ring` and `result`.
    """

    def __init__(self, centre: Point, scale: float) -> None:
        self.centre, self.scale = centre, scale

    def at(self, point: Point) -> Point:
        return (
            WIDTH / 2 + (point[0] - self.centre[0]) * self.scale,
            HEIGHT / 2 - (point[1] - self.centre[1]) * self.scale,
        )

    def line(self, points: list[Point], color: str, width: float) -> None:
        """A line of `width` pixels with round ends."""
        self._stroke([self.at(p) for p in points], color, width)

    def shape(self, points: list[Point], color: str) -> None:
        self._fill([self.at(p) for p in points], color)

    def disc(self, centre: Point, pixels: float, color: str) -> None:
        self._ring(self.at(centre), pixels, color, 0.0)

    def ring(self, centre: Point, radius: float, color: str, width: float) -> None:
        self._ring(self.at(centre), radius * self.scale, color, width)

    def arrow(self, tail: Point, tip: Point, color: str, width: float = 3.0) -> None:
        length = math.dist(tail, tip)
        if length * self.scale < 3:
            return
        along = ((tip[0] - tail[0]) / length, (tip[1] - tail[1]) / length)
        head = 10.0 / self.scale
        neck = (tip[0] - along[0] * head, tip[1] - along[1] * head)
        side = (-along[1] * head * 0.55, along[0] * head * 0.55)
        self.line([tail, neck], color, width)
        self.shape(
            [tip, (neck[0] + side[0], neck[1] + side[1]), (neck[0] - side[0], neck[1] - side[1])], color
        )

    def _stroke(self, points: list[Point], color: str, width: float) -> None:
        raise NotImplementedError

    def _fill(self, points: list[Point], color: str) -> None:
        raise NotImplementedError

    def _ring(self, centre: Point, radius: float, color: str, width: float) -> None:
        """A circle's line of `width` pixels; 0 fills it."""
        raise NotImplementedError

    def result(self) -> Any:
        """The picture."""
        raise NotImplementedError


class Pixels(Canvas):
    """The picture is uint8 (`HEIGHT`, `WIDTH`, 3). Needs pillow (extra ``plot``)."""

    #: Drawn so many times larger and then averaged, which smooths the edges.
    _FINE = 2

    def __init__(self, centre: Point, scale: float) -> None:
        need("PIL", "plot")
        from PIL import Image, ImageDraw

        super().__init__(centre, scale)
        self.image = Image.new("RGB", (WIDTH * self._FINE, HEIGHT * self._FINE), GROUND)
        self.pen = ImageDraw.Draw(self.image)

    def _finer(self, points: list[Point]) -> list[Point]:
        return [(x * self._FINE, y * self._FINE) for x, y in points]

    def _stroke(self, points: list[Point], color: str, width: float) -> None:
        placed = self._finer(points)
        self.pen.line(placed, fill=color, width=max(1, round(width * self._FINE)), joint="curve")
        for x, y in (placed[0], placed[-1]):
            r = width * self._FINE / 2
            if r >= 2:
                self.pen.ellipse((x - r, y - r, x + r, y + r), fill=color)

    def _fill(self, points: list[Point], color: str) -> None:
        self.pen.polygon(self._finer(points), fill=color)

    def _ring(self, centre: Point, radius: float, color: str, width: float) -> None:
        ((x, y),) = self._finer([centre])
        r = radius * self._FINE
        box = (x - r, y - r, x + r, y + r)
        if width:
            self.pen.ellipse(box, outline=color, width=round(width * self._FINE))
        else:
            self.pen.ellipse(box, fill=color)

    def result(self) -> np.ndarray:
        return np.asarray(self.image.reduce(self._FINE))


#: A stroke: ("line", color, width, [x, y, x, y, ...]), ("fill", color, 0, [...]) or ("ring", color, width,
#: [x, y, radius]), in pixels.
Stroke = tuple[str, str, float, tuple[float, ...]]


class Strokes(Canvas):
    """The picture is the list of its strokes, for something else to draw: a web page."""

    def __init__(self, centre: Point, scale: float) -> None:
        super().__init__(centre, scale)
        self._strokes: list[Stroke] = []

    def _stroke(self, points: list[Point], color: str, width: float) -> None:
        self._strokes.append(("line", color, width, _flat(points)))

    def _fill(self, points: list[Point], color: str) -> None:
        self._strokes.append(("fill", color, 0.0, _flat(points)))

    def _ring(self, centre: Point, radius: float, color: str, width: float) -> None:
        self._strokes.append(("ring", color, width, (*_flat([centre]), round(radius, 1))))

    def result(self) -> list[Stroke]:
        return self._strokes


def _flat(points: list[Point]) -> tuple[float, ...]:
    """Tenths of a pixel are enough."""
    return tuple(round(float(value), 1) for point in points for value in point)
