"""Several trainings, or their files, in one axis."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from ember_ml.errors import need
from ember_ml.es.files.restore import load
from ember_ml.report.compare import draw
from ember_ml.report.files import check_picture
from ember_ml.report.series import X, check_x

if TYPE_CHECKING:
    from ember_ml.es.result.run import Run

    OneRun: TypeAlias = Run | str | os.PathLike[str]


def compare(
    runs: Sequence[OneRun] | Mapping[str, Sequence[OneRun] | OneRun],
    path: str | os.PathLike[str] | None = None,
    x: X = "generation",
    dpi: int = 150,
    *,
    size: tuple[float, float] = (8.6, 4.8),
    log: bool = False,
    dark: bool | None = None,
) -> Any:
    """Several trainings in one axis: for each group of runs the median over them, and the band between their
    quartiles.

    A run's curve is what it has of evaluations during training (`eval_every=`) if all runs have some, else
    the running mean of the policy's return in training, as `Run.plot` draws it. A run that ended sooner than
    others of its group counts on with its last value; from there the group's curve is dotted.

    Args:
        runs: runs, or files that `Run.save` wrote; a dict names groups of them (or single ones), a list is
            one group.
        path: file to write; its suffix says the format (png, pdf, svg).
        x: what the horizontal axis counts: generations, environment steps or seconds.
        dpi: dots an inch of the file.
        size: width and height in inches.
        log: logarithmic horizontal axis; generations then count from 1.
        dark: draw on a dark ground; None asks matplotlib's style.

    Returns:
        The `matplotlib.figure.Figure`.

    Raises:
        MissingExtra: matplotlib is not installed.
        TypeError: something that is neither a run nor a file.
        ValueError: no runs, or one without a generation.
    """
    check_x(x)
    need("matplotlib", "plot")
    check_picture(path, dpi)
    return draw(groups_of(runs), path, x, dpi, size, log, dark)


def groups_of(runs: Any, opened: Callable[[Any], Run] = load) -> dict[str, list[Run]]:
    """The runs by the name of their group; `opened` loads files."""
    if isinstance(runs, Mapping):
        found = {str(name): _group(members, f"runs[{name!r}]", opened) for name, members in runs.items()}
    else:
        members = _group(runs, "runs", opened)
        strategies = dict.fromkeys(run.config["strategy"]["type"] for run in members)
        found = {" / ".join(strategies): members}
    if not found:
        raise ValueError("runs: got none, wanted at least one")
    return found


def _group(members: Any, name: str, opened: Callable[[Any], Run]) -> list[Run]:
    if _is_one(members):
        members = [members]
    if not isinstance(members, Sequence) and not hasattr(members, "__iter__"):
        raise TypeError(
            f"{name}: got {type(members).__name__}, wanted runs or files, in a list or in a dict of lists"
        )
    found = [_run(one, f"{name}[{index}]", opened) for index, one in enumerate(members)]
    if not found:
        raise ValueError(f"{name}: got no runs, wanted at least one")
    return found


def _is_one(value: Any) -> bool:
    return isinstance(value, (str, os.PathLike)) or hasattr(value, "history")


def _run(one: Any, name: str, opened: Callable[[Any], Run]) -> Run:
    if isinstance(one, (str, os.PathLike)):
        one = opened(one)
    if not (
        hasattr(one, "history") and hasattr(one, "env") and hasattr(one, "config") and hasattr(one, "seed")
    ):
        raise TypeError(f"{name}: got {type(one).__name__}, wanted a run or the name of its file")
    if not len(one.history):
        raise ValueError(f"{name}: its history is empty, so there is nothing to plot")
    found: Run = one
    return found
