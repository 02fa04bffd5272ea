"""What a file says of an environment: plain data, for which nothing is imported, opened, compiled or run.

A file may name a built-in environment with its constants, and one of gymnasium's own (registered by gymnasium
itself, under an id without a module) with arguments that are numbers or booleans. Everything else - an id
with a module, another package's id, arguments that are texts and so may name files, an environment of the
user's own - is known from the file by its sizes and spaces alone, and stepping it needs `env=` from whoever
reads the file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ember_ml import validate
from ember_ml.envs.registry import make
from ember_ml.envs.spec import EnvSpec, UnmadeFactory
from ember_ml.errors import need

Kind = Literal["builtin", "custom", "python", "objective"]

#: Fields of an EnvSpec that a file leaves out: what steps it, and what follows from its name.
NOT_STORED = (
    "address", "factory", "keepalive", "opener", "twin", "vector", "lanes", "seedable", "parameters",
    "reset_options", "observation_space", "one_seed", "absent", "recipe",
)  # fmt: skip


def describe(env: EnvSpec) -> dict[str, Any]:
    """`env` for a file, fit for JSON."""
    kwargs = {key: _plain(value) for key, value in env.kwargs.items()}
    restorable = env.restorable and _is_json(kwargs)
    return {
        "name": "".join(c if c.isprintable() else "?" for c in env.name)[:200] or "environment",
        "kind": env.kind,
        "restorable": restorable,
        "kwargs": kwargs if restorable else {},
        "observation_size": env.observation_size,
        "action_size": env.action_size,
        "discrete": env.discrete,
        "max_steps": env.max_steps,
        "time_limit": env.time_limit,
        "reward_threshold": None if env.reward_threshold is None else float(env.reward_threshold),
        "action_low": _numbers(env.action_low),
        "action_high": _numbers(env.action_high),
        "action_shape": None if env.action_shape is None else list(env.action_shape),
        "action_dtype": env.action_dtype,
        "action_start": env.action_start,
        "observation_shape": None if env.observation_shape is None else list(env.observation_shape),
        "observation_names": list(env.observation_names),
        "action_names": list(env.action_names),
        "choices": list(env.choices),
        "choice_starts": list(env.choice_starts),
    }


def restore(described: Mapping[str, Any], file: str) -> EnvSpec:
    """The environment that `describe` described; one that the file cannot give is `absent`.

    Raises:
        ValueError, TypeError, KeyError: the description is none, or sizes in it do not fit together.
    """
    name, kind = _name(described["name"]), validate.choice("env: kind", described["kind"], get_args(Kind))
    kwargs = described["kwargs"]
    if not isinstance(kwargs, Mapping):
        raise TypeError(f"env: kwargs: got {type(kwargs).__name__}, wanted arguments by name")
    named = validate.boolean("env: restorable", described["restorable"])
    why_not = why_not_named(name, kwargs) if named else ""
    if named and is_builtin(name) != (kind == "builtin"):
        raise ValueError(f"env: {name!r} is no environment of the kind {kind}")
    if kind == "builtin" and named and not why_not:
        env = make(name, **kwargs)
        check_same(env, described)
        return env
    if "discrete" not in described:  # as the first files were
        if named and not why_not:
            return make_named(name, kwargs)
        raise ValueError(f"env: {absent(file, name, why_not)}")
    size = 0
    if kind != "objective":
        size = validate.positive_int("env: observation_size", described["observation_size"], MOST)
    actions = validate.whole("env: action_size", described["action_size"])
    if not 0 <= actions <= MOST:
        raise ValueError(f"env: action_size: got {actions}, wanted 0 to {MOST}")
    discrete = validate.boolean("env: discrete", described["discrete"])
    choices = tuple(_positive("choices", described["choices"]))
    if choices and (not discrete or sum(choices) != actions):
        raise ValueError(f"env: choices: got {choices[:8]}, wanted {actions} in all, of discrete actions")
    start = validate.whole("env: action_start", described["action_start"])
    if abs(start) > validate.MOST_STEPS:
        raise ValueError(f"env: action_start: got {start}, wanted a smaller number")
    starts = tuple(
        validate.whole("env: choice_starts", n)
        for n in _list("choice_starts", described.get("choice_starts", []))
    )
    if len(starts) not in (0, len(choices)) or any(abs(n) > validate.MOST_STEPS for n in starts):
        raise ValueError(f"env: choice_starts: got {starts[:8]}, wanted a small number for each choice")
    dtype = described["action_dtype"]
    if dtype is not None:
        validate.choice("env: action_dtype", dtype, DTYPES)
    threshold = described["reward_threshold"]
    playable = named and not why_not
    acts = len(choices) or actions
    return EnvSpec(
        name=name,
        kind=kind,  # type: ignore[arg-type]
        observation_size=size,
        action_size=actions,
        discrete=discrete,
        max_steps=_limit("max_steps", described["max_steps"]),
        time_limit=_limit("time_limit", described["time_limit"]),
        reward_threshold=None if threshold is None else validate.real("env: reward_threshold", threshold),
        action_low=_bound("action_low", described["action_low"], actions, dtype),
        action_high=_bound("action_high", described["action_high"], actions, dtype),
        action_shape=_shape("action_shape", described["action_shape"], acts),
        action_dtype=dtype,
        action_start=start,
        choices=choices,
        choice_starts=starts,
        observation_shape=_shape("observation_shape", described["observation_shape"], size),
        observation_names=_names("observation_names", described["observation_names"], size),
        action_names=_names("action_names", described["action_names"], acts),
        restorable=playable,
        kwargs=dict(kwargs) if playable else {},
        factory=NamedFactory(name, kwargs, described) if playable else None,
        absent="" if playable else absent(file, name, why_not, kind),
    )


#: Types of a Box's values, other than float32.
DTYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float64",
)  # fmt: skip

#: Most values of an observation or an action (cpp/policy/policy.cpp's most units of a layer).
MOST = 2**24


def absent(file: str, name: str, why_not: str, kind: str = "python") -> str:
    """What to say where an environment is wanted that the file cannot give."""
    if kind == "objective":
        return f"{file} was trained by your own objective {name}; pass it as objective="
    own = f"{name!r}, which a file may not name ({why_not})" if why_not else f"your own {name}"
    return f"{file} was trained on {own}; pass it as env="


def why_not_named(name: str, kwargs: Mapping[str, Any]) -> str:
    """Why no file may name this environment; empty where one may."""
    if ":" in name:
        return "a module in an id would be imported"
    for key, value in kwargs.items():
        values = [*value.values()] if key == "reset_options" and isinstance(value, Mapping) else [value]
        if not isinstance(key, str) or not all(map(_is_number, values)):
            return f"its argument {key!r} is neither a number nor a boolean"
    return ""


def _is_number(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float, np.number, np.bool_))


def make_named(name: str, kwargs: Mapping[str, Any]) -> EnvSpec:
    """One of gymnasium's own environments, as a file names it.

    Raises:
        ValueError: it is unknown, or another package's.
    """
    registered = need("gymnasium", "gym").registry.get(name)
    entry = getattr(registered, "entry_point", None)
    if registered is not None and not (isinstance(entry, str) and entry.startswith("gymnasium.envs.")):
        raise ValueError(
            f"env: {name!r} is registered by another package than gymnasium, so a file may not name it;"
            " pass it as env="
        )
    return make(name, **kwargs)


class NamedFactory(UnmadeFactory):
    """EnvSpec.factory of what a file names: it is made, and gymnasium imported, when it is stepped."""

    def __init__(self, name: str, kwargs: Mapping[str, Any], described: Mapping[str, Any]) -> None:
        self.name, self.kwargs, self.described = name, dict(kwargs), dict(described)
        self._made: Any = None

    def __call__(self) -> Any:
        return self.made().factory()

    def made(self) -> EnvSpec:
        """The environment itself."""
        if self._made is None:
            env = make_named(self.name, self.kwargs)
            check_same(env, self.described)
            self._made = env
        made: EnvSpec = self._made
        return made

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_made": None}


def check_same(env: EnvSpec, described: Mapping[str, Any]) -> None:
    """Raises ValueError where `env` is another kind of environment than the file describes."""
    if (env.kind == "objective") != (described["kind"] == "objective"):
        raise ValueError(
            f"env: got {env.name}, and the file has {described['name']!r}: one is an objective, the other an"
            " environment"
        )
    sizes = (described["observation_size"], described["action_size"])
    if env.observation_size != sizes[0] or (env.action_size not in (0, sizes[1])):
        raise ValueError(
            f"env: {env.name} has {env.observation_size} observation values and {env.action_size}"
            f" actions; the file has {described['name']!r} with {sizes[0]} and {sizes[1]}"
        )
    choices = tuple(_list("choices", described.get("choices", env.choices)))
    if env.discrete != described.get("discrete", env.discrete) or env.choices != choices:
        raise ValueError(f"env: {env.name} has another kind of action than the file's {described['name']!r}")


def is_builtin(name: str) -> bool:
    from ember_ml import _core

    return any(info.name == name for info in _core.builtin_environments())


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _is_json(value: Any) -> bool:
    try:
        return bool(json.loads(json.dumps(value)) == value)
    except (TypeError, ValueError):
        return False


def _numbers(values: Any) -> list[float] | None:
    return None if values is None else np.asarray(values).reshape(-1).tolist()


def _name(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 200 or not value.isprintable():
        raise ValueError(f"env: name: got {value!r:.100}, wanted a name of up to 200 printable characters")
    return value


def _list(name: str, values: Any) -> list[Any]:
    if not isinstance(values, (list, tuple)):
        raise TypeError(f"env: {name}: got {type(values).__name__}, wanted a list")
    return list(values)


def _limit(name: str, value: Any) -> int | None:
    return None if value is None else validate.positive_int(f"env: {name}", value, validate.MOST_STEPS)


def _positive(name: str, values: Any) -> list[int]:
    return [validate.positive_int(f"env: {name}", value, MOST) for value in _list(name, values)]


def _shape(name: str, values: Any, count: int) -> tuple[int, ...] | None:
    if values is None:
        return None
    shape = tuple(_positive(name, values))
    if len(shape) > 32 or math.prod(shape) != count:
        raise ValueError(f"env: {name}: got {shape[:8]}, wanted {count} values")
    return shape


def _names(name: str, values: Any, count: int) -> tuple[str, ...]:
    names = tuple(_list(name, values))
    if not all(isinstance(one, str) and len(one) <= 1000 for one in names) or len(names) not in (0, count):
        raise ValueError(f"env: {name}: wanted {count} names or none")
    return names


def _bound(name: str, values: Any, actions: int, dtype: str | None) -> NDArray[Any] | None:
    if values is None:
        return None
    numbers = _list(name, values)
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, (int, float)) or math.isnan(number):
            raise ValueError(f"env: {name}: got {number!r:.100}, wanted numbers")
    if len(numbers) not in (1, actions):
        raise ValueError(f"env: {name}: got {len(numbers)} numbers, wanted {actions}")
    with np.errstate(over="ignore"):
        return np.array(numbers, np.float64).astype(np.float32 if dtype is None else np.float64)
