"""From a file back to a Trainer or a Run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from ember_ml import validate
from ember_ml.engines.policy_spec import PolicySpec
from ember_ml.engines.select import check_device
from ember_ml.es import checkpoint
from ember_ml.es.history import DTYPE, History
from ember_ml.es.run import Run
from ember_ml.es.snapshot import Candidate
from ember_ml.es.strategies import Strategy
from ember_ml.es.trainer import Trainer

#: What may differ from the saved training: no result depends on it (on engine and device within a tolerance).
FREE = ("threads", "engine", "device", "layout", "workers", "lanes", "progress")


def load(path: str | os.PathLike[str], env: Any = None, policy: Any = None) -> Run:
    """The run that was saved by `Run.save`, `Trainer.save` or the callback `es.Checkpoint`.

    Args:
        env: the environment, where it was not a native or gymnasium name.
        policy: the Module, where it could not be compiled.

    Raises:
        FileNotFoundError, ValueError: as `Trainer.load`.
    """
    trainer = restore(path, env, policy, (), None, {}, anywhere=True)
    return Run(trainer._snapshot())


def restore(
    path: str | os.PathLike[str],
    env: Any,
    policy: Any,
    callbacks: Any,
    strategy: Any,
    options: Mapping[str, Any],
    anywhere: bool = False,
) -> Trainer:
    """`Trainer.load`. `anywhere`: an engine or device that is not here gives way to "auto"."""
    from ember_ml import envs

    for name in options:
        if name not in FREE:
            raise TypeError(
                f"load() takes no {name!r}: it is in the file, or decides the results; what may be given is"
                f" {', '.join(FREE)}{validate.suggest(name, FREE)}"
            )
    config, arrays = checkpoint.read(path)
    try:
        described = config["env"]
        if env is None:
            if not described["restorable"]:
                raise ValueError(
                    f"env: {os.fspath(path)} was trained on your own {described['name']}; pass it as env="
                )
            env = envs.make(described["name"], **described["kwargs"])
        else:
            env = envs.make(env)
        if env.observation_size != described["observation_size"] or (
            env.action_size not in (0, described["action_size"])
        ):
            raise ValueError(
                f"env: {env.name} has {env.observation_size} observation values and {env.action_size}"
                f" actions; the file has {described['name']} with {described['observation_size']} and"
                f" {described['action_size']}"
            )
        network, module = _network(path, config["policy"], policy)
        own = _strategy(path, config["strategy"], strategy)
        own = _strategy(path, config["strategy"], strategy)
        arguments = {**config["trainer"], **options}
        if own.bounds is not None:
            arguments["theta0"] = arrays["theta"]  # the network's own first parameters may be outside
        away = anywhere and not _is_here(arguments["engine"], arguments["device"])
        if away:
            arguments.update(engine="auto", device=None)
        trainer = Trainer(
            env,
            network if module is None else module,
            own,
            seed=config["seed"],
            generations=config["generations"],
            callbacks=callbacks,
            **arguments,
        )
        if isinstance(network, PolicySpec) and trainer.problem.policy != network:
            raise ValueError(
                f"policy: {os.fspath(path)} holds the network {network.describe()}; the one passed is"
                f" {_describe(trainer.problem.policy)}"
            )
        if away:
            trainer.notes.append(f"trained on the {config['engine_used']} engine, which is not here")
        _set_state(trainer, config, arrays)
    except KeyError as error:
        raise ValueError(f"{os.fspath(path)} lacks {error}: it was written by another version") from error
    return trainer


def _is_here(engine: str, device: str | None) -> bool:
    try:
        check_device(engine, device)
    except (ValueError, ImportError):
        return False
    return True


def _network(path: Any, described: Mapping[str, Any], policy: Any) -> tuple[PolicySpec | None, Any]:
    if described["spec"] is not None:
        return PolicySpec.from_dict(described["spec"]), policy
    if policy is None:
        raise ValueError(
            f"policy: {os.fspath(path)} was trained with your own {described['class']}, which could not be"
            " compiled; pass one as policy="
        )
    return None, policy


def _strategy(path: Any, described: Mapping[str, Any], strategy: Any) -> Strategy:
    if strategy is not None:
        if not isinstance(strategy, Strategy):
            raise TypeError(f"strategy: got {strategy!r}, wanted {described.get('type')}(...)")
        if strategy.config() != dict(described):
            raise ValueError(
                f"strategy: got {strategy!r}, wanted one made like the saved one, {dict(described)}"
            )
        return strategy
    try:
        return Strategy.from_config(described)
    except ValueError as error:
        raise ValueError(
            f"strategy: {os.fspath(path)}: {error}; pass one made like the saved one as strategy="
        ) from None


def _set_state(trainer: Trainer, config: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
    if arrays["history"].dtype != DTYPE:
        raise ValueError(f"history: got fields {arrays['history'].dtype.names}, wanted {DTYPE.names}")
    trainer.strategy.load_state_dict(checkpoint.part(arrays, "strategy"))
    trainer.strategy.plan(trainer.generations)
    if trainer.observations is not None:
        trainer.observations.load_state_dict(checkpoint.part(arrays, "observation"))
    trainer.history = History(arrays["history"])
    if "candidate/theta" in arrays:
        found = checkpoint.part(arrays, "candidate")
        policy_return, generation = found["number"].tolist()
        trainer.candidate = Candidate(
            policy_return, int(generation), found["theta"], found.get("mean"), found.get("inverse")
        )
    trainer.preset = config["preset"]
    trainer._elapsed = float(config["elapsed"])
    episodes, steps = config["warmed"]
    trainer._warmed = (int(episodes), int(steps))
    if not np.array_equal(trainer.theta, arrays["theta"]):
        raise ValueError("theta: the file's parameters are not its strategy's mean")
    trainer._give_back()


def _describe(network: Any) -> str:
    return (
        network.describe()
        if isinstance(network, PolicySpec)
        else f"a {type(network).__name__} that does not compile"
    )
