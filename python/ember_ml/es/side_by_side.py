"""Trainings of many seeds at once, each with the bits that it has alone."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ember_ml import _core, validate
from ember_ml.es.interrupt import Interrupt, remember
from ember_ml.es.recipe import Recipe
from ember_ml.es.result.run import Run, Which
from ember_ml.es.result.runs import Runs
from ember_ml.es.trainer.callbacks import Callback, as_callbacks
from ember_ml.es.trainer.progress import Progress
from ember_ml.es.trainer.trainer import Trainer

#: Seconds between looks at Ctrl-C, and between a training's words on how far it is.
_LOOK, _TICK = 0.1, 0.5


def seed_numbers(seeds: Any, seed: Any = None) -> list[int]:
    """What `es.train` takes as `seeds`, as a list.

    Raises:
        ValueError, TypeError: none, one twice, one that is no seed, or a `seed` besides.
    """
    if seed is not None:
        raise ValueError(f"seed: got {seed!r} beside seeds={seeds!r}, wanted one of them")
    if isinstance(seeds, (str, bytes)) or not (isinstance(seeds, Iterable) or hasattr(seeds, "__index__")):
        raise TypeError(f"seeds: got {seeds!r}, wanted seeds such as range(20), or how many")
    if not isinstance(seeds, Iterable):
        seeds = range(validate.positive_int("seeds", seeds))
    numbers = [validate.seed_number(number) for number in seeds]
    if not numbers:
        raise ValueError("seeds: got none, wanted at least one")
    if len(set(numbers)) < len(numbers):
        twice = next(number for number in numbers if numbers.count(number) > 1)
        raise ValueError(f"seeds: got {twice} twice, wanted each once")
    return numbers


def train_seeds(
    recipe: Recipe,
    seeds: list[int],
    restarts: int,
    keep: Which,
    evaluate: int | None,
    options: Mapping[str, Any],
    folder: str | os.PathLike[str] | None = None,
) -> Runs:
    """Trains every seed as `Recipe.train` does. `options` are those that `es.train` was given.

    Raises:
        OSError: `folder` cannot be made; nothing was trained.
    """
    if folder is not None:
        Path(folder).mkdir(exist_ok=True)
    threads = options.get("threads")
    with recipe.trainer(seeds[0], progress=False) as probe:  # says which engine, and checks every argument
        native = probe.choice.name == "native" and probe.setup.many is None
        plan, name = probe.generations, probe.env.name
    every = _core.available_threads() if threads is None else threads
    callbacks = as_callbacks(options.get("callbacks", ()))
    total = None if plan is None else plan * len(seeds) * restarts
    watch = _Watch(Progress(options.get("progress", True), total, f"{name}, {len(seeds)} seeds"), folder)
    how: dict[str, Any] = {"restarts": restarts, "keep": keep, "evaluate": evaluate, "progress": False}
    how["callbacks"] = [*callbacks, _Tick(watch)]
    try:
        if native and not callbacks and len(seeds) > 1 and every > 1:
            side = min(every, len(seeds))
            watch.said = (threads, side)
            found = _at_once(recipe, seeds, side, watch, {**how, "threads": max(1, every // len(seeds))})
        else:
            found = _in_turn(recipe, seeds, watch, how)
    finally:
        watch.bar.close()
    finished = [run for run in found if not run.interrupted]
    runs = Runs(finished, [run for run in found if run.interrupted], len(finished) < len(seeds))
    if len(finished) < len(seeds):
        remember(runs)
    return runs


def _say_threads(run: Run, threads: int | None, side: int) -> None:
    """A run has the threads that were asked for, so that it goes on and is evaluated with them."""
    setup = run.setup
    notes = (*setup.notes, f"trained with one of {side} threads, beside other seeds")
    where = replace(setup.problem.where, threads=threads)
    problem = replace(setup.problem, where=where)
    run.snapshot.setup = replace(setup, problem=problem, notes=notes, description={})


class _Watch:
    """The trainings under way: how far they are, and whether they are to stop."""

    def __init__(self, bar: Progress, folder: str | os.PathLike[str] | None) -> None:
        self.bar = bar
        self.stopping = False
        #: Of trainings side by side: the threads that were asked for, and how many trainings.
        self.said: tuple[int | None, int] | None = None
        self._folder = folder
        self._lock = threading.Lock()
        self._generations: dict[int, int] = {}  # by the training's seed
        self._finished = 0
        self._running: dict[int, Trainer] = {}

    def run(self, trainer: Trainer, limits: Mapping[str, Any]) -> Run:
        """`Trainer.run`, seen by others; a run that was stopped before its plan is an interrupted one."""
        with self._lock:
            self._running[id(trainer)] = trainer
        try:
            run = trainer.run(**limits)
        finally:
            with self._lock:
                del self._running[id(trainer)]
        done = run.reached or trainer.generation == trainer.generations
        if self.stopping and not done:
            run.interrupted = True
        return run

    def stop(self) -> None:
        """Every training ends after the generation that it is in, and none begins."""
        self.stopping = True
        with self._lock:
            for trainer in self._running.values():
                trainer.stop()

    def tick(self, trainer: Trainer) -> None:
        with self._lock:
            self._generations[trainer.seed] = trainer.state.generation
            self._show()

    def finish(self, seed: int, run: Run) -> None:
        """A training has ended. A finished one is written."""
        if self.said is not None:
            _say_threads(run, *self.said)
        if self._folder is not None and not run.interrupted:
            try:
                Runs([run]).save(self._folder)
            except OSError as error:  # the others go on, and this one is still given back
                warnings.warn(f"seed {seed} is not written: {error}", RuntimeWarning, stacklevel=2)
        with self._lock:
            self._generations[seed] = run.setup.generations or len(run.history)
            self._finished += 1
            self._show()

    def _show(self) -> None:
        if self.bar.is_due():
            self.bar.update(sum(self._generations.values()), f"{self._finished} seeds done")


class _Tick(Callback):
    """Says how far a training is, now and then, and does not let it begin after a stop."""

    def __init__(self, watch: _Watch) -> None:
        super().__init__(every=None, seconds=_TICK)
        self._watch = watch

    def on_start(self, trainer: Trainer) -> None:
        if self._watch.stopping:
            trainer.stop()

    def on_generation(self, trainer: Trainer) -> None:
        self._watch.tick(trainer)


def _in_turn(recipe: Recipe, seeds: list[int], watch: _Watch, how: Mapping[str, Any]) -> list[Run]:
    """One after another, up to the one that Ctrl-C ended."""
    found: list[Run] = []
    for seed in seeds:
        found.append(recipe.train(seed, **how))
        watch.finish(seed, found[-1])
        if found[-1].interrupted:
            break
    return found


def _at_once(recipe: Recipe, seeds: list[int], side: int, watch: _Watch, how: Mapping[str, Any]) -> list[Run]:
    """`side` at a time, each in a thread of its own that is gone at the end: the native call lets others run.

    Raises:
        Exception: of the first training that failed, when the others have stopped.
    """

    found: list[Run | None] = [None] * len(seeds)
    failed: list[tuple[int, BaseException]] = []
    order = iter(enumerate(seeds))

    def train() -> None:
        for index, seed in order:  # one iterator for all: each thread takes the next that is left
            if watch.stopping:
                return
            try:
                run = recipe.train(seed, run=lambda trainer: watch.run(trainer, recipe.limits), **how)
            except BaseException as error:
                failed.append((index, error))
                watch.stop()
                return
            found[index] = run
            watch.finish(seed, run)

    threads = [threading.Thread(target=train, name=f"ember-seeds-{index}") for index in range(side)]
    with Interrupt() as interrupt:
        try:
            for thread in threads:
                thread.start()
            with interrupt.alert():
                while any(thread.is_alive() for thread in threads):
                    threads[0].join(_LOOK)
                    threads = [thread for thread in threads if thread.is_alive()]
                    if interrupt.requested:
                        watch.stop()
        except BaseException:
            watch.stop()
            raise
        finally:
            for thread in threads:
                if thread.is_alive():
                    thread.join()
        interrupt.ended_by()
    if failed:
        raise min(failed, key=lambda one: one[0])[1]
    return [run for run in found if run is not None]
