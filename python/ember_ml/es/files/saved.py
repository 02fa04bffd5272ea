"""A training read from a file: every number checked before anything is made of it.

A file may come from anybody, so what it says is data and nothing more: no module is imported, no file
opened, no code compiled or linked for it. What may be played of the environment it names is in
envs/stored.py; options of the trainer are taken by name from `OPTIONS` alone. Threads and workers start when
its reader trains on, as many as the training had, at most one a core.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import io
import math
import os
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ember_ml import validate
from ember_ml.engines.options import NAMES as ENGINE_OPTIONS
from ember_ml.engines.options import EngineOptions
from ember_ml.engines.select import ENGINES
from ember_ml.envs import stored
from ember_ml.envs.robots.library import is_mujoco_task
from ember_ml.envs.spec import EnvSpec
from ember_ml.es.files import checkpoint
from ember_ml.es.result.evaluation import EvaluationResult
from ember_ml.es.result.history import DTYPE, History
from ember_ml.es.result.records import CONFIRMATION, EVALUATION, Evaluations
from ember_ml.es.state.candidate import Candidate
from ember_ml.es.state.setup import NAMES
from ember_ml.es.strategies.bounds import Bounds
from ember_ml.policy.normalizer import Normalizer
from ember_ml.policy.observation import ObservationStatistics
from ember_ml.policy.spec import PolicySpec
from ember_ml.rollout import EpisodeOptions, Float32

#: Arguments of a Trainer that are in a file (es/state/setup.py describes them), and what they
#: are where an older file lacks one.
OPTIONS: dict[str, Any] = {
    **{NAMES.get(name, name): value for name, value in vars(EpisodeOptions(normalize=True)).items()},
    **vars(EngineOptions()),
    **{"warmup": True, "common_starts": False, "engine": "auto", "eval_every": None, "eval_episodes": None},
}

#: Most directions that a file may ask for: a strategy keeps numbers for each.
MOST_DIRECTIONS = 2**20


@dataclass
class Saved:
    """What a file holds, made and checked; `config` and `arrays` are as they were read."""

    path: str
    config: dict[str, Any]
    arrays: dict[str, NDArray[Any]]
    env: EnvSpec  # possibly absent
    network: PolicySpec | None  # None: a Module that did not compile
    module_name: str
    options: dict[str, Any]
    seed: int
    generations: int | None
    theta: Float32
    history: History
    observations: ObservationStatistics | None
    candidate: Candidate | None
    evaluated: Candidate | None
    evaluations: Evaluations
    confirmations: Evaluations
    chosen: Candidate | None  # the policy that a Run gives, if not the last
    evaluation: EvaluationResult | None  # of the policy that a Run gives
    strategy: Mapping[str, Any]  # its type and arguments
    strategy_state: dict[str, Any]
    preset: str | None
    elapsed: float
    warmed: tuple[int, int]
    engine: str  # that trained


def read(path: str | os.PathLike[str], env: EnvSpec | None = None) -> Saved:
    """The training saved at `path`, played on `env` where that is given.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a damaged or foreign file, one whose parts do not fit together, or `env` is another kind
            of environment.
    """
    found = _made(path, checkpoint.read(path), env)
    _tell_of_another_mujoco(found)
    return found


def parse(content: bytes, path: str | os.PathLike[str], env: EnvSpec | None = None) -> Saved:
    """The training whose file's content is inside of another file, at `path`. Raises as `read`."""
    return _made(path, checkpoint.unpacked(io.BytesIO(content), Path(path)), env)


def _made(
    path: str | os.PathLike[str], parts: tuple[dict[str, Any], dict[str, Any]], env: EnvSpec | None
) -> Saved:
    with _named(path):
        return _check(os.fspath(path), *parts, env)


def read_parameters(
    path: str | os.PathLike[str],
) -> tuple[PolicySpec | None, Float32, dict[str, NDArray[Any]]]:
    """Of the training saved at `path` its network (None: a Module that did not compile), parameters and
    observation statistics (empty: it had none), to begin another training with. Raises as `read`.
    """
    config, arrays = checkpoint.read(path)
    with _named(path):
        policy = _section(config, "policy")
        network = None if policy["spec"] is None else PolicySpec.from_dict(_section(policy, "spec"))
        return network, _floats(arrays, "theta", None), checkpoint.part(arrays, "observation")


@contextlib.contextmanager
def _named(path: str | os.PathLike[str]) -> Iterator[None]:
    """Whatever is wrong with a file is a ValueError that names it."""
    try:
        yield
    except KeyError as error:
        raise ValueError(f"{os.fspath(path)} lacks {error}: it was written by another version") from error
    except (TypeError, OverflowError) as error:
        raise ValueError(f"{os.fspath(path)} is damaged: {error}") from error
    except ValueError as error:
        if os.fspath(path) in str(error) or str(error).startswith("env: "):
            raise
        raise ValueError(f"{os.fspath(path)} is damaged: {error}") from error


def _tell_of_another_mujoco(file: Saved) -> None:
    """Warns where a MuJoCo task was trained with another version than the one here: it is another task."""
    versions = file.config.get("versions")
    then = versions.get("mujoco") if isinstance(versions, dict) else None
    # What the core steps and has this version is a MuJoCo task; others may only have had it there.
    if not isinstance(then, str) or not (file.env.kind == "custom" or is_mujoco_task(file.env.name)):
        return
    try:
        now = importlib.metadata.version("mujoco")
    except importlib.metadata.PackageNotFoundError:
        return
    if then != now:
        warnings.warn(
            f"{file.path} was trained with mujoco {then[:30]!r}, and here is mujoco {now}: their physics may"
            " differ, so that what is trained or evaluated here may have other returns",
            stacklevel=4,
        )


def _check(path: str, config: dict[str, Any], arrays: dict[str, NDArray[Any]], env: EnvSpec | None) -> Saved:
    described = _section(config, "env")
    if env is None:
        env = stored.restore(described, path)
    else:
        stored.check_same(env, described)
    actions = validate.whole("env: action_size", described["action_size"])
    if not env.action_size:  # only the policy could tell
        env = replace(env, action_size=actions)
    history = arrays["history"]
    if history.dtype != DTYPE or history.ndim != 1:
        raise ValueError(f"history: got fields {history.dtype.names}, wanted {DTYPE.names}")
    policy = _section(config, "policy")
    network = None if policy["spec"] is None else PolicySpec.from_dict(_section(policy, "spec"))
    theta = _floats(arrays, "theta", None)
    options = _options(_section(config, "trainer"))
    if network is not None and theta.size != network.parameters:
        raise ValueError(f"theta: got {theta.size} values, wanted the {network.parameters} of the policy")
    if (
        network is not None
        and env.kind != "objective"
        and (network.inputs, network.outputs) != (env.observation_size, actions)
    ):
        raise ValueError(
            f"policy: {network.inputs} inputs and {network.outputs} outputs do not fit an environment of"
            f" {env.observation_size} observation values and {actions} actions"
        )
    warmed = config["warmed"]
    if not isinstance(warmed, list) or len(warmed) != 2:
        raise ValueError(f"warmed: got {warmed!r:.100}, wanted episodes and steps")
    generations = config["generations"]
    return Saved(
        path=path,
        config=config,
        arrays=arrays,
        env=env,
        network=network,
        module_name=_text("policy: class", policy["class"]) or "Module",
        options=options,
        seed=validate.seed_number(config["seed"]),
        generations=None if generations is None else _count("generations", generations, 1),
        theta=theta,
        history=History(history),
        observations=_observations(arrays, env.observation_size)
        if options["normalize_observations"]
        else None,
        candidate=_candidate(arrays, "candidate", theta.size, env.observation_size),
        evaluated=_candidate(arrays, "evaluated", theta.size, env.observation_size),
        evaluations=_evaluations(arrays, "evaluations", EVALUATION, len(history)),
        confirmations=_evaluations(arrays, "confirmations", CONFIRMATION, len(history)),
        chosen=_candidate(arrays, "chosen", theta.size, env.observation_size),
        evaluation=_evaluation(arrays),
        strategy=_section(config, "strategy"),
        strategy_state=_strategy_state(arrays, _section(config, "strategy"), theta, len(history)),
        preset=_text("preset", config["preset"]),
        elapsed=_least("elapsed", config["elapsed"]),
        warmed=(_count("warmed", warmed[0]), _count("warmed", warmed[1])),
        engine=validate.choice("engine_used", config.get("engine_used", "native"), (*ENGINES, "objective")),
    )


def _options(given: Mapping[str, Any]) -> dict[str, Any]:
    for name in given:
        if name not in OPTIONS:
            raise ValueError(f"trainer: got an option {name!r:.100}, which is not one of a saved training's")
    options = {**OPTIONS, **given}
    EpisodeOptions(**{name: options[name] for name in options if name in EpisodeOptions.__dataclass_fields__})
    for name in ("normalize_observations", "warmup", "common_starts"):
        validate.boolean(name, options[name])
    validate.choice("engine", options["engine"], ("auto", *ENGINES))
    for name in ("eval_every", "eval_episodes"):
        if options[name] is not None:
            options[name] = validate.positive_int(name, options[name])
    machine = os.cpu_count() or 1
    for name in ("threads", "workers"):  # which no result depends on: at most what is here
        if options[name] is not None:
            options[name] = min(_count(name, options[name], 1), machine)
    return {**options, **vars(EngineOptions(**{name: options[name] for name in ENGINE_OPTIONS}))}


def _observations(arrays: Mapping[str, NDArray[Any]], size: int) -> ObservationStatistics:
    state = checkpoint.part(arrays, "observation")
    for name in ("mean", "squares"):  # before anything of that size is made
        if state[name].shape != (size,):
            raise ValueError(f"observation/{name}: got shape {state[name].shape}, wanted ({size},)")
    statistics = ObservationStatistics(size)
    statistics.load_state_dict(state)
    return statistics


def _candidate(arrays: Mapping[str, NDArray[Any]], name: str, parameters: int, size: int) -> Candidate | None:
    found = checkpoint.part(arrays, name)
    if "theta" not in found:
        return None
    theta = _floats(found, "theta", parameters)
    if found["number"].shape != (2,) or found["number"].dtype.kind != "f":
        raise ValueError(f"{name}: wanted its return and its generation")
    policy_return, generation = found["number"].tolist()
    normalizer = None
    if "mean" in found:
        normalizer = Normalizer(_floats(found, "mean", size), _floats(found, "inverse", size))
    return Candidate(policy_return, _count(f"{name}: generation", generation), theta, normalizer)


def _evaluations(arrays: Mapping[str, Any], name: str, dtype: Any, generations: int) -> Evaluations:
    records = arrays.get(name)
    if records is None:  # a file from before there were any
        return Evaluations(dtype)
    if records.dtype != dtype or records.ndim != 1:
        raise ValueError(f"{name}: got fields {records.dtype.names}, wanted {dtype.names}")
    order = np.concatenate([[0], records["generation"], [generations]])
    if (np.diff(order) < 0).any() or (records["episodes"] < 1).any() or (records["steps"] < 0).any():
        raise ValueError(f"{name}: got generations or counts that no training has")
    return Evaluations(dtype, records)


def _evaluation(arrays: Mapping[str, Any]) -> EvaluationResult | None:
    found = checkpoint.part(arrays, "evaluation")
    if not found:
        return None
    returns, lengths, failed = found["returns"], found["lengths"], found["failed"]
    if returns.dtype != np.float64 or lengths.dtype != np.int32 or failed.dtype.kind != "i":
        raise ValueError(f"evaluation: got {returns.dtype}, {lengths.dtype} and {failed.dtype}")
    if returns.ndim != 1 or not len(returns) or lengths.shape != returns.shape or failed.shape != ():
        raise ValueError(f"evaluation: got {returns.shape} returns and {lengths.shape} lengths")
    return EvaluationResult(returns, lengths, int(failed))


def _strategy_state(
    arrays: Mapping[str, Any], strategy: Mapping[str, Any], theta: Float32, generations: int
) -> dict[str, Any]:
    state = checkpoint.part(arrays, "strategy")
    bounds, mean = Bounds.of(strategy.get("bounds")), state["mean"]
    if bounds is not None:
        mean = bounds.fold(_floats({"mean": mean}, "mean", theta.size))  # a state has it unfolded
    if not np.array_equal(mean, theta):
        raise ValueError("theta: the file's parameters are not its strategy's mean")
    if state["generation"].shape != () or int(state["generation"]) != generations:
        raise ValueError(
            f"history: it has {generations} generations, the strategy stands at {state['generation']!s:.50}"
        )
    return state


def _section(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = config[name]
    if not isinstance(section, Mapping):
        raise TypeError(f"{name}: got {type(section).__name__}, wanted fields by name")
    return section


def _floats(arrays: Mapping[str, Any], name: str, size: int | None) -> Float32:
    values = arrays[name]
    if (
        values.dtype.kind != "f"
        or values.ndim != 1
        or not len(values)
        or (size or len(values)) != len(values)
    ):
        wanted = "at least one number" if size is None else f"{size} numbers"
        raise ValueError(f"{name}: got {values.dtype} {values.shape}, wanted {wanted}")
    with np.errstate(over="ignore"):
        values = values.astype(np.float32)
    if not np.isfinite(values).all():
        raise ValueError(f"{name}: got a value that is not finite in float32")
    return values  # type: ignore[no-any-return]


def _text(name: str, value: Any) -> str | None:
    if value is not None and not (isinstance(value, str) and len(value) <= 1000 and value.isprintable()):
        raise ValueError(f"{name}: got {value!r:.100}, wanted a line of text")
    return value


def _count(name: str, value: Any, least: int = 0) -> int:
    number = validate.whole(name, value)
    if not least <= number <= validate.MOST_STEPS:
        raise ValueError(f"{name}: got {number}, wanted {least} to {validate.MOST_STEPS}")
    return number


def _least(name: str, value: Any) -> float:
    number = validate.real(name, value)
    if number < 0 or not math.isfinite(number):
        raise ValueError(f"{name}: got {number}, wanted 0 or more")
    return number
