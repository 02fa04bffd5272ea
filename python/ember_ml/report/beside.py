"""Names to the right of an axis, where no curve crosses them, each at its height and none on another."""

from __future__ import annotations

from typing import Any


def write_beside(axis: Any, names: list[tuple[str, float, str]], height: float, **font: Any) -> None:
    """Writes names beside `axis`.

    Args:
        names: (text, height in the axis from 0 to 1, colour); one outside stands at the end that is nearer.
        height: of a name, as a share of the axis.
        font: of `Axes.text`.
    """
    places: list[float] = []
    names = sorted(names, key=lambda name: name[1])
    for _, share, _ in names:
        place = min(max(share, height / 2), 1 - height / 2)
        places.append(max(place, places[-1] + height) if places else place)
    excess = max(places[-1] - (1 - height / 2), 0.0) if places else 0.0
    for index in reversed(range(len(places))):  # pushed back into the axis, from the top
        above = places[index + 1] - height if index + 1 < len(places) else places[index] - excess
        places[index] = min(places[index], above)
    for (text, _, color), place in zip(names, places):
        axis.annotate(
            text, (1.0, place), xycoords="axes fraction", xytext=(7, 0), textcoords="offset points",
            ha="left", va="center", color=color, annotation_clip=False, **font,
        )  # fmt: skip
