"""What the commands share: exit codes, how one is declared, and checks before long work."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import textwrap
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn

from ember_ml.validate import suggest

#: Done; training, evaluation or writing failed; wrong usage; `--until` was not reached; Ctrl-C.
OK, FAILED, USAGE, NOT_REACHED, INTERRUPTED = 0, 1, 2, 3, 130

Command = Callable[[argparse.Namespace], int]


class UsageError(Exception):
    """What is wrong with the words of a command line."""


class Formatter(argparse.HelpFormatter):
    """Help as wide as the terminal, at most 100 columns; in descriptions, indented lines stay as they are."""

    def __init__(self, prog: str) -> None:
        width = min(100, shutil.get_terminal_size().columns) - 2
        super().__init__(prog, max_help_position=min(26, width // 3), width=width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        blocks = []
        for block in text.split("\n\n"):
            fixed = "\n " in block or block.startswith(" ")
            blocks.append(block if fixed else textwrap.fill(" ".join(block.split()), width))
        return "\n\n".join(blocks)


class Parser(argparse.ArgumentParser):
    """Raises `UsageError` instead of ending the program, and says what a misspelt word may have meant."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{"formatter_class": Formatter, "allow_abbrev": False, **options})
        # argparse takes -1e3 and -inf for options.
        self._negative_number_matcher = re.compile(r"-(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$|-(inf|nan)$", re.I)

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.short(message)} ({self.prog} --help shows what there is)")

    def short(self, message: str) -> str:
        """argparse's message without the list of all choices, but with the nearest."""
        found = re.match(r"argument (\S+): invalid choice: '(.*?)' \(choose from (.*)\)", message)
        if found is None:
            return message
        name, got, choices = found.groups()
        names = re.findall(r"[\w-]+", choices)
        return f"{name}: invalid choice {got!r}{suggest(got, names)}"

    def unknown(self, words: list[str]) -> UsageError:
        """The error about words that are no option of this command."""
        known = [name for action in self._actions for name in action.option_strings]
        word = next((word for word in words if word.startswith("-")), words[0]).partition("=")[0]
        found = suggest(word[2:], [name[2:] for name in known]) if word.startswith("--") else ""
        hint = found.replace("mean '", "mean '--")
        return UsageError(f"unrecognized arguments: {' '.join(words)}{hint} ({self.prog} --help)")


def command(commands: Any, name: str, run: Command, text: str, epilog: str = "") -> argparse.ArgumentParser:
    """A new command among `commands`, without options yet, that calls `run` for its exit code.

    Options that are not given are not in the namespace, unless they have a default of their own.
    """
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=text,
        description=text[0].upper() + text[1:] + ".",
        epilog=epilog,
        argument_default=argparse.SUPPRESS,
    )
    parser.set_defaults(command=run, parser=parser, json=False, quiet=False)
    return parser


def wrapped(text: str, indent: str, first: str | None = None) -> str:
    """The text in lines that fit the terminal, each after `indent`, the first after `first`."""
    width = max(40, min(110, shutil.get_terminal_size().columns))
    start = indent if first is None else first
    return textwrap.fill(
        text,
        width,
        initial_indent=start,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def json_option(parser: Any) -> None:
    parser.add_argument("--json", action="store_true", help="print exactly one JSON object, also of an error")


def need_picture(path: str | None) -> None:
    """Raises where a figure cannot be written to `path`, before minutes of work instead of after."""
    if path is not None:
        from ember_ml.report.files import check_path

        check_path(path)
        need_file(path)


def need_file(path: str | os.PathLike[str] | None) -> None:
    """Raises where no file can be written to `path`."""
    if path is None:
        return
    file = Path(path)
    if not str(path).strip():
        raise ValueError(f"{os.fspath(path)!r}: wanted the name of a file")
    if file.is_dir():
        raise ValueError(f"{path}: it is a folder, wanted the name of a file")
    if not file.parent.is_dir():
        raise ValueError(f"{path}: the folder {file.parent} does not exist")
    if file.exists() and not file.is_file():
        raise ValueError(f"{path}: it is a device or a pipe, wanted the name of a file")
    if file.exists() and not os.access(file, os.W_OK):
        raise PermissionError(f"{path}: it may not be written")
    if not os.access(file.parent, os.W_OK):
        raise PermissionError(f"{path}: the folder {file.parent} cannot be written to")


def make_folder(path: str) -> Path:
    """The folder, made where it is missing.

    Raises:
        ValueError: a file is there.
        OSError: it cannot be made or written to.
    """
    folder = Path(path)
    if not str(path).strip():
        raise ValueError(f"{path!r}: wanted the name of a folder")
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{path}: it is a file, wanted the name of a folder")
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"{path}: the folder cannot be written to")
    return folder


def given(options: argparse.Namespace, names: Iterable[str]) -> dict[str, Any]:
    """Those of `names` that stand on the command line, with their values."""
    return {name: getattr(options, name) for name in names if hasattr(options, name)}
