"""The guide's command lines run as printed, one after the other in one folder."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import skip_without

ROOT = Path(__file__).parents[2]


def command_lines():
    text = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8").partition("## From the shell")[2]
    blocks = re.findall(r"```bash\n(.*?)```", text, re.S)
    return [line.partition("  #")[0].strip() for block in blocks for line in block.splitlines() if line]


@pytest.mark.timeout(600)
def test_the_guides_command_lines(tmp_path):
    for package in ("matplotlib", "PIL", "gymnasium"):
        skip_without(package)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    lines = command_lines()
    assert len(lines) >= 10 and all(line.startswith("ember-ml ") for line in lines)
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
    assert {"cartpole.npz", "curve.png", "policy.h", "cartpole.gif", "mine.npz"} <= {
        path.name for path in tmp_path.iterdir()
    }
