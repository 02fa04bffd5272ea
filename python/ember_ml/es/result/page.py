"""The report page of runs: what it says of each besides the run itself."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ember_ml.atomic_file import check_target, replacing
from ember_ml.es.files.writing import versions
from ember_ml.es.result.again import again
from ember_ml.report.files import check_suffix
from ember_ml.report.page.html import page
from ember_ml.report.page.sheet import Sheet
from ember_ml.validate import whole

if TYPE_CHECKING:
    from ember_ml.es.result.run import Run


def check(path: str | os.PathLike[str], episode: int) -> None:
    """Raises where no page can be written to `path`, or `episode` is no number of an episode."""
    check_suffix(path, ("html", "htm"), ".html")
    check_target(path)
    if whole("episode", episode) < 0:
        raise ValueError(f"episode: got {episode!r}, wanted a whole number of at least 0")


def write(
    groups: Mapping[str, Sequence[Run]],
    path: str | os.PathLike[str],
    episode: int = 0,
    files: Mapping[int, tuple[str, Any]] | None = None,
) -> Path:
    """Writes the page of groups of runs by name.

    Args:
        files: by a run's `id` the name of its file and the versions that the file says trained it.
    """
    check(path, episode)
    names = files or {}
    sheets = {
        name: [_sheet(run, *names.get(id(run), ("", None))) for run in runs] for name, runs in groups.items()
    }
    text = page(sheets, episode)
    with replacing(path, text=True) as file:
        file.write(text)
    return Path(path)


def _sheet(run: Run, name: str, saved: Any) -> Sheet:
    made = again(run)
    found = saved if isinstance(saved, dict) else versions(run.env)
    return Sheet(name, run, made.text, made.shell, made.notes, found)
