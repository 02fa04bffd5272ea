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


def is_installed(module: str) -> bool:
    import importlib.util

    return importlib.util.find_spec(module) is not None


def need_matplotlib() -> None:
    from ember_ml.errors import need

    need("matplotlib", "plot")


def need_folder(path: str | None) -> None:
    if path is not None and not Path(path).parent.is_dir():
        raise ValueError(f"{path}: the folder {Path(path).parent} does not exist")
