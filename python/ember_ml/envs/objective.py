"""An objective in the place of an environment: a function of a model."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ember_ml import validate
from ember_ml.envs.spec import EnvSpec


@dataclass(frozen=True)
class Objective:
    """``f(model, generation) -> fitness``: one number of one member, or if `batched` (members,) of many."""

    f: Callable[..., Any]
    batched: bool


def one_of(env: Any, objective: Any, batched: Any) -> Any:
    """What is trained on: an environment as it was given, or the EnvSpec of an objective.

    Raises:
        TypeError: both or none were given, or `batched` without an objective.
    """
    if objective is None:
        if env is None:
            raise TypeError("env: missing; wanted an environment, or objective= a function of the model")
        if batched is not False:
            raise TypeError(f"batched: got {batched!r} without an objective")
        return env
    if env is not None:
        raise TypeError(f"objective: got it beside env={env!r}, wanted one of them")
    return as_env(objective, batched)


def as_env(objective: Any, batched: Any = False) -> EnvSpec:
    """The EnvSpec that stands for an objective: it has no observations and no actions.

    Raises:
        TypeError: it is no function of (model, generation), or `batched` is no boolean.
    """
    if isinstance(objective, EnvSpec) and objective.kind == "objective":
        return objective
    if isinstance(objective, type) or not callable(objective):
        raise TypeError(f"objective: got {objective!r}, wanted a function of (model, generation)")
    try:
        inspect.signature(objective).bind(None, 0)
    except TypeError as error:
        raise TypeError(
            f"objective: got {objective!r}, wanted a function of (model, generation): {error}"
        ) from None
    except ValueError:  # a function of C, which does not say what it takes
        pass
    name = getattr(objective, "__name__", type(objective).__name__)
    return EnvSpec(
        name="objective" if name == "<lambda>" else name,
        kind="objective",
        observation_size=0,
        action_size=0,
        discrete=False,
        max_steps=1,
        factory=Objective(objective, validate.boolean("batched", batched)),
        restorable=False,
    )
