"""Where pictures are written: suffix and folder are looked at before anything is drawn or played."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

from ember_ml.atomic_file import check_target, replacing
from ember_ml.errors import need
from ember_ml.validate import positive_int


def check_path(path: str | os.PathLike[str]) -> None:
    """Raises ValueError where the name's suffix is no picture format that matplotlib writes."""
    need("matplotlib", "plot")
    from matplotlib.backend_bases import FigureCanvasBase

    check_suffix(path, FigureCanvasBase.get_supported_filetypes(), ".png, .pdf or .svg")


def check_suffix(path: str | os.PathLike[str], kinds: Collection[str], wanted: str) -> None:
    """Raises ValueError where a name ends in none of `kinds`, TypeError where it is none."""
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path: got {type(path).__name__}, wanted a file name that ends in {wanted}")
    if Path(path).suffix[1:].lower() not in kinds:
        raise ValueError(f"path: got {os.fspath(path)!r}, wanted a name that ends in {wanted}")


def check_picture(path: str | os.PathLike[str] | None, dpi: int) -> None:
    """Raises where a figure cannot be written to `path` with `dpi` dots an inch."""
    positive_int("dpi", dpi)
    if path is not None:
        check_path(path)
        check_target(path)


def write_figure(figure: Any, path: str | os.PathLike[str] | None, dpi: int) -> None:
    """Writes a figure in the format that the suffix says; for None nothing."""
    if path is None:
        return
    check_picture(path, dpi)
    with replacing(path) as file:
        figure.savefig(file, dpi=dpi, format=Path(path).suffix[1:].lower())
