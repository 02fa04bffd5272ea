"""From a user's Python environment, or what makes one, to an EnvSpec."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ember_ml.envs import messages
from ember_ml.envs.adapters import Adapter, EnvMistake, takes_seed, to_numpy
from ember_ml.envs.spec import EnvSpec


class Maker:
    """Calls a user's class or function with its arguments."""

    def __init__(self, make: Callable[..., Any], kwargs: dict[str, Any]) -> None:
        self.make = make
        self.kwargs = kwargs
        self._in_worker = False

    def __call__(self) -> Any:
        with messages.once(getattr(self.make, "__qualname__", repr(self.make)), self._in_worker):
            return self.make(**self.kwargs)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_in_worker": True}


class Copier:
    """Copies of a user's environment object, or, where that cannot be copied, the object itself."""

    def __init__(self, env: Any, copies: bool) -> None:
        self.env = env
        self.copies = copies

    def __call__(self) -> Any:
        return copy.deepcopy(self.env) if self.copies else self.env


class AdapterFactory:
    """EnvSpec.factory: a new adapter around a new environment; the one made for looking at is used first."""

    def __init__(
        self,
        maker: Callable[[], Any],
        observation_size: int,
        action_shape: tuple[int, ...] | None,
        first: Any,
    ) -> None:
        self.maker = maker
        self.observation_size = observation_size
        self.action_shape = action_shape
        self._first = [first] if first is not None else []

    def __call__(self) -> Adapter:
        env = self._first.pop() if self._first else self.maker()
        # The user's own object is the user's to close.
        owned = not (isinstance(self.maker, Copier) and not self.maker.copies)
        return Adapter(env, self.observation_size, self.action_shape, owned)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_first": []}


def from_maker(make: Callable[..., Any], kwargs: dict[str, Any]) -> EnvSpec:
    name = getattr(make, "__name__", type(make).__name__)
    try:
        inspect.signature(make).bind(**kwargs)
    except TypeError as error:
        raise TypeError(f"env: {name} cannot be called with the arguments given ({error})") from None
    except ValueError:
        pass
    maker = Maker(make, kwargs)
    env = maker()
    if isinstance(env, EnvSpec):
        return env
    if isinstance(getattr(env, "env_spec", None), EnvSpec):
        return env.env_spec
    if not (hasattr(env, "reset") and hasattr(env, "step")):
        raise TypeError(f"env: {name}() gave {type(env).__name__}, which has no reset() and step(action)")
    if name == "<lambda>":
        name = _name_of(env)
    return replace(describe(env, name, maker, env), kwargs=kwargs)


def from_object(env: Any) -> EnvSpec:
    """One object: copied for as many lanes as are wanted, or stepped alone.

    Copies are made only when reset takes a seed (copies of a hidden random generator would all start alike)
    and when the object can be copied at all.
    """
    name = _name_of(env)
    if _is_vector(env):
        return describe(env, name, lambda: env, None)
    copies = _copies(env)
    return replace(describe(env, name, Copier(env, copies), None), lanes=None if copies else 1)


def _copies(env: Any) -> bool:
    if not takes_seed(env.reset):
        return False
    try:
        copy.deepcopy(env)
    except Exception:
        return False
    return True


def _name_of(env: Any) -> str:
    spec = getattr(env, "spec", None)
    return getattr(spec, "id", None) or type(getattr(env, "unwrapped", env)).__name__


def _is_vector(env: Any) -> bool:
    return hasattr(env, "num_envs") and hasattr(env, "single_observation_space")


def describe(env: Any, name: str, maker: Callable[[], Any], first: Any) -> EnvSpec:
    """The EnvSpec of a Python environment: sizes from its spaces, else attributes and a trial reset."""
    vector = _is_vector(env)
    space = getattr(env, "single_action_space" if vector else "action_space", None)
    action = _action_fields(name, space, env)
    observation = getattr(env, "single_observation_space" if vector else "observation_space", None)
    if observation is not None and hasattr(observation, "sample"):
        size = _box_size(name, observation)
    else:
        size = _trial_size(name, env)
    spec = getattr(env, "spec", None)
    limit = getattr(spec, "max_episode_steps", None)
    factory: Any
    if vector:
        factory = VectorFactory(env, size, action["action_shape"])
    else:
        factory = AdapterFactory(maker, size, action["action_shape"], first)
    return EnvSpec(
        name=name,
        kind="python",
        observation_size=size,
        max_steps=int(limit) if limit is not None else None,
        time_limit=int(limit) if limit is not None and _limits_itself(env, vector) else None,
        reward_threshold=getattr(spec, "reward_threshold", None),
        factory=factory,
        restorable=False,
        lanes=int(env.num_envs) if vector else None,
        keepalive=env if vector else None,
        **action,
    )


def _limits_itself(env: Any, vector: bool) -> bool:
    """Whether gymnasium's TimeLimit is among the wrappers; those of a vector environment cannot be seen."""
    while not vector and type(env).__name__ != "TimeLimit":
        env = vars(env).get("env")
        if env is None:
            return False
    return True


class VectorFactory:
    """Lanes around one gymnasium VectorEnv, which cannot be made twice."""

    def __init__(self, env: Any, observation_size: int, action_shape: tuple[int, ...] | None) -> None:
        self.arguments = (env, observation_size, action_shape)

    def __call__(self) -> Any:
        from ember_ml.envs.lanes import VectorLanes

        return VectorLanes(*self.arguments)


def _trial_size(name: str, env: Any) -> int:
    size = getattr(env, "observation_size", None)
    if size is not None:
        return int(size)
    try:
        return Adapter(env).reset(0).size
    except EnvMistake as mistake:
        raise ValueError(f"env: {name}: {mistake}") from None
    except Exception as error:
        raise ValueError(f"env: {name}: reset raised {type(error).__name__}: {error}") from error


def _box_size(name: str, space: Any) -> int:
    kind = type(space).__name__
    if kind != "Box":
        raise ValueError(
            f"env: {name} has the observation space {space}; a policy needs a Box "
            "(gymnasium.wrappers.FlattenObservation makes one of most others)"
        )
    return int(np.prod(space.shape))


def _action_fields(name: str, space: Any, env: Any) -> dict[str, Any]:
    if space is None:
        return _action_attributes(name, env)
    kind = type(space).__name__
    if kind == "Discrete":
        return {
            "action_size": int(space.n),
            "discrete": True,
            "action_start": int(space.start),
            "action_shape": None,
        }
    if kind == "MultiDiscrete":
        choices = tuple(int(n) for n in np.ravel(space.nvec))
        if np.any(getattr(space, "start", 0)):
            raise ValueError(f"env: {name} has a MultiDiscrete action space that does not start at 0")
        return {"action_size": sum(choices), "discrete": True, "choices": choices, "action_shape": None}
    if kind == "Box":
        if not np.issubdtype(space.dtype, np.floating):
            raise ValueError(f"env: {name} has a Box action space of {space.dtype}; a policy acts in floats")
        return {
            "action_size": int(np.prod(space.shape)),
            "discrete": False,
            "action_low": _bound(space.low),
            "action_high": _bound(space.high),
            "action_shape": tuple(space.shape),
        }
    raise ValueError(
        f"env: {name} has the action space {space}; a policy can act in Box, Discrete and MultiDiscrete"
    )


def _bound(values: Any) -> NDArray[np.float32]:
    return np.asarray(values, np.float32).reshape(-1)


def _action_attributes(name: str, env: Any) -> dict[str, Any]:
    """Fields from plain attributes: action_size, discrete, action_low, action_high, action_shape."""
    size = getattr(env, "action_size", 0)
    if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 0:
        raise ValueError(f"env: {name}.action_size is {size!r}; wanted a positive whole number")
    shape = getattr(env, "action_shape", None)
    fields: dict[str, Any] = {
        "action_size": int(size),
        "discrete": bool(getattr(env, "discrete", False)),
        "action_shape": None if shape is None else tuple(shape),
    }
    for key in ("action_low", "action_high"):
        value = getattr(env, key, None)
        if value is not None:
            try:
                fields[key] = np.broadcast_to(
                    to_numpy(value).astype(np.float32).reshape(-1), (max(1, int(size)),)
                ).copy()
            except ValueError:
                raise ValueError(f"env: {name}.{key} does not fit its {size} actions") from None
    return fields
