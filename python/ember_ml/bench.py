"""How fast this machine trains, beside what it can do at most (``ember-ml bench``, figures of cpp/bench)."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Iterator
from typing import Any

from ember_ml import _core
from ember_ml.validate import suggest

Row = dict[str, Any]


def bench(groups: Iterable[str] = (), seconds: float = 0.3) -> Iterator[Row]:
    """Measures, and hands out each group's figures as soon as it is done.

    Args:
        groups: names out of `_core.bench_names()`; none: all of them.
        seconds: time for a figure, each the median of at least five runs.

    Returns:
        An iterator of dicts of ``group``, ``what``, ``threads``, ``figure``, ``unit``; ``limit``, what the
        machine could do at best in the same unit, as measured in the same run (None where there is no such
        figure); ``limit_name``, what sets it ("fma": multiply-adds, "memory": reading); and ``ratio``, the
        share of the limit that is reached.

    Raises:
        ValueError: no such group, or a time that is not positive.
    """
    if not 0 < seconds < float("inf"):
        raise ValueError(f"seconds: got {seconds}, wanted a positive number")
    known, groups = _core.bench_names(), tuple(groups)
    for name in groups:
        if name not in known:
            raise ValueError(f"groups: got '{name}', wanted one of {', '.join(known)}{suggest(name, known)}")
    return _measure(groups or tuple(known), seconds)


def _measure(groups: tuple[str, ...], seconds: float) -> Iterator[Row]:
    for name in groups:
        rows = _core.bench(name, seconds)
        yield from rows
        if name == "training":
            yield _as_users_train(rows[-1], seconds)


def about() -> dict[str, Any]:
    """What the figures were measured with: version, platform, SIMD level, threads."""
    from ember_ml.es.files.writing import versions

    found = versions()
    return {
        "version": found["ember_ml"],
        "platform": found["platform"],
        "simd": found["simd"],
        "threads": _core.available_threads(),
    }


def head(found: dict[str, Any]) -> str:
    """What stands above the rows."""
    return (
        f"ember-ml {found['version']}, {found['simd']}, {found['threads']} threads, {found['platform']}\n"
        f"\n{'':<52}{'threads':>7}{'measured':>20}   {'at most':>8}   reached"
    )


def line(row: Row) -> str:
    """One row of the table."""
    text = f"  {row['what']:<50}{row['threads']:>7}{_number(row['figure']):>10} {row['unit']:<9}"
    if row["limit"] is None:
        return text.rstrip()
    return f"{text}   {_number(row['limit']):>8}   {100 * row['ratio']:>4.0f}% of {row['limit_name']}"


def _number(x: float) -> str:
    """Three digits that count, without an exponent."""
    return f"{x:,.0f}" if x >= 100 else f"{x:.1f}" if x >= 10 else f"{x:.2f}"


def _as_users_train(native: Row, seconds: float) -> Row:
    """The training of the last native row, timed around `Trainer.run`."""
    from ember_ml.es import MLPPolicy, OpenAIES, Trainer
    from ember_ml.training import Adam

    times: list[float] = []
    until = time.perf_counter() + seconds
    while len(times) < 6 or time.perf_counter() < until:
        trainer = Trainer(
            "Simple1D-v0",
            MLPPolicy(hidden=(16,), activation="relu"),
            OpenAIES(directions=10, sigma=0.1, shaping="raw", optimizer=Adam(learning_rate=0.01)),
            normalize_observations=False,
            seed=0,
            progress=False,
        )
        begun = time.perf_counter()
        trainer.run(generations=200)
        times.append(1e3 * (time.perf_counter() - begun))
    figure = statistics.median(times[1:])  # the first one only warms up
    ratio = native["limit"] / figure
    return native | {"what": "the same, timed around Trainer.run", "figure": figure, "ratio": ratio}
