"""Puts the example notebook in place of the page `tutorial`: its cells, what they printed and drew."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "examples" / "reinforcement_learning.ipynb"


def page(notebook: Path, folder: Path) -> str:
    """The notebook as Markdown; its pictures are written into `folder`."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    parts = []
    for number, cell in enumerate(cells):
        source = "".join(cell["source"])
        parts.append(f"```python\n{source}\n```" if cell["cell_type"] == "code" else source)
        for index, output in enumerate(cell.get("outputs", [])):
            parts += _output(output, folder, f"cell-{number}-{index}")
    return "\n\n".join(parts) + "\n"


def _output(output: dict[str, Any], folder: Path, name: str) -> Iterator[str]:
    data = output.get("data", {})
    if "image/png" in data:
        picture = folder / f"{name}.png"
        picture.write_bytes(base64.b64decode("".join(data["image/png"])))
        yield f"![what this cell draws]({folder.name}/{picture.name})"
    elif text := "".join(output.get("text", data.get("text/plain", []))).strip():
        yield f"```text\n{text}\n```"


def _read(app: Any, name: str, source: list[str]) -> None:
    if name == "tutorial":
        folder = Path(app.srcdir) / "_tutorial"
        folder.mkdir(exist_ok=True)
        source[0] = page(NOTEBOOK, folder)
        app.env.note_dependency(str(NOTEBOOK))


def setup(app: Any) -> dict[str, bool]:
    app.connect("source-read", _read)
    return {"parallel_read_safe": True}
