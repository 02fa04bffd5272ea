"""Colours and matplotlib settings of every picture, on a light and on a dark ground."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from ember_ml.errors import need

# Okabe and Ito's colours, which people with any colour vision can tell apart.
POLICY, POPULATION, BEST, MUTED = "#0072B2", "#E69F00", "#009E73", "#6b6b6b"
VERMILLION, PURPLE, SKY, YELLOW = "#D55E00", "#CC79A7", "#56B4E9", "#F0E442"


def _settings(ground: str, text: str, edge: str, tick: str, grid: str) -> dict[str, Any]:
    """Settings that name every colour, so that none of the user's own style shows through on the wrong
    ground.
    """
    return {
        "font.size": 9.5,
        "axes.titlesize": 9.5,
        "axes.labelsize": 9.5,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": edge,
        "axes.facecolor": ground,
        "axes.labelcolor": text,
        "axes.titlecolor": text,
        "axes.linewidth": 0.8,
        "axes.grid": True,
        "axes.axisbelow": True,
        "figure.facecolor": ground,
        "figure.edgecolor": ground,
        "grid.alpha": 1.0,
        "grid.color": grid,
        "grid.linestyle": "-",
        "grid.linewidth": 0.8,
        "legend.frameon": False,
        "legend.labelcolor": text,
        "savefig.edgecolor": ground,
        "savefig.facecolor": ground,
        "text.color": text,
        "xtick.color": tick,
        "xtick.labelcolor": tick,
        "ytick.color": tick,
        "ytick.labelcolor": tick,
    }


STYLE: dict[str, Any] = _settings("white", "#1a1a1a", "#888888", "#444444", "#e6e6e6")


@dataclass(frozen=True)
class Theme:
    """The colour of every part of a picture, and the matplotlib settings that go with them."""

    settings: dict[str, Any]
    policy: str
    population: str
    best: str
    evaluated: str
    muted: str
    cycle: tuple[str, ...]

    def applied(self, width: float = 8.6) -> AbstractContextManager[None]:
        """Within it matplotlib has these settings, with smaller letters for figures of few inches."""
        matplotlib: Any = need("matplotlib", "plot")
        settings = dict(self.settings)
        for key in ("font.size", "axes.titlesize", "axes.labelsize"):
            settings[key] = settings[key] * min(1.0, max(0.68, width / 8.0))
        context: AbstractContextManager[None] = matplotlib.rc_context(settings)
        return context


LIGHT = Theme(
    STYLE, POLICY, POPULATION, BEST, VERMILLION, MUTED,
    (POLICY, POPULATION, BEST, VERMILLION, PURPLE, SKY, "#8C6D1F", "#1a1a1a"),
)  # fmt: skip
DARK = Theme(
    _settings("#15181c", "#e8e8e8", "#7d8590", "#b6bcc4", "#2c3138"),
    SKY, POPULATION, "#2fc79a", "#ff7f3f", "#9aa2ac",
    (SKY, POPULATION, "#2fc79a", "#ff7f3f", PURPLE, YELLOW, "#B79F5B", "#e8e8e8"),
)  # fmt: skip


def theme(dark: bool | None) -> Theme:
    """The theme: dark, light, or for None what the user's matplotlib style has behind its figures."""
    if dark is None:
        need("matplotlib", "plot")
        from matplotlib import rcParams
        from matplotlib.colors import to_rgb

        ground = rcParams["figure.facecolor"]
        dark = ground != "none" and sum(to_rgb(ground)) < 1.0
    elif not isinstance(dark, bool):
        raise TypeError(f"dark: got {dark!r}, wanted True, False or None")
    return DARK if dark else LIGHT
