"""What a page is told of a training besides the training itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ember_ml.es.result.run import Run


@dataclass(frozen=True)
class Sheet:
    """A training for a page.

    Attributes:
        name: of its file, or "".
        run: the training.
        command: what makes it again.
        shell: whether that is a command line; else it is a Python program.
        notes: what a reader of the command has to put in.
        versions: of what trained it.
    """

    name: str
    run: Run
    command: str
    shell: bool
    notes: tuple[str, ...]
    versions: Mapping[str, str]
