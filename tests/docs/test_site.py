"""The documentation site builds without a warning, and its links lead to what is there."""

from __future__ import annotations

import re
import subprocess
import sys
from urllib.parse import unquote

import pytest
from conftest import skip_without
from markdown import ROOT


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    for package in ("sphinx", "myst_parser", "furo"):
        skip_without(package)
    out = tmp_path_factory.mktemp("site")
    words = [
        "-W",
        "--keep-going",
        "-q",
        "-b",
        "html",
        "-d",
        str(out / "trees"),
        str(ROOT / "docs"),
        str(out / "html"),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *words], capture_output=True, text=True, cwd=out, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return out / "html"


def test_pages_and_links(site):
    pages = {path.relative_to(site).as_posix(): path.read_text("utf8") for path in site.rglob("*.html")}
    assert {"index.html", "guide.html", "tutorial.html", "api/es.html", "api/shell.html"} <= pages.keys()
    anchors = {name: set(re.findall(r'\bid="([^"]+)"', text)) for name, text in pages.items()}
    broken = []
    for name, text in pages.items():
        if name.startswith(("_modules", "genindex", "search")):
            continue
        for link in re.findall(r'\b(?:href|src)="([^"]+)"', text):
            target, _, anchor = link.partition("#")
            if re.match("https?:|mailto:|data:", link):
                continue
            file = (site / name).parent / unquote(target.partition("?")[0]) if target else site / name
            there = file.resolve().relative_to(site.resolve()).as_posix()
            if not file.exists() or (anchor and there in anchors and unquote(anchor) not in anchors[there]):
                broken.append((name, link))
    assert broken == []


def test_what_is_in_it(site):
    reference = (site / "api" / "es.html").read_text("utf8")
    for name in ("ember_ml.es.train", "ember_ml.es.Trainer.run", "ember_ml.es.report", "ember_ml.es.SNES"):
        assert f'id="{name}"' in reference
    assert "--learning-rate" in (site / "api" / "shell.html").read_text("utf8")
    tutorial = (site / "tutorial.html").read_text("utf8")
    assert tutorial.count("<img") >= 1 and "highlight-python" in tutorial
    assert "Simple1D" in tutorial
