"""The documents' command lines run as printed, one after the other in one folder."""

import subprocess
import sys

import pytest
from conftest import skip_without
from markdown import DOCUMENTS, ROOT, blocks


def command_lines(path):
    """The lines of its bash blocks without comments; not of blocks that say why they are not run here."""
    code = [block.code for block in blocks(path, "bash") if block.reason is None]
    return [line.partition("  #")[0].strip() for part in code for line in part.splitlines() if line]


def test_the_guide_is_among_them():
    assert len(command_lines(ROOT / "docs" / "guide.md")) >= 10


@pytest.mark.timeout(600)
@pytest.mark.parametrize("path", [p for p in DOCUMENTS if command_lines(p)], ids=lambda path: path.name)
def test_command_lines(path, tmp_path):
    for package in ("matplotlib", "PIL", "gymnasium"):
        skip_without(package)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    lines = command_lines(path)
    assert all(line.startswith("ember-ml ") for line in lines)
    for line in lines:
        if line == "ember-ml bench":  # half a minute of measuring, which tests/bench does in little
            continue
        done = subprocess.run(
            [sys.executable, "-m", "ember_ml", *line.split()[1:]],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), line
    if path.name == "guide.md":
        there = {file.name for file in tmp_path.iterdir()}
        assert {"cartpole.npz", "curve.png", "policy.h", "cartpole.gif", "mine.npz"} <= there
