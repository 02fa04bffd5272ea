"""What the commands share: exit codes, how one is declared, and checks before long work."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


def command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], int], text: str, epilog: str = ""
) -> argparse.ArgumentParser:
    """A new command among `commands`, without options yet, that calls `run` for its exit code."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=text,
        description=text[0].upper() + text[1:] + ".",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=run)
    return parser


def need_picture(path: str | None) -> None:
    """Raises where a figure cannot be written to `path`, before minutes of work instead of after."""
    if path is not None:
        from ember_ml.plot import check_path

        check_path(path)
        need_folder(path)


def need_folder(path: str | None) -> None:
    """Raises where `path` names no file in a folder that is there."""
    if path is None:
        return
    if Path(path).is_dir():
        raise ValueError(f"{path}: it is a folder, wanted the name of a file")
    if not Path(path).parent.is_dir():
        raise ValueError(f"{path}: the folder {Path(path).parent} does not exist")
