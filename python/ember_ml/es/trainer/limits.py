"""How far one `Trainer.run` goes."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ember_ml import validate
from ember_ml.errors import warn
from ember_ml.es.trainer.confirmation import Confirmation

if TYPE_CHECKING:
    from ember_ml.es.state.setup import Setup
    from ember_ml.es.state.training_state import TrainingState


class Limits:
    """The limits of a run, checked.

    Attributes:
        count: generations to run, None for no limit; `last` is where the trainer then stands.
        confirmation: decides whether `until` is reached; None without `until`.
        first: the generation at which the run began.
        origin: `time.perf_counter()` at which the training would have begun without interruptions.

    Raises:
        ValueError, TypeError: no limit of any kind, or one that is not positive.
    """

    __slots__ = (
        "_deadline",
        "_spent",
        "_state",
        "_steps",
        "confirmation",
        "count",
        "first",
        "last",
        "origin",
    )

    def __init__(
        self,
        setup: Setup,
        state: TrainingState,
        generations: Any,
        until: Any,
        seconds: Any,
        steps: Any,
        episodes: Any,
    ) -> None:
        self._state = state
        self.first = state.generation
        self.count = _count(setup.generations, state.generation, generations, until, seconds, steps)
        episodes = validate.count_or_off("confirm_episodes", episodes)
        self.confirmation: Confirmation | None = None
        if until is not None:
            self.confirmation = Confirmation(setup, state, validate.real("until", until), episodes)
        self._spent = state.confirmations.total("steps")
        now = time.perf_counter()
        self.origin = now - state.elapsed
        self.last = None if self.count is None else self.first + self.count
        self._deadline = None if seconds is None else now + validate.positive("seconds", seconds)
        self._steps = None if steps is None else validate.positive_int("steps", steps, validate.MOST_STEPS)

    def passed(self) -> bool:
        """Whether time or steps are used up."""
        if self._deadline is not None and time.perf_counter() >= self._deadline:
            return True
        return self._steps is not None and self.steps_left() <= 0

    def steps_left(self) -> float:
        if self._steps is None:
            return math.inf
        used = int(self._state.history["steps"][self.first :].sum())
        return self._steps - used - (self._state.confirmations.total("steps") - self._spent)

    def seconds_left(self, now: float, looks: Iterable[float | None]) -> float:
        """From `now` until the first of the time limit and the `looks`, `time.perf_counter()` values."""
        ends = [end for end in (self._deadline, *looks) if end is not None]
        return max(0.0, min(ends) - now) if ends else math.inf


def _count(
    plan: int | None, finished: int, generations: Any, until: Any, seconds: Any, steps: Any
) -> int | None:
    if generations is not None:
        return validate.positive_int("generations", generations, validate.MOST_STEPS)
    if plan is not None:
        left = max(0, plan - finished)
        if not left:
            warn(
                f"run: the {plan} generations of the plan are done, so nothing is trained;"
                " run(generations=) trains more"
            )
        return left
    if until is None and seconds is None and steps is None:
        raise ValueError(
            "generations: got None, wanted how long to train: run(generations=, until=, seconds= or"
            " steps=), or a plan, Trainer(generations=)"
        )
    return None
