"""A short run of the fuzzer, in a process of its own: its audit hook cannot be taken off again."""

import os
import subprocess
import sys
from pathlib import Path


def test_files_that_nobody_wrote(tmp_path):
    """3,000 here; EMBER_FUZZ=1000000 loads as many as one likes."""
    count = os.environ.get("EMBER_FUZZ", "3000")
    script = Path(__file__).parent / "fuzz_checkpoints.py"
    command = [
        sys.executable,
        str(script),
        "--count",
        count,
        "--seed",
        "0",
        "--keep",
        str(tmp_path),
        "--limit",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert f"{count} files loaded" in done.stdout and ", 0 failed" in done.stdout
