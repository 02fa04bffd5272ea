"""The program: its parser, its exit codes, and what it does with an error."""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import re
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import ember_ml.es.train  # what a Ctrl-C is not to meet half imported
from ember_ml.cli import completion, listing, machine, saved, train
from ember_ml.cli.command import FAILED, INTERRUPTED, OK, USAGE, Parser, UsageError

_EPILOG = """\
examples:
  ember-ml train CartPole-v1 --save cartpole.npz --plot curve.png
  ember-ml evaluate cartpole.npz --episodes 1000
  ember-ml export cartpole.npz policy.h
  ember-ml info

`ember-ml COMMAND --help` explains each. Exit codes: 0 done, 1 training or evaluation failed, 2 wrong usage,
3 --until was not reached, 130 interrupted."""

#: What an error of the Python functions advises, to be said in the shell's words.
_PASS_AS = re.compile(r"pass (?:it|one|one made like the saved one) as (env|policy)=")

_COLOURS = re.compile(r"\x1b\[[\d;]*m")


def main(arguments: Sequence[str] | None = None, prog: str = "ember-ml") -> int:
    """Runs one command. Returns the exit code."""
    options = argparse.Namespace(json=False, traceback=False, rescued="")
    try:
        words = list(sys.argv[1:] if arguments is None else arguments)
        options.json, options.traceback = "--json" in words, "--traceback" in words
        with _notes():
            code = _command([word for word in words if word != "--traceback"], prog, options)
        _flush()
        return code
    except BrokenPipeError:
        _drop_output()  # the reader left: nothing more to say
        return OK
    except KeyboardInterrupt:
        return _complain("interrupted" + options.rescued, INTERRUPTED, options)
    except UsageError as error:
        return _complain(str(error), USAGE, options)
    except Exception as error:
        if _interrupted(error):
            return _complain("interrupted" + options.rescued, INTERRUPTED, options)
        if options.traceback:
            traceback.print_exception(error)
        return _complain(_sentence(error) + options.rescued, _code_of(error), options)


def _command(words: list[str], prog: str, options: argparse.Namespace) -> int:
    parser = make_parser(prog)
    try:
        _, rest = parser.parse_known_args(words, options)
    except SystemExit:  # --help or --version has printed
        return OK
    if rest:
        raise getattr(options, "parser", parser).unknown(rest)
    if not hasattr(options, "command"):
        print(parser.format_help(), file=sys.stderr)
        return USAGE
    if not options.json:
        return int(options.command(options))
    with _answer_only():
        code = int(options.command(options))
    print(to_json(options.answer))
    return code


def _code_of(error: Exception) -> int:
    """Wrong usage is what the words of the command line can mend."""
    return USAGE if isinstance(error, (ValueError, TypeError)) and not _in_user_code(error) else FAILED


def _complain(message: str, code: int, options: argparse.Namespace) -> int:
    with contextlib.suppress(OSError, AttributeError):  # nobody may be there to hear
        print(f"ember-ml: {message}", file=sys.stderr, flush=True)
    try:
        if options.json:
            print(to_json({"error": message, "exit_code": code}))
        _flush()
    except (OSError, AttributeError):
        _drop_output()
    return code


def _flush() -> None:
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OSError(error.errno, f"cannot write to standard output: {error.strerror}") from None


def _sentence(error: Exception) -> str:
    """The error in a line, with the place in the user's code that it comes from."""
    text = str(error).strip()
    if isinstance(error, MemoryError):
        text = "there is not enough memory"
    elif isinstance(error, OSError) and error.strerror:
        text = error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"
        if error.errno is not None and text == os.strerror(error.errno):
            text = f"cannot write or read: {text}"
    text = _PASS_AS.sub(r"name it by --\1", text)
    place = _in_user_code(error)
    known = isinstance(error, (ValueError, TypeError, OSError, ImportError, RuntimeError, MemoryError))
    if not text or not known or (place and not type(error).__module__.startswith("ember_ml")):
        text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return f"{text} ({place})" if place else text


def _interrupted(error: BaseException | None) -> bool:
    """Whether Ctrl-C is what made some library fail in its own way."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _in_user_code(error: BaseException) -> str:
    """The place where it, or what caused it, was raised in the user's own code: "file.py, line 3", or ""."""
    root: BaseException = error
    while root.__cause__ is not None:
        root = root.__cause__
    if isinstance(root, SyntaxError) and root.filename:
        return f"{Path(root.filename).name}, line {root.lineno}"
    package = str(Path(__file__).parent.parent)
    place = ""
    for frame in traceback.extract_tb(root.__traceback__):
        installed = frame.filename.startswith((sys.prefix, sys.base_prefix)) or "-packages" in frame.filename
        if not installed and not frame.filename.startswith(package) and Path(frame.filename).is_file():
            place = f"{Path(frame.filename).name}, line {frame.lineno}"
        elif frame.filename.startswith(package):
            place = ""  # this package refused what the user's code asked of it
    return place


def to_json(value: Any) -> str:
    """JSON as its standard has it: what is not finite becomes null."""
    return json.dumps(_finite(value), allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


@contextlib.contextmanager
def _notes() -> Iterator[None]:
    """Warnings as lines of the program instead of lines of its source."""

    def show(
        message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: Any = None
    ) -> None:
        if sys.stderr is not None:
            print(f"ember-ml: note: {_COLOURS.sub('', str(message))}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("default", UserWarning)
        warnings.showwarning = show
        yield


@contextlib.contextmanager
def _answer_only() -> Iterator[None]:
    """What anybody prints meanwhile, libraries in C and worker processes too, goes to standard error."""
    with contextlib.ExitStack() as stack:
        ours = sys.stdout is not None and sys.stdout is sys.__stdout__
        stack.enter_context(contextlib.redirect_stdout(sys.stderr))
        if ours:
            with contextlib.suppress(OSError, ValueError):
                kept = os.dup(1)
                stack.callback(os.close, kept)
                stack.callback(os.dup2, kept, 1)
                os.dup2(2, 1)
        yield


def _drop_output() -> None:
    """Nothing is written to standard output any more, not even at the interpreter's end."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def make_parser(prog: str = "ember-ml") -> Parser:
    parser = Parser(
        prog=prog,
        description="Train policies by evolution strategies, from episode returns alone.",
        epilog=_EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"ember-ml {_version()}")
    parser.add_argument("--traceback", action="store_true", help="show where an error comes from, in full")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)
    for module in (train, saved, listing, machine, completion):
        module.add(commands)
    parser.set_defaults(make_parser=make_parser)
    return parser


def _version() -> str:
    version: str = ember_ml.__version__
    return version
