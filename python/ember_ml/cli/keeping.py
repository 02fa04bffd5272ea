"""Where a training from the shell is kept, so that hours are not lost by a forgotten option or a failure.

With `--save`, `--out` or `--resume` the training is written every minute and at its end. Without any of them
it is written to ``ENV-seedN.npz`` in the current folder once it has lasted a minute. A file of another
training that has the name is kept, as ``NAME.1.npz`` and so on.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ember_ml.es.trainer.callbacks import Callback

if TYPE_CHECKING:
    from ember_ml.es.trainer.trainer import Trainer

#: Seconds between saves; a training that lasts so long is saved without being asked.
MINUTE = 60.0


class Keeper(Callback):
    """Saves the training now and then, as the first among the callbacks.

    Args:
        path: file to write; None: one named after the training, once that has lasted a minute.
        ours: files that belong to this training from before, which may be replaced.
        force: replace other trainings' files as well, instead of keeping them.
        beside: further files that this training will write, kept together with the first.
    """

    def __init__(
        self,
        path: Path | None,
        ours: Iterable[Path] = (),
        force: bool = False,
        beside: Iterable[Path] = (),
        every: int | None = None,
    ) -> None:
        super().__init__(every, MINUTE)
        self.path = path
        #: Older files by the names they have now.
        self.kept: list[Path] = []
        self._asked = path is not None
        self._begun = time.perf_counter()
        self._ours = [file.resolve() for file in ours]
        self._force = force
        self._beside = list(beside)
        self._made_room = False
        self._trainer: Trainer | None = None
        self._first = 0
        self._failed: OSError | None = None

    def on_start(self, trainer: Trainer) -> None:
        self._trainer, self._first = trainer, trainer.generation
        if self._beside:  # the log is begun when training is
            self._make_room()

    def on_generation(self, trainer: Trainer) -> bool | None:
        self._name(trainer)
        if self.path is None:
            return None
        try:
            self._save(trainer)
        except OSError as error:  # a full disk may have room again at the end
            if self._failed is None:
                print(f"ember-ml: {error}; training goes on", file=sys.stderr)
            self._failed = error
        else:
            self._failed = None
        return None

    def finish(self, run: Any) -> Path | None:
        """Saves what came out. Returns the file, or None where none was wanted."""
        self._name(run)
        if self.path is None:
            return None
        try:
            self._save(run)
        except OSError as error:
            if not self._asked:
                return None
            raise type(error)(error.errno, f"{error.strerror or error}{self._elsewhere(run)}") from error
        return self.path

    def rescue(self) -> str:
        """After a failure: saves where training stands, and says so in a sentence, or ""."""
        trainer = self._trainer
        if trainer is None or trainer.generation == self._first:
            return ""
        self._name(trainer)
        if self.path is None:
            return ""
        with contextlib.suppress(Exception):  # the failure is what matters
            self._save(trainer)
            return f"; the {trainer.generation} generations before are in {self.path}"
        return ""

    @property
    def failure(self) -> str:
        """Why a training that nobody asked to save is not saved, or ""."""
        return str(self._failed or "")

    def _name(self, training: Any) -> None:
        """Names the file of a training that nobody asked to save, once it has lasted."""
        if self.path is None and time.perf_counter() - self._begun >= MINUTE:
            name = re.sub(r"[^\w.-]+", "-", training.env.name).strip("-.") or "training"
            self.path = Path(f"{name}-seed{training.seed}.npz")

    def _save(self, training: Any) -> None:
        assert self.path is not None
        self._make_room()
        training.save(self.path)

    def _make_room(self) -> None:
        if self._made_room:
            return
        if not self._force:
            files = [file for file in (self.path, *self._beside) if file is not None]
            self.kept = keep_older([file for file in files if file.resolve() not in self._ours])
        self._made_room = True

    def _elsewhere(self, run: Any) -> str:
        assert self.path is not None
        with contextlib.suppress(OSError):
            rescued = Path(tempfile.mkdtemp(prefix="ember-ml-")) / self.path.name
            return f"; the training is in {run.save(rescued)}"
        return ""


def keep_older(files: Iterable[Path]) -> list[Path]:
    """Copies the files that are there to the first number that all of them have free. Returns the copies.

    Copied, not renamed, so that there is no moment without them; not linked, for a log is written in place.
    """
    there = [file for file in files if file.is_file()]
    number = 1
    while any(_numbered(file, number).exists() for file in there):
        number += 1
    for file in there:
        shutil.copy2(file, _numbered(file, number))
    return [_numbered(file, number) for file in there]


def _numbered(file: Path, number: int) -> Path:
    return file.with_name(f"{file.stem}.{number}{file.suffix}")
