"""A training whose environment fails on a worker, as a program: what it leaves running is looked for."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

#: The variable by which its processes are known. It names a folder.
_MARK = "EMBER_TEST_OF_ERROR_ENDS"

_SCRIPT = f"""
import os
from ember_ml import engines, es

FOLDER = os.environ["{_MARK}"]

class Breaks:
    observation_size, action_size, max_steps = 1, 1, 5

    def reset(self, seed=None):
        return [0.5]

    def step(self, action):
        if os.path.exists(FOLDER + "/now"):
            raise OSError("no such device")
        return [0.5], 0.0, False, {{}}

def after(trainer):
    if trainer.generation == 2:
        for worker in trainer.engine.transport.pids().values():
            with open(f"/proc/{{worker}}/environ") as file:
                print("marked" if "{_MARK}=" + FOLDER in file.read() else "not marked")
        open(FOLDER + "/now", "w").close()

if __name__ == "__main__":
    es.train(Breaks, (), engine=ENGINE, callbacks=after, generations=5, seed=0, progress=False)
"""


def leaves_nothing_running(folder: Path, engine: str) -> None:
    """Runs the program in `folder` with two workers, and sees it fail and all of its processes end."""
    script = folder / "script.py"
    script.write_text(_SCRIPT.replace("ENGINE", engine))
    environment = {**os.environ, _MARK: str(folder)}
    done = subprocess.run(
        [sys.executable, str(script)], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 1, done.stderr
    assert "EvaluationError: Breaks: step raised OSError: no such device (generation 2" in done.stderr
    assert done.stdout.split() == ["marked", "marked"]
    mark = f"{_MARK}={folder}".encode()
    deadline = time.monotonic() + 15.0
    while (left := [p for p in _processes() if mark in _environment(p)]) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not left


def _processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdecimal()]


def _environment(process: int) -> list[bytes]:
    try:
        return Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
    except OSError:  # it has ended, or is another user's
        return []
