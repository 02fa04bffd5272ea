"""From the arguments of a trainer to a training that stands at its beginning."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

from ember_ml import envs, validate
from ember_ml.engines.engine import Engine
from ember_ml.engines.options import NAMES, EngineOptions
from ember_ml.engines.select import ENGINES, Problem, choose
from ember_ml.engines.sharded.settings import KINDS, as_many
from ember_ml.es.presets import default_strategy
from ember_ml.es.state.setup import Search, Setup
from ember_ml.es.state.training_state import TrainingState
from ember_ml.es.strategies.names import as_strategy
from ember_ml.es.trainer.theta0 import Theta0
from ember_ml.policy.forward import is_torch_policy
from ember_ml.policy.handing import class_name
from ember_ml.policy.network import network_of, outputs_of, theta_shape
from ember_ml.policy.observation import ObservationStatistics
from ember_ml.policy.spec import PolicySpec
from ember_ml.rollout import EpisodeOptions


def build(
    env: Any,
    policy: Any,
    strategy: Any,
    *,
    seed: Any,
    generations: Any,
    normalize_observations: Any,
    engine: Any,
    theta0: Any,
    warmup: Any,
    common_starts: Any,
    eval_every: Any,
    eval_episodes: Any,
    **options: Any,
) -> tuple[Setup, TrainingState, Engine, Any]:
    """Checks the arguments of a `Trainer` and starts its strategy; `options` are fields of `EngineOptions`
    and `EpisodeOptions`.

    Returns:
        The setup, the state, the engine, and the user's Module or None.
    """
    seed = secrets.randbits(32) if seed is None else validate.seed_number(seed)
    if generations is not None:
        generations = validate.positive_int("generations", generations, validate.MOST_STEPS)
    warmup = validate.boolean("warmup", warmup)
    common_starts = validate.boolean("common_starts", common_starts)
    strategy = as_strategy(default_strategy() if strategy is None else strategy)
    env = envs.make(env)
    if env.kind == "objective":
        given = {"normalize_observations": normalize_observations, "common_starts": common_starts}
        normalize_observations = _no_episodes({**options, **given})
    start = Theta0.of(theta0)
    normalize, note = start.normalizes(normalize_observations, strategy.normalize_observations)
    wanted = {name: options.pop(name) for name in NAMES}
    many = as_many(engine, wanted["workers"])
    if many and env.kind == "objective":
        raise ValueError(f"engine: {many.name!r} cannot run this: an objective has an engine of its own")
    engine_name = "auto" if many else validate.choice("engine", engine, ("auto", *ENGINES, *KINDS))
    where = EngineOptions(**{**wanted, "workers": None} if many else wanted)
    if many and where.device not in (None, "cpu"):
        raise ValueError(
            f"device: got {where.device!r}, but the workers of the {many.name} engine run on the cpu"
        )
    play = EpisodeOptions(normalize=normalize, **options)
    network, module, not_compiled, initial = network_of(policy, env, seed)
    if not env.action_size and env.kind != "objective":
        outputs = network.outputs if isinstance(network, PolicySpec) else outputs_of(network, env)
        env = replace(env, action_size=outputs)
    handing = getattr(network, "handing", None)
    if normalize and handing is not None and not handing.normalizable:
        if normalize_observations:
            raise ValueError(
                "normalize_observations: got True, but the policy is handed whole observations, whose choices"
                " are numbers; normalise in the module"
            )
        play, normalize = replace(play, normalize=False), False
        note = "observations: as they come, because the policy is handed them whole"
    if strategy.perturbation is not None and is_torch_policy(network):
        network.check_low_rank()  # type: ignore[union-attr]
    problem = Problem(env, network, not_compiled, play, where)
    choice = choose(problem, engine_name)
    made = choice.make(problem)
    state = TrainingState(strategy, ObservationStatistics(env.observation_size) if normalize else None)
    theta = start.begin(network, state.observations, initial)
    strategy.start(theta, seed, theta_shape(network, theta.size))
    strategy.plan(generations)
    if where.threads is not None:
        strategy.threads = where.threads
    setup = Setup(
        problem,
        choice,
        engine_name,
        seed,
        generations,
        search=Search.of(strategy),
        module_name=None if module is None else class_name(module),
        warmup=warmup,
        common_starts=common_starts,
        eval_every=eval_every,
        eval_episodes=eval_episodes,
        notes=(note,) if note else (),
        many=many,
    )
    return setup, state, made, module


#: What means nothing for an objective.
_OF_EPISODES = (
    *("normalize_observations", "workers", "lanes", "layout"),
    *("episodes", "max_steps", "frame_skip", "common_starts"),
)


def _no_episodes(given: dict[str, Any]) -> bool:
    """Refuses what means nothing for an objective; False, because it has no observations to normalise."""
    usual = EpisodeOptions()
    for name in _OF_EPISODES:
        if given[name] not in (None, False, getattr(usual, name, None)):
            raise ValueError(
                f"{name}: got {given[name]!r}, but an objective has no episodes and no observations"
            )
    return False
