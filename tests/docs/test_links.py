"""Links and anchors of the documents lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from markdown import ROOT

DOCUMENTS = sorted(
    path
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").rglob("*.md")]
    if "node_modules" not in path.parts
)


def prose(path: Path) -> str:
    """The text without code."""
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.S | re.M)
    return re.sub(r"`[^`\n]*`", lambda code: re.sub(r"[\[\]()]", " ", code[0]), text)


def anchors(path: Path) -> set[str]:
    """What GitHub makes of the headings: lower case, no punctuation, a dash for each space."""
    headings = re.findall(r"^#+ (.*)$", prose(path), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(path: Path) -> list[str]:
    """The links of a document that lead nowhere."""
    found = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(path)):
        if re.match(r"https?://|mailto:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        if not file.exists() or (anchor and (file.suffix != ".md" or anchor not in anchors(file))):
            found.append(target)
    return found


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links(path):
    assert broken(path) == []


def test_a_broken_link_is_seen(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# A page, of `code`\n[a](#a-page-of-code) [b](#b) [c](c.md) [d](page.md#a) `[e](e)`\n")
    assert broken(page) == ["#b", "c.md", "page.md#a"]
