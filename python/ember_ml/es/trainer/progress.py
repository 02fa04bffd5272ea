"""What is said of a training that runs: a bar on a terminal or in a notebook, else a line now and then."""

from __future__ import annotations

import sys
import time
import warnings
from typing import Any

from ember_ml.es.result.history import History

#: Seconds before the bar appears, and between its changes.
PATIENCE = 0.5
REFRESH = 0.1

#: Seconds before the first line and between lines where no bar can be drawn; later a tenth of the time gone,
#: at most half an hour.
HEARTBEAT = 30.0
SLOWEST = 1800.0


class Progress:
    """A bar that appears only when a run is still going after half a second; lines where no bar can be drawn.

    Args:
        wanted: False shows nothing.
        total: generations of this run, None where unknown.
        name: of the environment.
    """

    def __init__(self, wanted: bool, total: int | None, name: str = "") -> None:
        self._wanted = wanted and sys.stderr is not None
        self._total = total
        self._note = self._numbers = ""
        self._name = name
        self._bar: Any = None
        self._draws = self._wanted and (sys.stderr.isatty() or _in_notebook())
        self._begun = time.perf_counter()
        self._next = self._begun + (PATIENCE if self._draws else HEARTBEAT)

    @property
    def next_look(self) -> float | None:
        """`time.perf_counter()` at which somebody should call `show`; None when nothing is shown."""
        return self._next if self._wanted else None

    def show(self, history: History, first: int) -> None:
        """Brings the bar up to date, or prints a line. `first` is the generation at which the run began."""
        if not self.is_due() or not len(history):
            return
        record, text = history[-1], f"return {history[-1]['policy_return']:.2f}, "
        if self._draws:
            text += f"mean {record['population_mean']:.2f}"
        else:
            text += f"{int(history['steps'][first:].sum()):,} steps"
        self.update(len(history) - first, text)

    def is_due(self) -> bool:
        """Whether it is time to say something."""
        return self._wanted and time.perf_counter() >= self._next

    def update(self, done: int, text: str) -> None:
        """Says that `done` generations are done, and `text`."""
        now = time.perf_counter()
        if self._draws:
            self._draw(done, text, now)
        else:
            self._say(done, text, now - self._begun)
            self._next = now + min(max(HEARTBEAT, (now - self._begun) / 10), SLOWEST)

    def _draw(self, done: int, text: str, now: float) -> None:
        if self._bar is None:
            with warnings.catch_warnings():
                # A notebook without its widgets is no reason to complain: tqdm then writes text.
                warnings.simplefilter("ignore")
                from tqdm.auto import tqdm

                self._bar = tqdm(
                    desc=self._name,
                    total=self._total,
                    unit="gen",
                    leave=False,
                    dynamic_ncols=True,
                    smoothing=0.1,
                )
            self._bar.start_t -= now - self._begun
        self._next = now + REFRESH
        self._bar.update(done - self._bar.n)
        self._numbers = text
        self._bar.set_postfix_str(f"{self._numbers}{self._note}", refresh=True)

    def note(self, text: str) -> None:
        """What an engine says of its workers, behind the numbers; may be called often."""
        self._note = f"; {text}"
        now = time.perf_counter()
        if self._bar is not None and now >= self._next:
            self._next = now + REFRESH
            self._bar.set_postfix_str(f"{self._numbers}{self._note}", refresh=True)

    def _say(self, done: int, text: str, gone: float) -> None:
        count = f"{done}" if self._total is None else f"{done} of {self._total}"
        line = f"{self._name}: generation {count}, {text}, {_clock(gone)} gone"
        if self._total is not None and done:
            line += f", about {_clock(gone / done * (self._total - done))} left"
        print(line + self._note, file=sys.stderr, flush=True)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _clock(seconds: float) -> str:
    """1:05 or 2:01:05."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def _in_notebook() -> bool:
    """Whether an IPython kernel runs this, whose standard error is shown below the cell."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return shell is not None and "IPKernelApp" in shell.config
