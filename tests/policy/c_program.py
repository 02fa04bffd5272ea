"""Exported C headers in a program that is compiled and run."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

_CC = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
_FLAGS = ("-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-ffp-contract=off")


def need_compiler() -> None:
    """Skips the test where there is no C compiler."""
    if _CC is None:
        pytest.skip("no C compiler here")


def run_program(folder: Path, given: bytes) -> bytes:
    """Compiles `main.c` of the folder, without a warning, and gives what it writes when it reads `given`."""
    need_compiler()
    subprocess.run([_CC, *_FLAGS, "main.c", "-lm", "-o", "p"], cwd=folder, check=True)
    return subprocess.run([folder / "p"], input=given, capture_output=True, check=True).stdout
