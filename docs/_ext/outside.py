"""Links to files of the repository that are no pages of the site: their names stay, as text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

_LINK = re.compile(r"(!?)\[([^\]]*)\]\((\.\./[^)\s]+)\)")


def without_links(text: str, folder: Path) -> str:
    """Pictures stay what they are; `[text](../file)` becomes its text.

    Raises:
        FileNotFoundError: there is no such file.
    """

    def plain(found: re.Match[str]) -> str:
        if not (folder / found[3].partition("#")[0]).exists():
            raise FileNotFoundError(f"{found[3]}: a link of {folder.name}/ leads nowhere")
        return found[0] if found[1] else found[2]

    return _LINK.sub(plain, text)


def _read(app: Any, name: str, source: list[str]) -> None:
    source[0] = without_links(source[0], Path(app.srcdir))


def setup(app: Any) -> dict[str, bool]:
    app.connect("source-read", _read)
    return {"parallel_read_safe": True}
