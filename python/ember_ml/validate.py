"""Checks of what users pass, with errors that name the argument, what came and what was wanted."""

from __future__ import annotations

import difflib
import math
import operator
from collections.abc import Iterable
from typing import Any

#: The largest numbers that the native core takes for counts of generations and steps, and for all others.
MOST_STEPS = 2**62
MOST = 2**31 - 1
#: Of directions (cpp/core/checked.h): two members each are counted by an int. And of threads.
MOST_DIRECTIONS = 2**30 - 1
MOST_THREADS = 1024


def positive_int(name: str, value: Any, most: int = MOST) -> int:
    """`value` as an int from 1 to `most`. Raises TypeError for no whole number, ValueError outside."""
    number = whole(name, value)
    if number < 1:
        raise ValueError(f"{name}: got {value!r}, wanted a whole number of at least 1")
    if number > most:
        raise ValueError(f"{name}: got {value!r}, wanted a whole number of at most {most}")
    return number


def count_or_off(name: str, value: Any) -> int:
    """`value` as an int of at least 1, or 0 for 0 and False, which turn something off."""
    if value is False or (not isinstance(value, bool) and isinstance(value, int) and value == 0):
        return 0
    return positive_int(name, value)


def thread_count(name: str, value: Any) -> int:
    """`value` as a number of threads; None and 0 are 0, all cores."""
    return 0 if value is None or value == 0 else positive_int(name, value, MOST_THREADS)


def whole(name: str, value: Any) -> int:
    if isinstance(value, bool):
        raise TypeError(f"{name}: got {value!r}, wanted a whole number")
    try:
        return operator.index(value)
    except TypeError:
        if isinstance(value, float) and value.is_integer():
            return int(value)
        raise TypeError(f"{name}: got {value!r}, wanted a whole number") from None


def real(name: str, value: Any) -> float:
    """`value` as a finite float."""
    try:
        if isinstance(value, (str, bytes, bool)):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name}: got {value!r}, wanted a number") from None
    if not math.isfinite(number):
        raise ValueError(f"{name}: got {value!r}, wanted a finite number")
    return number


def positive(name: str, value: Any) -> float:
    number = real(name, value)
    if number <= 0:
        raise ValueError(f"{name}: got {value!r}, wanted a number above 0")
    return number


def not_negative(name: str, value: Any) -> float:
    number = real(name, value)
    if number < 0:
        raise ValueError(f"{name}: got {value!r}, wanted a number of at least 0")
    return number


def boolean(name: str, value: Any) -> bool:
    if isinstance(value, bool) or type(value).__name__ == "bool_" or type(value).__name__ == "bool":
        return bool(value)
    raise TypeError(f"{name}: got {value!r}, wanted True or False")


def seed_number(value: Any) -> int:
    number = whole("seed", value)
    if not 0 <= number < 2**64:
        raise ValueError(f"seed: got {value!r}, wanted a whole number from 0 to 2**64 - 1")
    return number


def choice(name: str, value: Any, choices: Iterable[str]) -> str:
    """`value`, one of `choices`. Raises ValueError with the nearest one suggested."""
    choices = list(choices)
    if not isinstance(value, str):
        raise TypeError(f"{name}: got {value!r}, wanted one of {', '.join(map(repr, choices))}")
    if value not in choices:
        raise ValueError(
            f"{name}: got {value!r}, wanted one of {', '.join(map(repr, choices))}{suggest(value, choices)}"
        )
    return value


def suggest(value: str, choices: Iterable[str]) -> str:
    """``"; did you mean 'x'?"``, or nothing when no choice is near."""
    near = {name.lower(): name for name in choices}
    found = difflib.get_close_matches(value.lower(), near, n=1, cutoff=0.5)
    return f"; did you mean {near[found[0]]!r}?" if found else ""
