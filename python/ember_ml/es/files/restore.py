"""From a file back to a Trainer or a Run."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ember_ml import validate
from ember_ml.engines.engine import Engine
from ember_ml.engines.options import NAMES as ENGINE_OPTIONS
from ember_ml.engines.options import EngineOptions
from ember_ml.engines.select import Choice, Problem, check_device, choose
from ember_ml.engines.sharded.settings import as_many
from ember_ml.envs import make
from ember_ml.envs.objective import one_of
from ember_ml.envs.spec import resolved
from ember_ml.es.files import checkpoint, saved
from ember_ml.es.files.saved import Saved
from ember_ml.es.result.run import Run
from ember_ml.es.state.setup import Setup
from ember_ml.es.state.snapshot import Snapshot
from ember_ml.es.state.training_state import TrainingState
from ember_ml.es.strategies import Strategy
from ember_ml.es.trainer.explanation import explain_saved
from ember_ml.policy.handing import class_name
from ember_ml.policy.network import network_of
from ember_ml.policy.spec import PolicySpec
from ember_ml.policy.weights import Weights
from ember_ml.rollout import EpisodeOptions

#: What may differ from the saved training: no result depends on it (on engine and device within a tolerance).
FREE: tuple[str, ...] = (*ENGINE_OPTIONS, "engine", "progress")
FREE += ("eval_every", "eval_episodes", "record")

#: Entries of a strategy's state that grow with the generations.
_GROWING = ("told",)

#: Entries that may be infinite or NaN: no member has been told yet, or one failed.
_OPEN = ("best_fitness", "told")


def load(
    path: str | os.PathLike[str],
    env: Any = None,
    policy: Any = None,
    objective: Callable[..., Any] | None = None,
    batched: bool = False,
) -> Run:
    """The run that was saved by `Run.save`, `Trainer.save` or the callback `es.Checkpoint`.

    The file is data: nothing is imported, opened, compiled or run for it. History, plots of it, parameters,
    the policy and its export are there without the environment; what plays episodes (`evaluate`, `animate`,
    `plot_trajectory`, `Trainer.load`) needs `env` where the file may not name it, and says so.

    Args:
        env: the environment, where it was not a built-in one or one of gymnasium's own.
        policy: the Module, where it could not be compiled; otherwise one that is to hold the weights.
        objective, batched: instead of `env`, where it was trained by an objective.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a damaged or foreign file, or an argument that does not fit it.
    """
    if objective is not None:
        env = one_of(env, objective, batched)
    return run_of(saved.read(path, None if env is None else make(env)), policy)


def run_of(file: Saved, policy: Any = None) -> Run:
    """The run that a file holds. Raises ValueError where `policy` does not fit it."""
    network, module, not_compiled = _network(file, policy)
    where = EngineOptions(**{name: file.options[name] for name in ENGINE_OPTIONS})
    problem = Problem(file.env, network, not_compiled, _episode_options(file), where)
    statistics = file.observations
    config = {key: value for key, value in file.config.items() if key not in checkpoint.OF_THE_FILE}
    setup = Setup(
        problem=problem,
        choice=Choice(file.engine, partial(_engine, file.options["engine"])),
        engine_name=file.options["engine"],
        seed=file.seed,
        generations=file.generations,
        module_name=file.module_name if file.network is None or module is not None else None,
        warmup=file.options["warmup"],
        common_starts=file.options["common_starts"],
        eval_every=file.options["eval_every"],
        eval_episodes=file.options["eval_episodes"],
        preset=file.preset,
        description=config,
    )
    statistics = file.observations
    snapshot = Snapshot(
        setup=setup,
        theta=file.theta,
        normalizer=None if statistics is None else statistics.normalizer,
        history=file.history,
        candidate=file.candidate,
        evaluated=file.evaluated,
        evaluations=file.evaluations,
        confirmations=file.confirmations,
        strategy_state=file.strategy_state,
        observation_state=None if statistics is None else statistics.state_dict(),
        elapsed=file.elapsed,
        warmed=file.warmed,
        module=module,
        explanation=partial(_explain, file),
    )
    if module is not None:
        Weights(module).set(file.theta.copy())
    ended = file.confirmations[-1] if len(file.confirmations) else {"confirmed": False}
    reached = ended["confirmed"] and ended["generation"] == len(file.history) - 1
    return Run(snapshot, reached=reached, chosen=file.chosen, evaluation=file.evaluation)


def _explain(file: Saved, snapshot: Snapshot) -> str:
    """Asked only when somebody wants to read it, because a look for the engine imports its package."""
    text = explain_saved(file, snapshot.problem)
    if _is_here(file.options["engine"], snapshot.problem.where.device):
        return text
    return f"{text}\ntrained on the {file.engine} engine, which is not here"


def _episode_options(file: Saved) -> EpisodeOptions:
    names = EpisodeOptions.__dataclass_fields__
    same = {name: value for name, value in file.options.items() if name in names}
    return EpisodeOptions(**same, normalize=file.options["normalize_observations"])


def _engine(engine: str, problem: Problem) -> Engine:
    """The engine that a file names, or "auto" where that is not here."""
    if problem.policy is None:
        raise ValueError(problem.not_compiled)
    problem = replace(problem, env=resolved(problem.env))
    if not _is_here(engine, problem.where.device):
        engine, problem = "auto", replace(problem, where=replace(problem.where, device=None))
    return choose(problem, engine).make(problem)


def _is_here(engine: str, device: str | None) -> bool:
    try:
        check_device(engine, device)
    except (ValueError, ImportError):
        return False
    return True


def arguments(
    path: str | os.PathLike[str], env: Any, policy: Any, strategy: Any, options: Mapping[str, Any]
) -> tuple[Saved, dict[str, Any]]:
    """What is in a file, and the arguments of a trainer that is to go on from it (see `Trainer.load`)."""
    if options.get("eval_every", 0) is None:
        options = {**options, "eval_episodes": None}
    for name in options:
        if name not in FREE:
            raise TypeError(
                f"load() takes no {name!r}: it is in the file, or decides the results; what may be given is"
                f" {', '.join(FREE)}{validate.suggest(name, FREE)}"
            )
    if as_many(options.get("engine")) is not None:
        options = {"workers": None, **options}  # the saved number is of another kind of engine
    file = saved.read(path, None if env is None else make(env))
    file.env.need_steps()
    network, module, not_compiled = _network(file, policy)
    if network is None:
        raise ValueError(not_compiled)
    own = strategy_of(file, strategy)
    if own.bounds is not None:
        options = {**options, "theta0": file.theta}  # the network's own first parameters may be outside
    return file, {
        "env": resolved(file.env),
        "policy": network if module is None else module,
        "strategy": own,
        "seed": file.seed,
        "generations": file.generations,
        **file.options,
        **options,
    }


def _network(file: Saved, policy: Any) -> tuple[PolicySpec | Any, Any, str]:
    """(spec or Module or None, Module to hold the weights, why it did not compile or is not there)."""
    if policy is None:
        why = (
            f"policy: {file.path} was trained with your own {file.module_name}, which could not be compiled;"
            " pass one as policy="
        )
        return file.network, None, "" if file.network is not None else why
    network, module, not_compiled, first = network_of(policy, file.env, file.seed)
    if file.network is not None and network != file.network:
        raise ValueError(
            f"policy: {file.path} holds the network {file.network.describe()}; the one passed is"
            f" {_describe(network)}"
        )
    if first.size != file.theta.size:
        raise ValueError(
            f"policy: {file.path} holds {file.theta.size} parameters; the one passed has {first.size}"
        )
    return network, module, not_compiled


def _describe(network: Any) -> str:
    return (
        network.describe()
        if isinstance(network, PolicySpec)
        else f"a {class_name(network)} that does not compile"
    )


def strategy_of(file: Saved, strategy: Any) -> Strategy:
    """A strategy made like the file's, or the one given, if it is."""
    described = file.strategy
    if strategy is not None:
        if not isinstance(strategy, Strategy):
            raise TypeError(f"strategy: got {strategy!r}, wanted {described.get('type')}(...)")
        if json.loads(json.dumps(strategy.config())) != dict(described):
            raise ValueError(
                f"strategy: got {strategy!r}, wanted one made like the saved one, {dict(described)}"
            )
        return strategy
    try:
        for name in ("directions", "members"):
            count = described.get(name)
            if isinstance(count, (int, float)) and count > saved.MOST_DIRECTIONS:
                raise ValueError(f"it asks for {count} {name}, more than {saved.MOST_DIRECTIONS}")
        return Strategy.from_config(described)
    except (ValueError, TypeError, OverflowError, RuntimeError) as error:
        raise ValueError(
            f"strategy: {file.path}: {error}; pass one made like the saved one as strategy="
        ) from error


def state(file: Saved, strategy: Strategy) -> TrainingState:
    """How the training stood when the file was written. `strategy` is made like its own, and started."""
    _check_state(file, strategy.state_dict())
    try:
        with np.errstate(all="ignore"):
            strategy.load_state_dict(file.strategy_state)
    except ImportError:
        raise
    except Exception as error:  # the package cma, and optimisers of users, raise what they like
        raise ValueError(f"{file.path} is damaged: its strategy's state does not load: {error}") from error
    strategy.plan(file.generations)
    return TrainingState(
        strategy,
        file.observations,
        history=file.history,
        candidate=file.candidate,
        evaluated=file.evaluated,
        evaluations=file.evaluations,
        confirmations=file.confirmations,
        elapsed=file.elapsed,
        warmed=file.warmed,
    )


def _check_state(file: Saved, like: Mapping[str, Any]) -> None:
    """Raises ValueError where the file's state has other entries, shapes or kinds than a strategy's that was
    just started.
    """
    for name, own in like.items():
        if name not in file.strategy_state:
            raise ValueError(f"{file.path} is damaged: state: {name!r} is missing")
        given, wanted = np.asarray(file.strategy_state[name]), np.asarray(own)
        shapes = (given.shape[1:], wanted.shape[1:]) if name in _GROWING else (given.shape, wanted.shape)
        if given.ndim != wanted.ndim or shapes[0] != shapes[1]:
            raise ValueError(
                f"{file.path} is damaged: state: {name!r} has shape {given.shape}, wanted {wanted.shape}"
            )
        whole = wanted.dtype.kind in "iu"
        if given.dtype.kind not in ("iu" if whole else "fiu"):
            raise ValueError(f"{file.path} is damaged: state: {name!r} holds {given.dtype}")
        if name not in _OPEN and not np.isfinite(given).all():
            raise ValueError(f"{file.path} is damaged: state: {name!r} is not finite")
