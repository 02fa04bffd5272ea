"""One web page of a training or of several, or of their files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ember_ml.es.compare import groups_of
from ember_ml.es.files import checkpoint
from ember_ml.es.files.restore import load
from ember_ml.es.result.page import check, write

if TYPE_CHECKING:
    from ember_ml.es.compare import OneRun
    from ember_ml.es.result.run import Run


def report(
    runs: OneRun | Sequence[OneRun] | Mapping[str, Sequence[OneRun] | OneRun],
    path: str | os.PathLike[str],
    episode: int = 0,
    env: Any = None,
) -> Path:
    """Writes one self-contained web page (HTML), to be sent or opened without a network: the learning curve,
    with hover, zoom and a logarithmic axis; one episode of the trained policy, animated; configuration,
    versions, the digest of the final parameters, and the command that makes it all again.

    Of several trainings it compares the curves: for each group the median over its runs and the band between
    the quartiles, as `ember_ml.es.compare` draws them. The episode of a group is that of the run whose
    evaluated mean is the median of the group.

    Built-in environments are drawn from their states; another's `render` gives its pictures where pillow is
    installed (extra ``plot``), and where it has none observations and actions are shown as curves.

    Args:
        runs: a run or a file that `Run.save` wrote, several in a list, or a dict of groups by name.
        path: file to write, ending in ``.html``.
        episode: number of the episode of `run.evaluate` whose start is taken.
        env: the environment of the files, where it was not a built-in one or one of gymnasium's own.

    Returns:
        The file's path.

    Raises:
        TypeError: something that is neither a run nor a file.
        ValueError: no runs, one without a generation, or another suffix.
    """
    check(path, episode)
    files: dict[int, tuple[str, Any]] = {}

    def opened(file: Any) -> Run:
        run = load(file, env)
        files[id(run)] = Path(file).name, checkpoint.read(file)[0].get("versions")
        return run

    return write(groups_of(runs, opened), path, episode, files)
