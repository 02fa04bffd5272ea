"""Environments written as plain scalar Python, compiled by numba, stepped by the native loop without the GIL.

    @envs.native(
        state_size=2, observation_size=3, action_size=1, action_low=-2.0, action_high=2.0, max_steps=200
    )
    class Pendulum:
        def reset(state, rng):                       # fill state (float64), starting from zeros
            state[0] = envs.uniform(rng, -math.pi, math.pi)
            state[1] = envs.uniform(rng, -1.0, 1.0)

        def step(state, action, rng):                # change state; return reward, terminated
            ...
            return -cost, False

        def observe(state, observation):             # fill observation (float32); left out: the state itself
            observation[0] = math.cos(state[0])
            ...

`action` is a float32 array (action_size,), or an int for `discrete=True`. All that an episode may remember is
in `state`, all that it may draw comes from `rng`; numbers outside are constants at the time of the
decoration.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ember_ml.envs.attributes import names_of
from ember_ml.envs.numba_compile import compile_functions
from ember_ml.envs.spec import EnvSpec
from ember_ml.errors import need


def native(
    *,
    state_size: int,
    observation_size: int,
    action_size: int,
    max_steps: int,
    discrete: bool = False,
    action_low: Any = None,
    action_high: Any = None,
    name: str | None = None,
) -> Callable[[type], EnvSpec]:
    """Decorates a class of plain functions `reset`, `step` and `observe` (see the top of this module).

    The functions first run in plain Python for a few episodes, which finds mistakes with a readable error;
    then numba compiles them. The class becomes an EnvSpec, which `es.train` and `es.Trainer` take. Its
    attributes `observation_names` and `action_names`, if it has them, label pictures.

    Every process compiles anew, which takes a few seconds: numba's cache on disk does not find functions
    again that close over other compiled functions, as the callbacks close over yours; it would only add a
    file each time.

    Args:
        state_size: float64 numbers of `state`.
        observation_size: float32 numbers of an observation.
        action_size: numbers of an action, or choices when `discrete`.
        max_steps: time limit of an episode.
        action_low, action_high: bounds, one number or (action_size,); None: unbounded.
        name: for messages; None takes the class's.

    Raises:
        MissingExtra: numba is not installed.
        ValueError: what the checked run or the compiler found.
    """
    for key, value, least in (
        ("state_size", state_size, 1),
        ("observation_size", observation_size, 1),
        ("action_size", action_size, 2 if discrete else 1),
        ("max_steps", max_steps, 1),
    ):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
            raise ValueError(f"{key} is {value!r}; wanted a whole number of at least {least}")
    bounds = [
        _bound(key, b, action_size) for key, b in (("action_low", action_low), ("action_high", action_high))
    ]
    if bounds[0] is not None and bounds[1] is not None and (bounds[0] > bounds[1]).any():
        raise ValueError(f"action_low is {action_low!r}; wanted at most action_high, {action_high!r}")

    arguments = {
        "state_size": state_size, "observation_size": observation_size, "action_size": action_size,
        "max_steps": max_steps, "discrete": discrete, "action_low": action_low, "action_high": action_high,
        "name": name,
    }  # fmt: skip

    def decorate(functions: type) -> EnvSpec:
        need("numba", "numba")
        env = Functions(
            functions,
            name or functions.__name__,
            state_size,
            observation_size,
            action_size,
            discrete,
            max_steps,
        )
        low, high = bounds
        env.check(low, high)
        spec = compile_functions(env, low, high)
        return replace(
            spec,
            observation_names=names_of(env.name, functions, "observation_names", observation_size),
            action_names=names_of(env.name, functions, "action_names", action_size),
            recipe=Decoration(native, arguments, functions),
        )

    return decorate


@dataclass(frozen=True)
class Decoration:
    """A decorator, its arguments and the class: the environment, to be compiled in another process."""

    decorator: Callable[..., Any]
    arguments: dict[str, Any]
    functions: type

    def __call__(self) -> EnvSpec:
        spec: EnvSpec = self.decorator(**self.arguments)(self.functions)
        return spec


def _bound(key: str, value: Any, size: int) -> NDArray[np.float32] | None:
    if value is None:
        return None
    try:
        bound = np.broadcast_to(np.asarray(value, np.float32).reshape(-1), (size,)).copy()
    except (TypeError, ValueError):
        raise ValueError(f"{key} is {value!r}; wanted one number or {size}") from None
    if np.isnan(bound).any():
        raise ValueError(f"{key} is {value!r}; wanted numbers")
    return bound


class Functions:
    """The user's functions and the sizes that belong to them."""

    def __init__(
        self,
        functions: type,
        name: str,
        state_size: int,
        observation_size: int,
        action_size: int,
        discrete: bool,
        max_steps: int,
    ) -> None:
        self.name = name
        self.state_size, self.observation_size, self.action_size = state_size, observation_size, action_size
        self.discrete, self.max_steps = discrete, max_steps
        self.reset = self._function(functions, "reset", 2, 2)
        self.step = self._function(functions, "step", 2, 3)
        self.observe: Callable[..., Any] | None = None
        if hasattr(functions, "observe"):
            self.observe = self._function(functions, "observe", 2, 2)
        elif observation_size != state_size:
            raise ValueError(
                f"{name} has no observe(state, observation), and its state of {state_size} numbers is not an "
                f"observation of {observation_size}"
            )
        self.step_takes_rng = len(inspect.signature(self.step).parameters) == 3

    def _function(self, functions: type, key: str, least: int, most: int) -> Callable[..., Any]:
        function = inspect.getattr_static(functions, key, None)
        function = getattr(function, "__func__", function)
        if not inspect.isfunction(function):
            raise ValueError(f"{self.name} has no function {key}")
        count = len(inspect.signature(function).parameters)
        if not least <= count <= most:
            wanted = {"reset": "(state, rng)", "step": "(state, action, rng)"}.get(
                key, "(state, observation)"
            )
            raise ValueError(f"{self.name}.{key} takes {count} arguments; wanted {wanted}, without self")
        return function

    def check(self, low: NDArray[np.float32] | None, high: NDArray[np.float32] | None) -> None:
        """Runs episodes in plain Python; raises ValueError for what numba would turn into wrong numbers."""
        random = np.random.default_rng(0)
        for seed in range(4):
            state, rng, observation = self.start(seed)
            for number in range(min(self.max_steps, 50)):
                if self.discrete:
                    action: Any = int(random.integers(self.action_size))
                else:
                    draw = random.uniform(
                        -1.0 if low is None else np.maximum(low, -1e3), 1.0 if high is None else
                        np.minimum(high, 1e3), self.action_size,
                    )  # fmt: skip
                    action = draw.astype(np.float32)
                at = f"step {number} of the episode of seed {seed}"
                if self.advance(state, rng, observation, action, at)[1]:
                    break

    def start(self, seed: int) -> tuple[NDArray[np.float64], NDArray[np.uint64], NDArray[np.float32]]:
        state, rng = np.zeros(self.state_size), np.array([seed], np.uint64)
        observation = np.zeros(self.observation_size, np.float32)
        answer = self._run(self.reset, "reset", f"seed {seed}", state, rng)
        if answer is not None:
            raise ValueError(
                f"{self.name}.reset returned {answer!r}; it fills state in place and returns nothing"
            )
        self._look(state, observation, "reset", f"seed {seed}")
        return state, rng, observation

    def advance(
        self,
        state: NDArray[np.float64],
        rng: NDArray[np.uint64],
        observation: NDArray[np.float32],
        action: Any,
        at: str,
    ) -> tuple[float, bool]:
        arguments = (state, action, rng) if self.step_takes_rng else (state, action)
        answer = self._run(self.step, "step", at, *arguments)
        if not isinstance(answer, tuple) or len(answer) not in (2, 3):
            raise ValueError(
                f"{self.name}.step returned {answer!r} at {at}; wanted (reward, terminated) or "
                "(reward, terminated, truncated)"
            )
        reward = answer[0]
        if isinstance(reward, bool) or not isinstance(reward, (int, float, np.number)):
            raise ValueError(f"{self.name}.step returned the reward {reward!r} at {at}; wanted a number")
        if not math.isfinite(reward):
            raise ValueError(f"{self.name}.step returned the reward {reward!r} at {at}")
        for flag in answer[1:]:
            if not isinstance(flag, (bool, np.bool_)):
                raise ValueError(
                    f"{self.name}.step returned {flag!r} as an end at {at}; wanted True or False"
                )
        self._look(state, observation, "step", at)
        return float(reward), any(bool(flag) for flag in answer[1:])

    def _look(self, state: NDArray[np.float64], observation: NDArray[np.float32], call: str, at: str) -> None:
        if not np.isfinite(state).all():
            raise ValueError(f"{self.name}.{call} left state {state.tolist()} at {at}")
        if self.observe is None:
            observation[:] = state
        else:
            observation[:] = np.nan
            self._run(self.observe, "observe", at, state, observation)
        if not np.isfinite(observation).all():
            missing = np.flatnonzero(~np.isfinite(observation)).tolist()
            raise ValueError(f"{self.name}.observe left observation{missing} unwritten or not finite at {at}")

    def _run(self, function: Callable[..., Any], key: str, at: str, *arguments: Any) -> Any:
        try:
            with np.errstate(all="ignore"):
                return function(*arguments)
        except Exception as error:
            raise ValueError(f"{self.name}.{key} raised {type(error).__name__} at {at}: {error}") from error
