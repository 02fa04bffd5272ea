"""The code blocks of the project's documents, as printed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

_BLOCK = re.compile(
    r"^(?:<!-- (?:not run here: (?P<reason>[^>]+)|alone: needs the package (?P<package>\w+)) -->\n)?"
    r"```(?P<language>\w*)\n(?P<code>.*?)^```$",
    re.S | re.M,
)


@dataclass(frozen=True)
class Block:
    """One fenced block.

    Attributes:
        language: what stands behind the fence, "" for a drawing.
        code: its lines.
        line: where they begin in the document, from 1.
        reason: why the tests do not run it, from ``<!-- not run here: reason -->`` in the line before.
        package: what it needs that the document's other blocks do not, from ``<!-- alone: needs the package
            name -->``; it runs in a process of its own.
    """

    language: str
    code: str
    line: int
    reason: str | None
    package: str | None


def blocks(path: Path, language: str | None = None) -> list[Block]:
    """All blocks of a document, or those of one language, in order."""
    text = path.read_text(encoding="utf-8")
    found = [
        Block(m["language"], m["code"], text[: m.start("code")].count("\n") + 1, m["reason"], m["package"])
        for m in _BLOCK.finditer(text)
    ]
    assert 2 * len(found) == len(re.findall(r"^\s*```", text, re.M)), f"{path.name}: a fence that is not read"
    return [block for block in found if language in (None, block.language)]
