"""`_core.pyi` is what the extension says of itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import skip_without

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "cpp" / "bindings" / "make_stubs.sh"


@pytest.mark.skipif(
    sys.version_info[:2] != (3, 11), reason="the stubs are made with 3.11, others import otherwise"
)
def test_the_stubs_are_made_again_without_difference(tmp_path):
    skip_without("pybind11_stubgen")
    made = tmp_path / "_core.pyi"
    made.touch()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", str(SCRIPT), str(made)],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert made.read_text("utf8") == (ROOT / "python" / "ember_ml" / "_core.pyi").read_text("utf8")
