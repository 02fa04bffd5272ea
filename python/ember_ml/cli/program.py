"""The program: its parser and its exit codes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ember_ml.cli import machine, saved, train
from ember_ml.cli.command import FAILED, INTERRUPTED, OK, USAGE

_EPILOG = """\
examples:
  ember-ml train CartPole-v1 --save cartpole.npz --plot curve.png
  ember-ml evaluate cartpole.npz --episodes 1000
  ember-ml export cartpole.npz policy.h
  ember-ml info

`ember-ml COMMAND --help` explains each. Exit codes: 0 done, 1 training or evaluation failed, 2 wrong usage,
130 interrupted."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command. Returns the exit code."""
    parser = _parser()
    try:
        options = parser.parse_args(arguments)
    except SystemExit as stop:
        return OK if stop.code in (0, None) else USAGE
    if not hasattr(options, "command"):
        parser.print_help()
        return USAGE
    from ember_ml.errors import EvaluationError

    try:
        return int(options.command(options))
    except KeyboardInterrupt:
        return _complain("interrupted", INTERRUPTED)
    except BrokenPipeError:
        sys.stdout = None  # type: ignore[assignment]  # the reader left: nothing more to say
        return OK
    except EvaluationError as error:
        return _complain(str(error), FAILED)
    except (ValueError, TypeError) as error:
        return _complain(str(error), USAGE)
    except (OSError, ImportError, RuntimeError, MemoryError) as error:
        return _complain(str(error) or type(error).__name__, FAILED)


def _complain(message: str, code: int) -> int:
    print(f"ember-ml: {message}", file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ember-ml",
        description="Train policies by evolution strategies, from episode returns alone.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"ember-ml {_version()}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    for module in (train, saved, machine):
        module.add(commands)
    return parser


def _version() -> str:
    import ember_ml

    return ember_ml.__version__
