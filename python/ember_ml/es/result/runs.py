"""What training many seeds gives back."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np

from ember_ml import validate
from ember_ml.atomic_file import as_path
from ember_ml.envs.spec import EnvSpec
from ember_ml.es.files.restore import load
from ember_ml.es.interrupt import acknowledge
from ember_ml.es.result.evaluation import EvaluationResult
from ember_ml.es.result.run import Run
from ember_ml.rollout import Float64

#: A run's file in the folder that `Runs.save` writes.
_FILE = "seed-{}.npz"


class Runs(Sequence[Run]):
    """Finished trainings that differ in their seeds alone, in the order of the seeds: ``runs[0]``,
    ``len(runs)``, ``for run in runs``; a slice is a `Runs`.

    Attributes:
        unfinished: trainings that Ctrl-C ended, as they stood.
    """

    def __init__(
        self, runs: Sequence[Run], unfinished: Sequence[Run] = (), interrupted: bool = False
    ) -> None:
        self._runs = tuple(runs)
        self.unfinished = tuple(unfinished)
        self._interrupted = interrupted

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended it before all seeds were trained. If a loop does not look, its next training
        raises KeyboardInterrupt.
        """
        acknowledge(self)
        return self._interrupted

    def __len__(self) -> int:
        return len(self._runs)

    @overload
    def __getitem__(self, index: int) -> Run: ...
    @overload
    def __getitem__(self, index: slice) -> Runs: ...
    def __getitem__(self, index: int | slice) -> Run | Runs:
        return Runs(self._runs[index]) if isinstance(index, slice) else self._runs[index]

    def __iter__(self) -> Iterator[Run]:
        return iter(self._runs)

    @property
    def seeds(self) -> list[int]:
        """Of the finished trainings. With `restarts` a run's may be one that follows from the one given."""
        return [run.seed for run in self]

    @property
    def env(self) -> EnvSpec:
        return self._any().env

    # ------------------------------------------------------------------------------------------------ numbers

    def curves(self, field: str = "policy_return") -> Float64:
        """A field of the histories, float64 (runs, generations), of the generations that all runs have."""
        self._any()
        common = min(len(run.history) for run in self)
        return np.array([run.history[field][:common] for run in self], np.float64)

    def median(self, field: str = "policy_return") -> Float64:
        """Median over the runs, float64 (generations,), of the generations that all runs have."""
        middle: Float64 = self.quartiles(field)[1]
        return middle

    def quartiles(self, field: str = "policy_return") -> Float64:
        """Lower quartile, median and upper quartile over the runs, float64 (3, generations), of the
        generations that all runs have. Between two runs they are interpolated linearly.
        """
        found: Float64 = np.percentile(self.curves(field), [25, 50, 75], axis=0)
        return found

    @property
    def best(self) -> Run:
        """The run whose policy does best on starts that neither training nor `evaluate` uses (`Run.judged`);
        the first of equals.
        """
        self._any()
        return max(self, key=lambda run: run.judged.mean)

    def evaluate(self, episodes: int = 100) -> list[EvaluationResult]:
        """`Run.evaluate` of every run."""
        episodes = validate.positive_int("episodes", episodes)
        return [run.evaluate(episodes) for run in self]

    @property
    def steps(self) -> int:
        """Environment steps of all trainings."""
        return sum(run.steps for run in self)

    # -------------------------------------------------------------------------------------- text and pictures

    def summary(self) -> str:
        """A table: each run's generations, environment steps and evaluated mean (`Run.evaluation`), and the
        quartiles of each; how many reached `until`, where there was one.
        """
        run = self._any()
        rows = np.array([self._row(one) for one in self])
        lines = [f"{run.env.name}, {len(self)} seeds" + (" (interrupted)" if self._interrupted else "")]
        names = ["generations", "steps", "evaluated mean"]
        lines.append("".join(["seed".rjust(14), *(name.rjust(16) for name in names)]))
        labels = [*map(str, self.seeds), "lower quartile", "median", "upper quartile"]
        for label, (generations, steps, mean) in zip(
            labels, [*rows, *np.percentile(rows, [25, 50, 75], axis=0)]
        ):
            lines.append(f"{label:>14}{generations:>16,.0f}{steps:>16,.0f}{mean:>16.2f}")
        if run.until is not None:
            lines.append(f"{sum(one.reached for one in self)} of {len(self)} reached {run.until:g}")
        return "\n".join(lines)

    @staticmethod
    def _row(run: Run) -> tuple[float, float, float]:
        evaluation = run.evaluation
        return len(run.history), run.steps, float("nan") if evaluation is None else evaluation.mean

    def plot(
        self,
        path: str | os.PathLike[str] | None = None,
        x: Any = "generation",
        dpi: int = 150,
        *,
        size: tuple[float, float] = (8.6, 4.8),
        log: bool = False,
        dark: bool | None = None,
    ) -> Any:
        """The median curve of the runs and the band between their quartiles, a matplotlib figure; written to
        `path` when given. Arguments and curves are those of `es.compare`, which draws several `Runs` in one
        axis.
        """
        from ember_ml.errors import need
        from ember_ml.report.compare import draw
        from ember_ml.report.files import check_picture
        from ember_ml.report.series import check_x

        check_x(x)
        need("matplotlib", "plot")
        check_picture(path, dpi)
        return draw({self._any().setup.strategy_name: self}, path, x, dpi, size, log, dark)

    # ------------------------------------------------------------------------------------------------- files

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Writes every run (`Run.save`) to ``seed-N.npz`` in `folder`, which is made if it is not there;
        other files in it stay. `Runs.load` gives them back, `es.load` one of them.

        Raises:
            OSError: the folder cannot be made or written to.
        """
        folder = as_path(folder, "folder")
        folder.mkdir(exist_ok=True)
        for run in self:
            run.save(folder / _FILE.format(run.seed))
        return folder

    @staticmethod
    def load(
        folder: str | os.PathLike[str],
        env: Any = None,
        policy: Any = None,
        objective: Callable[..., Any] | None = None,
        batched: bool = False,
    ) -> Runs:
        """The runs that `save` wrote, in the order of their seeds. Arguments and errors are as of `es.load`.

        Raises:
            FileNotFoundError: no such folder, or no run in it.
        """
        found = {}
        for file in as_path(folder, "folder").iterdir():
            named = re.fullmatch(re.escape(_FILE).replace(r"\{\}", r"(\d+)"), file.name)
            if named:
                found[int(named[1])] = file
        if not found:
            raise FileNotFoundError(f"no {_FILE.format('N')} in {os.fspath(folder)}")
        return Runs([load(found[number], env, policy, objective, batched) for number in sorted(found)])

    def _any(self) -> Run:
        if not self._runs:
            raise ValueError("runs: there are none, because Ctrl-C came before the first was finished")
        return self._runs[0]

    def __repr__(self) -> str:
        if not self._runs:
            return f"Runs(none, {len(self.unfinished)} unfinished)"
        text = f"Runs({self.env.name}, {len(self)} seeds"
        returns = [run.history[-1]["policy_return"] for run in self if len(run.history)]
        if returns:
            text += f", median policy return {float(np.median(returns)):.2f}"
        return text + (", interrupted" if self._interrupted else "") + ")"
