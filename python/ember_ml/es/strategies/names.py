"""Strategies by name, for `es.train`, `es.Trainer` and the command line: one table, one rule."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from ember_ml import validate
from ember_ml.es.options import STRATEGIES
from ember_ml.es.strategies.base import Strategy


def kind_of(name: str) -> type[Strategy]:
    """The class of that name.

    Raises:
        ValueError: there is none, with the nearest name.
    """
    from ember_ml.es import strategies

    found = {_letters(shown): kind for shown, kind in STRATEGIES.items()}.get(_letters(name))
    if found is None:
        known = ", ".join(STRATEGIES)
        near = validate.suggest(name, STRATEGIES)
        raise ValueError(f"strategy: got {name!r}, wanted one of {known}{near}")
    kind: type[Strategy] = getattr(strategies, found)
    return kind


def as_strategy(strategy: Any, options: Mapping[str, Any] | None = None) -> Strategy:
    """What a user gives as a strategy: one of `ember_ml.es`, or a name. `options` as for `make`.

    Raises:
        TypeError: neither.
        ValueError: an unknown name, or options beside a strategy that is made already.
    """
    given = {name: value for name, value in (options or {}).items() if value is not None}
    if isinstance(strategy, str):
        return make(kind_of(strategy), given)
    if isinstance(strategy, Strategy):
        for name, value in given.items():
            raise ValueError(f"{name}: got {value!r} beside a strategy that has its own: {strategy!r}")
        return strategy
    if isinstance(strategy, type) and issubclass(strategy, Strategy):
        raise TypeError(f"strategy: got the class {strategy.__name__}, wanted {strategy.__name__}(...)")
    wanted = "one of ember_ml.es's, such as es.OpenAIES(), or a name such as 'snes'"
    raise TypeError(f"strategy: got {strategy!r}, wanted {wanted}")


def make(
    like: type[Strategy] | Strategy, options: Mapping[str, Any], shown: Callable[[str], str] = str
) -> Strategy:
    """A strategy of a class with its defaults, or one like another, but for some of `STRATEGY_OPTIONS`.

    `learning_rate` is the optimiser's where the strategy has one (the strategies' own default optimiser
    otherwise).

    Args:
        like: it is not changed, but its optimiser's learning rate may be.
        options: by name; None is not given.
        shown: how an error names an option.

    Raises:
        ValueError: the strategy has no such option, or a value that does not fit.
    """
    changes = {name: value for name, value in options.items() if value is not None}
    kind = like if isinstance(like, type) else type(like)
    arguments: dict[str, Any] = {}
    optimizer = None
    if isinstance(like, Strategy):
        arguments, optimizer = like.config(), like.optimizer
        arguments.pop("type")
        if "optimizer" in arguments:
            arguments["optimizer"] = optimizer
    takes = inspect.signature(kind).parameters
    if "learning_rate" in changes and "optimizer" in takes:
        arguments["optimizer"] = _optimizer(kind, optimizer, changes.pop("learning_rate"))
    for name in changes:
        if name not in takes:
            raise ValueError(f"{shown(name)}: {kind.__name__} takes none")
    if "directions" in changes or "members" in changes:
        for name in ("directions", "members", "top"):
            arguments.pop(name, None)
    return kind(**{**arguments, **changes})


def _optimizer(kind: type[Strategy], optimizer: Any, rate: Any) -> Any:
    from ember_ml.training import Adam, ClipUp

    rate = validate.real("learning_rate", rate)
    if optimizer is None:
        return ClipUp(rate) if kind.__name__ == "PGPE" else Adam(learning_rate=rate)
    if isinstance(optimizer, Mapping):
        changed = {**optimizer, "learning_rate": rate}
        return {**changed, "max_speed": None} if optimizer["name"] == "ClipUp" else changed
    optimizer.learning_rate = rate
    return optimizer


def _letters(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "").replace(" ", "")
