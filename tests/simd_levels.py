"""Programs of their own at one SIMD level: a process decides on its level once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def output_at(level: str, program: str) -> str:
    """What a Python program prints at that level.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "EMBER_SIMD": level},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout


def digest_at(level: str, file: str) -> str:
    """What `digest()` of the test file gives at that level."""
    path = Path(file)
    folders = [str(path.parent), str(Path(__file__).parent)]
    return output_at(
        level, f"import sys; sys.path[:0] = {folders!r}; import {path.stem} as me; print(me.digest())"
    ).strip()
