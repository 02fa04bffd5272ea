"""From a user's Python environment, or what makes one, to an EnvSpec."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ember_ml.envs import messages, spaces
from ember_ml.envs.adapters import Adapter, seeding, takes
from ember_ml.envs.arrays import EnvMistake, to_numpy
from ember_ml.envs.attributes import (
    action_fields,
    layers,
    named,
    names_of,
    shape_of,
    step_limit,
    time_limit,
    whole_number,
)
from ember_ml.envs.copies import Copier, copy_of, named_shared
from ember_ml.envs.spec import EnvSpec
from ember_ml.envs.vector_lanes import VectorFactory, is_vector, seeds_of

Options = Mapping[str, Any] | None


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


class AdapterFactory:
    """EnvSpec.factory: a new adapter around a new environment; the one made for looking at is used first.

    Args:
        maker: makes environments.
        first: one that it has made, or None.
        arguments: of Adapter, by name.
    """

    def __init__(self, maker: Callable[[], Any], first: Any, arguments: dict[str, Any]) -> None:
        self.maker = maker
        self.arguments = arguments
        self._first = [first] if first is not None else []

    def __call__(self) -> Adapter:
        env = self._first.pop() if self._first else self.maker()
        # The user's own object is the user's to close.
        owned = not (isinstance(self.maker, Copier) and not self.maker.copies)
        return Adapter(env, owned=owned, **self.arguments)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_first": []}


def from_maker(make: Callable[..., Any], kwargs: dict[str, Any], options: Options = None) -> EnvSpec:
    name = getattr(make, "__name__", type(make).__name__)
    try:
        inspect.signature(make).bind(**kwargs)
    except TypeError as error:
        raise TypeError(f"env: {name} cannot be called with the arguments given ({error})") from None
    except ValueError:
        pass
    maker = Maker(make, kwargs)
    env = maker()
    found = env if isinstance(env, EnvSpec) else getattr(env, "env_spec", None)
    if isinstance(found, EnvSpec):
        if options is not None:
            refuse_options(found)
        return found
    if not (hasattr(env, "reset") and hasattr(env, "step")):
        raise TypeError(f"env: {name}() gave {type(env).__name__}, which has no reset() and step(action)")
    if name == "<lambda>":
        name = _name_of(env)
    return replace(describe(env, name, maker, env, options), kwargs=kwargs)


def from_object(env: Any, options: Options = None) -> EnvSpec:
    """One object: copied for as many lanes as are wanted, or stepped alone.

    Copies are made only when reset takes a seed (copies of a hidden random generator would all start alike)
    and when the object can be copied at all.
    """
    name = _name_of(env)
    if is_vector(env):
        return describe(env, name, Holder(env), None, options)
    first = _first_copy(env)
    copies = first is not None
    spec = describe(env, name, Copier(env, copies), first, options)
    return replace(spec, lanes=None if copies else 1)


class Holder:
    """A maker that gives one object, which cannot be made twice."""

    def __init__(self, env: Any) -> None:
        self.env = env

    def __call__(self) -> Any:
        return self.env


def _first_copy(env: Any) -> Any:
    """A copy of the object, or None where it is to be stepped alone."""
    named_shared(env)
    if not seeding(env):
        return None
    try:
        return copy_of(env)
    except Exception:
        return None


def _name_of(env: Any) -> str:
    spec = getattr(env, "spec", None)
    return getattr(spec, "id", None) or type(getattr(env, "unwrapped", env)).__name__


def describe(env: Any, name: str, maker: Callable[[], Any], first: Any, options: Options = None) -> EnvSpec:
    """The EnvSpec of a Python environment: sizes from its spaces, else attributes and a trial reset.

    Args:
        env: one to look at.
        maker: gives more of them.
        first: one of the maker's, made already, that the factory is to give first; None if there is none.
        options: what every reset is to get as `options`, or None.
    """
    options = _checked_options(name, env, options)
    vector = is_vector(env)
    space = named(env, "single_action_space" if vector else "action_space")
    action = spaces.action_fields(name, space) if space is not None else action_fields(name, env)
    space = named(env, "single_observation_space" if vector else "observation_space")
    structure = None
    if space is not None and hasattr(space, "sample"):
        size = spaces.observation_size(name, space)
        structure = space if spaces.is_structured(space) else None
        shape = None if structure is not None else tuple(space.shape)
    else:
        size, shape = _trial(name, env, options)
    factory: Any
    if vector:
        factory = VectorFactory(maker, first, not isinstance(maker, Holder), size, options)
    else:
        factory = AdapterFactory(
            maker,
            first,
            {
                "observation_size": size,
                "action_shape": action["action_shape"],
                "observation_space": structure,
                "reset_options": options,
            },
        )
    acts = len(action.get("choices", ())) or action["action_size"]
    return EnvSpec(
        name=name,
        kind="python",
        observation_size=size,
        max_steps=step_limit(name, env),
        time_limit=time_limit(name, env, vector),
        reward_threshold=getattr(getattr(env, "spec", None), "reward_threshold", None),
        factory=factory,
        restorable=False,
        lanes=int(env.num_envs) if vector else None,
        keepalive=env if vector else None,
        observation_shape=shape,
        observation_space=structure,
        observation_names=names_of(name, env, "observation_names", size),
        action_names=names_of(name, env, "action_names", acts),
        seedable=bool(seeds_of(env) if vector else seeding(env)),
        one_seed=vector and seeds_of(env) == "number",
        reset_options=options,
        vector=vector,
        **action,
    )


def refuse_options(spec: EnvSpec) -> None:
    """Raises ValueError: `reset_options` for an environment that is resolved already or has no such thing."""
    if spec.kind == "python":
        raise ValueError(
            f"reset_options: {spec.name} is resolved already; pass them to the envs.make that resolves it"
        )
    more = ""
    if spec.kind == "builtin" or spec.opener is not None:
        more = f"; for gymnasium's own version pass `lambda: gymnasium.make({spec.name!r})`"
    raise ValueError(f"reset_options: {spec.name} is native and takes none{more}")


def _checked_options(name: str, env: Any, options: Any) -> dict[str, Any] | None:
    if options is None:
        return None
    if not isinstance(options, Mapping):
        raise TypeError(f"reset_options: got {options!r}, wanted a dict, which reset gets as `options`")
    if not all(takes(layer, "options") for layer in layers(env)):
        raise ValueError(f"reset_options: the reset of {name} takes no `options`")
    return dict(options)


def _trial(name: str, env: Any, options: Options) -> tuple[int, tuple[int, ...] | None]:
    """Size and shape of the observations of an environment without spaces."""
    size = whole_number(name, env, "observation_size", 1)
    if size is not None:
        return size, shape_of(name, env, "observation_shape", size)
    adapter = Adapter(env, reset_options=options)
    try:
        value = adapter.start(0)
        return adapter.vector(value, "reset").size, to_numpy(value).shape
    except EnvMistake as mistake:
        raise ValueError(f"env: {name}: {mistake}") from None
    except Exception as error:
        raise ValueError(f"env: {name}: reset raised {type(error).__name__}: {error}") from error
