"""What happens besides training, at stated generations."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ember_ml.atomic_file import check_target
from ember_ml.validate import MOST_STEPS, positive, positive_int

if TYPE_CHECKING:
    from ember_ml.es.trainer.trainer import Trainer


class Callback:
    """Called by the trainer after every `every` generations; subclass it and override what you need.

    The native loop runs from one callback's generation to the next in one call, so a larger `every` costs
    less.

    Args:
        every: fire when the number of finished generations is a multiple of this; None only by the clock.
        seconds: also fire after the first generation that ends so long after the last time, or after the
            start of the run.
    """

    seconds: float | None = None
    _due = math.inf

    def __init__(self, every: int | None = 1, seconds: float | None = None) -> None:
        if every is None and seconds is None:
            raise ValueError("every: got None, wanted a number of generations, or seconds=")
        self.every = MOST_STEPS if every is None else positive_int("every", every, MOST_STEPS)
        self.seconds = None if seconds is None else positive("seconds", seconds)

    def is_due(self, generation: int | None, now: float) -> bool:
        """Whether to fire after `generation` generations at `now` (`time.perf_counter()`).

        The clock starts again where it is, and with None, at the start of a run.
        """
        due = generation is not None and (generation % self.every == 0 or now >= self._due)
        if self.seconds is not None and (due or generation is None):
            self._due = now + self.seconds
        return due

    @property
    def next_look(self) -> float | None:
        """`time.perf_counter()` at which it is due by the clock."""
        return None if self.seconds is None else self._due

    def on_start(self, trainer: Trainer) -> None:
        """Before the first generation of a run."""

    def on_generation(self, trainer: Trainer) -> bool | None:
        """After a generation; ``trainer.history[-1]`` is its record. Return True to stop training, False or
        None to go on; a bool of numpy's counts as Python's, and anything else is a TypeError.
        """

    def on_end(self, trainer: Trainer) -> None:
        """After the last generation of a run, also when it was interrupted or a user's environment failed."""


class _Function(Callback):
    def __init__(self, function: Callable[[Trainer], Any]) -> None:
        super().__init__(every=1)
        self.function = function

    def on_generation(self, trainer: Trainer) -> bool | None:
        stop: bool | None = self.function(trainer)
        return stop


class Checkpoint(Callback):
    """Saves the trainer every `every` generations, and where `seconds` is given so often, and at the end.

    Args:
        path: file to write; ``{generation}`` in it becomes the number of finished generations, else each save
            replaces the last one, in one step, so that a crash at any moment leaves a whole file. Its folder
            must exist.
        every: generations between saves; None with `seconds`.
        seconds: between saves.
    """

    def __init__(
        self, path: str | os.PathLike[str], every: int | None = 10, seconds: float | None = None
    ) -> None:
        super().__init__(every, seconds)
        self.path = str(check_target(path))
        self.last: Path | None = None
        self._saved = -1

    def on_generation(self, trainer: Trainer) -> bool | None:
        self._save(trainer)
        return None

    def on_end(self, trainer: Trainer) -> None:
        self._save(trainer)

    def _save(self, trainer: Trainer) -> None:
        if self._saved != trainer.generation:
            self.last = trainer.save(self.path.replace("{generation}", str(trainer.generation)))
            self._saved = trainer.generation


def stops(callback: Callback, answer: Any) -> bool:
    """Whether what `on_generation` returned asks for an end.

    Raises:
        TypeError: it is neither None nor one truth value.
    """
    if answer is None or isinstance(answer, (bool, np.bool_)):
        return bool(answer)
    if isinstance(answer, np.ndarray) and answer.dtype == np.bool_ and answer.ndim == 0:
        return bool(answer)
    who = callback.function if isinstance(callback, _Function) else callback
    name = getattr(who, "__name__", type(who).__name__)
    raise TypeError(
        f"callbacks: {name} returned {answer!r}, wanted True to stop training, or False or None to go on"
    )


def as_callbacks(callbacks: Callback | Callable[..., Any] | Iterable[Any]) -> list[Callback]:
    """A list of callbacks from one or many callbacks or functions of the trainer."""
    if isinstance(callbacks, Callback) or callable(callbacks):
        callbacks = (callbacks,)
    if not isinstance(callbacks, Iterable):
        raise TypeError(
            f"callbacks: got {callbacks!r}, wanted a list of es.Callback or functions of the trainer"
        )
    made: list[Callback] = []
    for callback in callbacks:
        if isinstance(callback, type) or not (isinstance(callback, Callback) or callable(callback)):
            raise TypeError(
                f"callbacks: got {callback!r}, wanted an es.Callback or a function of the trainer"
            )
        made.append(callback if isinstance(callback, Callback) else _Function(callback))
    return made
