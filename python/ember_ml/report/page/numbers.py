"""Numbers as the page's data has them."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np


def short(values: Any) -> list[float | int | None]:
    """Six digits are more than a screen shows; what is not finite becomes null."""
    found: list[float | int | None] = []
    for value in np.asarray(values, np.float64).ravel().tolist():
        if not math.isfinite(value):
            found.append(None)
            continue
        value = float(f"{value:.6g}")
        found.append(int(value) if value.is_integer() and abs(value) < 1e15 else value)
    return found


def in_script(value: Any) -> str:
    """JSON that may stand in a script element: no character in it can end the element or begin another."""
    text = json.dumps(_finite(value), ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
