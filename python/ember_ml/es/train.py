"""One call from an environment to a trained policy."""

from __future__ import annotations

import inspect
import os
import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

from numpy.typing import ArrayLike

from ember_ml import validate
from ember_ml.engines.sharded.settings import Many
from ember_ml.envs.objective import one_of
from ember_ml.es import presets
from ember_ml.es.interrupt import remember
from ember_ml.es.options import STRATEGY_OPTIONS, UNSET, EngineName, Layout, PresetName, StrategyName
from ember_ml.es.result.run import Run, Which
from ember_ml.es.strategies import Strategy, names
from ember_ml.es.trainer.callbacks import Callback
from ember_ml.es.trainer.confirmation import EPISODES as CONFIRM_EPISODES
from ember_ml.es.trainer.trainer import Trainer

#: What `train` decides itself; everything else of `Trainer` may be given.
_OWN = {"self", "env", "policy", "strategy", "generations", "seed", "objective", "batched"}
OPTIONS = tuple(name for name in inspect.signature(Trainer.__init__).parameters if name not in _OWN)
_LIMITS = ("until", "seconds", "steps", "confirm_episodes")


def train(
    env: Any = None,
    policy: Any = None,
    strategy: Strategy | StrategyName | None = None,
    preset: PresetName | None = "auto",
    generations: int | None = None,
    seed: int | None = None,
    restarts: int = 1,
    *,
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
) -> Run:
    """Trains a policy and returns what came of it.

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
    options = {name: given[name] for name in (*OPTIONS, *_LIMITS) if given.get(name, UNSET) is not UNSET}
    options = {**options, **unknown}
    changes = {name: given[name] for name in STRATEGY_OPTIONS if given[name] is not None}
    trainers = make_trainers(env, policy, strategy, preset, generations, seed, restarts, options, changes)
    limits = {name: given[name] for name in _LIMITS if given[name] is not None}
    validate.choice("keep", keep, ("last", "best"))
    if evaluate is not None:
        evaluate = validate.count_or_off("evaluate", evaluate)
    best: Run | None = None
    tried: list[dict[str, Any]] = []
    chosen = 0
    for index, make in enumerate(trainers):
        with make() as trainer:
            run = trainer.run(**limits)
        entry: dict[str, Any] = {"seed": run.seed, "episodes": run.episodes, "steps": run.steps}
        entry.update(confirm_episodes=run.confirm_episodes, confirm_steps=run.confirm_steps)
        if len(trainers) > 1 and len(run.history):
            entry["judged_return"] = run._judge().mean
            entry["judge_steps"] = run.judge_steps
        tried.append(entry)
        worst = -float("inf")
        judged, most = entry.get("judged_return", worst), tried[chosen].get("judged_return", worst)
        if best is None or run.reached or judged > most:
            best, chosen = run, index
        if run.reached:
            break
        if run.interrupted:
            best._interrupted = True
            remember(best)
            break
    assert best is not None
    if len(trainers) > 1:
        best.restarts = [{**entry, "chosen": index == chosen} for index, entry in enumerate(tried)]
    best.evaluation_episodes = evaluate
    if len(trainers) > 1 or keep != "last":
        best.keep(keep)
    return best


def make_trainers(
    env: Any,
    policy: Any,
    strategy: Any,
    preset: str | None,
    generations: int | None,
    seed: int | None,
    restarts: int,
    options: Mapping[str, Any],
    changes: Mapping[str, Any],
) -> list[Any]:
    """One function for each restart that makes its trainer. `changes` are some of `STRATEGY_OPTIONS`."""
    from ember_ml import envs
    from ember_ml.es.strategies.optimizers import is_native
    from ember_ml.noise.stream import derived_seed
    from ember_ml.policy.network import holder_of

    for name in options:
        if name not in OPTIONS and name not in _LIMITS:
            own = [*sorted(_OWN - {"self"}), "preset", "restarts", *STRATEGY_OPTIONS]
            known = [*own, *OPTIONS, *_LIMITS]
            raise TypeError(f"train() got an unknown option {name!r}{validate.suggest(name, known)}")
    restarts = validate.positive_int("restarts", restarts)
    if restarts > 1 and options.get("record") is not None:
        raise ValueError(f"record: got {options['record']!r} and restarts={restarts}, wanted one training")
    seed = secrets.randbits(32) if seed is None else validate.seed_number(seed)
    env = envs.make(env)
    chosen, why = presets.find(preset, env.name)
    if policy is not None and not chosen.any_policy:
        why = f"default: the preset {chosen.name} is for its own policy"
        chosen = presets.DEFAULT
    elif strategy is not None:
        why += ", with your strategy"
    elif changes:
        why += f", with {', '.join(f'{name}={value!r}' for name, value in changes.items())}"
    if strategy is not None and not isinstance(strategy, str):
        strategy = names.as_strategy(strategy, changes)
    arguments = {**chosen.options, **{n: v for n, v in options.items() if n not in _LIMITS}}
    arguments["generations"] = chosen.generations if generations is None else generations

    # As it is now: a callback may change the settings of a training.
    described = strategy.config() if isinstance(strategy, Strategy) else {}
    holder = holder_of(policy)
    first = None if holder is None else holder.to_vector()

    def maker(index: int) -> Any:
        def make() -> Trainer:
            if index and holder is not None:
                holder.from_vector(first)  # it holds what the last restart trained
            own: Any = strategy
            if own is None:
                own = chosen.strategy()
                own = names.make(own, changes) if changes else own
            elif isinstance(own, str):
                own = names.as_strategy(own, changes)
            elif index and isinstance(own, Strategy):
                native = own.optimizer is None or is_native(own.optimizer)
                own = Strategy.from_config(described, None if native else own.optimizer)
            number = seed if index == 0 else derived_seed("init", seed, index, 0, 0)
            trainer = Trainer(env, chosen.policy if policy is None else policy, own, seed=number, **arguments)
            trainer.preset = why
            return trainer

        return make

    return [maker(index) for index in range(restarts)]
