"""How long an episode may last: one rule for every engine."""

from __future__ import annotations

from dataclasses import replace

from ember_ml.envs.spec import EnvSpec


def step_limit(env: EnvSpec, max_steps: int | None) -> int | None:
    """Environment steps after which an episode ends: `max_steps` where it is given, in place of the
    environment's own limit `env.max_steps`; None where there is neither.

    An environment may still end an episode earlier by itself. Where that is its own time limit (gymnasium's
    TimeLimit inside, `env.time_limit`), `beyond_time_limit` says what can be done.
    """
    return max_steps or env.max_steps or None


def beyond_time_limit(env: EnvSpec, max_steps: int | None) -> EnvSpec:
    """The environment, made so that episodes of `max_steps` are possible.

    One that gymnasium makes from its id is made with ``max_episode_steps=max_steps``.

    Raises:
        ValueError: the environment itself ends episodes earlier than `max_steps`, and is not ours to make.
    """
    if max_steps is None or env.time_limit is None or max_steps <= env.time_limit:
        return env
    if not env.restorable:
        raise ValueError(
            f"max_steps: got {max_steps}, but {env.name} has a time limit inside that ends its episodes after"
            f" {env.time_limit} steps; make it with gymnasium.make(..., max_episode_steps={max_steps})"
        )
    from ember_ml import envs

    longer = envs.make(env.name, **{**env.kwargs, "max_episode_steps": max_steps})
    return replace(longer, action_size=env.action_size)
