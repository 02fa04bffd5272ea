"""Callbacks that write the history somewhere while training runs."""

from __future__ import annotations

import csv
import io
import os
from typing import TYPE_CHECKING, Any

from ember_ml.atomic_file import append, check_target, replacing
from ember_ml.errors import need
from ember_ml.es.result.history import NAMES
from ember_ml.es.trainer.callbacks import Callback

#: Fields of an evaluation that are logged.
EVALUATION_NAMES = ("mean", "low", "high", "std", "episodes")

if TYPE_CHECKING:
    from ember_ml.es.trainer.trainer import Trainer


class CSVLogger(Callback):
    """One line per generation in a CSV file, written every `every` generations and at the end.

    A resumed training's file is begun again from its history, so no generation is missing or there twice.

    Args:
        path: file to write; its folder must exist. A file that was there is replaced.
        every: generations between writes.
    """

    def __init__(self, path: str | os.PathLike[str], every: int = 10) -> None:
        super().__init__(every)
        self.path = check_target(path)
        self._written = 0

    def on_start(self, trainer: Trainer) -> None:
        rows = trainer.history.to_numpy().tolist()
        with replacing(self.path, text=True) as file:
            csv.writer(file).writerows([NAMES, *rows])
        self._written = len(rows)

    def on_generation(self, trainer: Trainer) -> bool | None:
        self._write(trainer)
        return None

    def on_end(self, trainer: Trainer) -> None:
        self._write(trainer)

    def _write(self, trainer: Trainer) -> None:
        rows = trainer.history.to_numpy()[self._written :]
        if len(rows):
            text = io.StringIO()
            csv.writer(text).writerows(rows.tolist())
            append(self.path, text.getvalue())
            self._written += len(rows)


class _Unwritten:
    """What a training has recorded since somebody last looked, beginning where it stands."""

    def __init__(self, trainer: Trainer) -> None:
        self._rows, self._evaluations = len(trainer.history), len(trainer.evaluations)

    def take(self, trainer: Trainer) -> list[tuple[int, dict[str, float]]]:
        """(generation, values by name) in the order of generations: ``train/NAME`` of the history, and of
        `eval_every` ``eval/NAME``. An evaluation is that of the policy before its generation's update.
        """
        steps: dict[int, dict[str, float]] = {}
        for row in trainer.history.to_numpy()[self._rows :]:
            steps[int(row["generation"])] = {f"train/{name}": row[name].item() for name in NAMES[1:]}
        for row in trainer.evaluations.to_numpy()[self._evaluations :]:
            values = {f"eval/{name}": row[name].item() for name in EVALUATION_NAMES}
            steps.setdefault(int(row["generation"]), {}).update(values)
        self._rows, self._evaluations = len(trainer.history), len(trainer.evaluations)
        return sorted(steps.items())


class TensorBoardLogger(Callback):
    """Scalars of the history and of evaluations (`eval_every`) for TensorBoard (extra ``tensorboard``),
    generations as steps.

    Args:
        folder: log folder, made when missing.
        every: generations between writes; every generation's record is written.

    Raises:
        MissingExtra: tensorboard is not installed.
    """

    def __init__(self, folder: str | os.PathLike[str], every: int = 10) -> None:
        super().__init__(every)
        self.folder = os.fspath(folder)
        need("tensorboard", "tensorboard")
        self._writer: Any = None
        self._unwritten: _Unwritten | None = None

    def on_start(self, trainer: Trainer) -> None:
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        self._writer = EventFileWriter(self.folder)
        self._unwritten = _Unwritten(trainer)  # a resumed run goes on in a file of its own

    def on_generation(self, trainer: Trainer) -> bool | None:
        self._write(trainer)
        return None

    def on_end(self, trainer: Trainer) -> None:
        self._write(trainer)
        self._writer.close()

    def _write(self, trainer: Trainer) -> None:
        import time

        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary

        assert self._unwritten is not None
        for step, values in self._unwritten.take(trainer):
            scalars = [Summary.Value(tag=name, simple_value=float(value)) for name, value in values.items()]
            event = Event(wall_time=time.time(), step=step, summary=Summary(value=scalars))
            self._writer.add_event(event)
        self._writer.flush()


class WandbLogger(Callback):
    """The history and evaluations in a run of Weights & Biases (extra ``wandb``), generations as steps.

    Every column of the history is logged as ``train/NAME``, an evaluation (`eval_every`) as ``eval/NAME``,
    and what the trainer is made of as the run's config. NaN (no member finished) is left out.

    Args:
        every: generations between writes; every generation's record is written.
        run: a run that `wandb.init` gave; it is left open. None: one begins and ends with each training.
        init: arguments of `wandb.init`, such as ``project="walker"``, ``name=``, ``mode="offline"``.

    Raises:
        MissingExtra: wandb is not installed.
        TypeError: both a run and arguments for a new one.
    """

    def __init__(self, every: int = 10, run: Any = None, **init: Any) -> None:
        super().__init__(every)
        if run is not None and init:
            raise TypeError(f"run: got a run beside {', '.join(init)}=, which are for a new one")
        self._wandb = need("wandb", "wandb")
        self._given, self._init = run, init
        self._run: Any = None
        self._unwritten: _Unwritten | None = None

    def on_start(self, trainer: Trainer) -> None:
        config = trainer.config()
        if self._given is None:
            self._run = self._wandb.init(
                **{**self._init, "config": {**config, **self._init.get("config", {})}}
            )
        else:
            self._run = self._given
            self._run.config.update(config, allow_val_change=True)
        self._unwritten = _Unwritten(trainer)  # a resumed training goes on where it stands

    def on_generation(self, trainer: Trainer) -> bool | None:
        self._write(trainer)
        return None

    def on_end(self, trainer: Trainer) -> None:
        self._write(trainer)
        if self._given is None:
            self._run.finish()

    def _write(self, trainer: Trainer) -> None:
        assert self._unwritten is not None
        for step, values in self._unwritten.take(trainer):
            self._run.log({name: value for name, value in values.items() if value == value}, step=step)
