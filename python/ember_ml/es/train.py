"""One call from an environment to a trained policy."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable
from typing import Any, NoReturn, overload

from numpy.typing import ArrayLike

from ember_ml import validate
from ember_ml.engines.sharded.settings import Many
from ember_ml.envs.objective import one_of
from ember_ml.es.options import STRATEGY_OPTIONS, UNSET, EngineName, Layout, PresetName, StrategyName
from ember_ml.es.recipe import LIMITS, OPTIONS, Recipe
from ember_ml.es.result.run import Run, Which
from ember_ml.es.result.runs import Runs
from ember_ml.es.side_by_side import seed_numbers, train_seeds
from ember_ml.es.strategies import Strategy
from ember_ml.es.trainer.callbacks import Callback
from ember_ml.es.trainer.confirmation import EPISODES as CONFIRM_EPISODES


@overload
def train(
    env: Any = None,
    policy: Any = None,
    strategy: Strategy | StrategyName | None = None,
    preset: PresetName | None = "auto",
    generations: int | None = None,
    seed: int | None = None,
    restarts: int = 1,
    *,
    seeds: None = None,
    folder: None = None,
    directions: int | None = None,
    members: int | None = None,
    sigma: float | None = None,
    learning_rate: float | None = None,
    until: float | None = None,
    seconds: float | None = None,
    steps: int | None = None,
    confirm_episodes: int = CONFIRM_EPISODES,
    evaluate: int | None = None,
    keep: Which = "last",
    episodes: int = UNSET,
    normalize_observations: bool | None = UNSET,
    threads: int | None = UNSET,
    engine: EngineName | Many = UNSET,
    device: str | None = UNSET,
    callbacks: Callback | Iterable[Any] = UNSET,
    max_steps: int | None = UNSET,
    clip_actions: bool = UNSET,
    reward_offset: float = UNSET,
    reward_scale: float = UNSET,
    frame_skip: int = UNSET,
    warmup: bool = UNSET,
    layout: Layout | None = UNSET,
    theta0: ArrayLike | str | os.PathLike[str] | None = UNSET,
    common_starts: bool = UNSET,
    progress: bool = UNSET,
    workers: int | None = UNSET,
    lanes: int | None = UNSET,
    eval_every: int | None = UNSET,
    eval_episodes: int | None = UNSET,
    on_error: str = UNSET,
    record: str | os.PathLike[str] | None = UNSET,
    objective: Callable[..., Any] | None = None,
    batched: bool = False,
    **unknown: NoReturn,
) -> Run: ...
@overload
def train(
    env: Any = None,
    policy: Any = None,
    strategy: Strategy | StrategyName | None = None,
    preset: PresetName | None = "auto",
    generations: int | None = None,
    *,
    seeds: Iterable[int] | int,
    folder: str | os.PathLike[str] | None = None,
    **options: Any,
) -> Runs: ...
def train(
    env: Any = None,
    policy: Any = None,
    strategy: Strategy | StrategyName | None = None,
    preset: PresetName | None = "auto",
    generations: int | None = None,
    seed: int | None = None,
    restarts: int = 1,
    *,
    seeds: Iterable[int] | int | None = None,
    folder: str | os.PathLike[str] | None = None,
    directions: int | None = None,
    members: int | None = None,
    sigma: float | None = None,
    learning_rate: float | None = None,
    until: float | None = None,
    seconds: float | None = None,
    steps: int | None = None,
    confirm_episodes: int = CONFIRM_EPISODES,
    evaluate: int | None = None,
    keep: Which = "last",
    episodes: int = UNSET,
    normalize_observations: bool | None = UNSET,
    threads: int | None = UNSET,
    engine: EngineName | Many = UNSET,
    device: str | None = UNSET,
    callbacks: Callback | Iterable[Any] = UNSET,
    max_steps: int | None = UNSET,
    clip_actions: bool = UNSET,
    reward_offset: float = UNSET,
    reward_scale: float = UNSET,
    frame_skip: int = UNSET,
    warmup: bool = UNSET,
    layout: Layout | None = UNSET,
    theta0: ArrayLike | str | os.PathLike[str] | None = UNSET,
    common_starts: bool = UNSET,
    progress: bool = UNSET,
    workers: int | None = UNSET,
    lanes: int | None = UNSET,
    eval_every: int | None = UNSET,
    eval_episodes: int | None = UNSET,
    on_error: str = UNSET,
    record: str | os.PathLike[str] | None = UNSET,
    objective: Callable[..., Any] | None = None,
    batched: bool = False,
    **unknown: NoReturn,
) -> Run | Runs:
    """Trains a policy and returns what came of it: a `Run`, or with `seeds` a `Runs`.

    Args:
        env: a native environment's name, a gymnasium id, or an environment of your own (`Trainer`).
        objective, batched: instead of `env`, a function of the model: `Trainer`.
        policy, strategy: yours; what is None comes from the preset. A strategy may be a name, such as "snes"
            or "cr-fm-nes": case and dashes do not count.
        preset: "auto" takes the task's own if one is known, else the general default; None or "default" is
            the general default; or a name. `run.explain()` says which it was, `es.list_presets()` lists all.
        generations: how long to train and what schedules follow; None takes the preset's.
        seed: decides every number; None draws one (`run.seed`).
        restarts: trainings from different seeds, of which the one whose policy does best on fresh starts is
            returned; `run.steps` counts all of them and `run.restarts` describes them. The first that reaches
            `until` is the last, and is returned.
        seeds: many seeds, or a number n for 0 to n - 1: independent trainings, each with the bits that it has
            alone. On the native engine they run side by side, a thread each, on `threads` threads in all.
            With `callbacks`, or where Python, a device or workers play the episodes, one follows the other.
            A policy or a strategy that is passed in stays as it is; every training has a copy. After Ctrl-C
            the finished ones are returned, and `Runs.unfinished` has the others.
        folder: with `seeds`: where each run is written once it is finished, as `Runs.save` does, so that what
            kills the process costs only the trainings under way. One that cannot be written is warned of and
            returned all the same.
        directions, members, sigma, learning_rate: of the strategy that is named, or of the preset's. The
            learning rate is the optimiser's where the strategy has one.
        until, seconds, steps, confirm_episodes: limits of `Trainer.run`.
        evaluate: episodes of `run.evaluation`, which are played when somebody asks for it; None: 100, and 20
            where Python steps the environment; 0: none.
        keep: what `run.policy` is: the "last", or the "best" of the training (`Run.best`).

    Everything else is an argument of `Trainer`; what is not given is the preset's, or the trainer's default.

    Raises:
        TypeError: an option that does not exist.
        ValueError: a value that does not fit; the message names it.
    """
    given: dict[str, Any] = dict(locals())
    env = one_of(env, objective, batched)
    options = {name: given[name] for name in (*OPTIONS, *LIMITS) if given.get(name, UNSET) is not UNSET}
    options = {name: value for name, value in options.items() if name not in LIMITS or value is not None}
    options = {**options, **unknown}
    changes = {name: given[name] for name in STRATEGY_OPTIONS if given[name] is not None}
    numbers = None if seeds is None else seed_numbers(seeds, seed)
    recipe = Recipe(env, policy, strategy, preset, generations, options, changes, own=seeds is None)
    restarts = validate.positive_int("restarts", restarts)
    if options.get("record") is not None and (restarts > 1 or numbers is not None):
        many = f"restarts={restarts}" if restarts > 1 else f"seeds={seeds!r}"
        raise ValueError(f"record: got {options['record']!r} and {many}, wanted one training")
    if folder is not None and numbers is None:
        raise ValueError(
            f"folder: got {os.fspath(folder)!r} without seeds, wanted both; `Run.save` keeps one run"
        )
    validate.choice("keep", keep, ("last", "best"))
    if evaluate is not None:
        evaluate = validate.count_or_off("evaluate", evaluate)
    if numbers is None:
        number = secrets.randbits(32) if seed is None else validate.seed_number(seed)
        return recipe.train(number, restarts, keep, evaluate)
    return train_seeds(recipe, numbers, restarts, keep, evaluate, options, folder)
