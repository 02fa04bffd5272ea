"""Numbers in few characters, for labels and ticks."""

from __future__ import annotations

import math
from typing import Any


def count_text(number: float) -> str:
    """A number with three digits and k, M or G: "1.2 M"."""
    if not math.isfinite(number):
        return str(number)
    for size, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        # What rounds to the next size is written in it: 999,999 is 1 M, not 1e+03 k.
        if abs(number) >= size * 0.9995:
            return f"{number / size:.3g} {suffix}"
    return f"{number:.4g}"


def value_text(value: float) -> str:
    """A return with four digits, or with k, M or G from 100,000 on."""
    return count_text(value) if abs(value) >= 1e5 else f"{value:.4g}"


def seconds_text(seconds: float) -> str:
    """A time with three digits and its unit."""
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms"
    if seconds < 120:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.3g} min" if seconds < 7200 else f"{seconds / 3600:.3g} h"


def count_tick(value: float, _position: Any = None) -> str:
    """A tick's label, as matplotlib asks for it; a function of the module, so that figures can be pickled."""
    return count_text(value)


def no_tick(_value: float, _position: Any = None) -> str:
    """The label of a tick that has none."""
    return ""


def tick_formatter(largest: float) -> Any:
    """matplotlib's formatter for an axis whose values reach `largest`: short numbers without an offset."""
    from matplotlib.ticker import FuncFormatter, ScalarFormatter

    if largest >= 1e4:
        return FuncFormatter(count_tick)
    plain = ScalarFormatter(useOffset=False)
    plain.set_powerlimits((-4, 5))
    return plain
