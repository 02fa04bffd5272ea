"""What a trainer needs to know of an environment, whoever wrote it."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

_INSTEAD = " save the run to a file instead, and pass env= to es.load"


def _travels(thing: Any) -> bool:
    try:
        pickle.dumps(thing)
    except Exception:  # whatever somebody's __reduce__ raises
        return False
    return True


@dataclass(frozen=True)
class EnvSpec:
    """A resolved environment.

    `kind` says who steps it: "builtin" (a header in cpp/envs), "custom" (C or numba through ember_env.h;
    `address` is the ember_env pointer), "python" (an object; `factory()` makes a new adapter, see
    envs/adapters.py). "objective" stands for a function of the model (envs/objective.py), which nobody steps.

    Sizes count numbers of the policy: `observation_size` inputs and `action_size` outputs. For one discrete
    action `action_size` is the number of choices; for a MultiDiscrete one it is the sum of `choices`, and the
    outputs of each choice are a segment. An `action_size` of 0 means that nothing but the policy can tell: a
    class written like the notebook's, without an `action_size` attribute.

    `max_steps` is the environment's own limit, which a trainer's ``max_steps=`` replaces
    (engines/step_limit.py).
    """

    name: str
    kind: Literal["builtin", "custom", "python", "objective"]
    observation_size: int
    action_size: int  # Box: values; discrete: number of choices
    discrete: bool
    max_steps: int | None
    action_low: NDArray[np.float32] | None = None  # Box; None or infinite where unbounded
    action_high: NDArray[np.float32] | None = None
    reward_threshold: float | None = None
    parameters: tuple[float, ...] = ()  # overrides of a built-in environment's constants
    address: int = 0
    factory: Any = None
    restorable: bool = True  # a checkpoint can name it: False for user objects
    keepalive: Any = field(default=None, repr=False, compare=False)
    kwargs: Mapping[str, Any] = field(default_factory=dict)  # `make(name, **kwargs)` gives this again
    choices: tuple[int, ...] = ()  # MultiDiscrete: numbers of choices, `discrete` being True
    action_shape: tuple[int, ...] | None = None  # Box, MultiDiscrete; None: squeezed, as the notebook does
    action_start: int = 0  # first value of a Discrete space
    lanes: int | None = None  # most episodes side by side; None: any number of objects can be made
    absent: str = ""  # why nobody can step it: it is known from a file or a pickle, by these numbers alone
    time_limit: int | None = None  # steps after which the environment itself ends an episode (TimeLimit)
    choice_starts: tuple[int, ...] = ()  # MultiDiscrete: first values, () where all are 0
    action_dtype: str | None = None  # of a Box that does not hold float32: whole numbers are rounded
    observation_shape: tuple[int, ...] | None = None  # as the environment gives them; None: not known
    observation_space: Any = None  # gymnasium's, where observations must be flattened (Dict, Discrete, ...)
    observation_names: tuple[str, ...] = ()  # one a number of the observation, or none
    action_names: tuple[str, ...] = ()  # one a value (Box), a choice (Discrete) or a part (MultiDiscrete)
    seedable: bool = True  # whether a seed decides the starts; if not, only the environment can repeat them
    one_seed: bool = False  # a vector environment that takes one seed for all of its lanes
    reset_options: Mapping[str, Any] | None = None  # given to every reset as `options`
    vector: bool = False  # `factory()` makes Lanes around a vector environment, which has `lanes` of them
    # Custom, where `address` is 0: `opener(threads)` makes what the native engine steps, and its address.
    opener: Callable[[int], Any] | None = field(default=None, repr=False, compare=False)
    twin: Any = field(default=None, repr=False, compare=False)  # makes the same task for Python to step
    recipe: Any = field(default=None, repr=False, compare=False)  # custom: makes it in another process

    def need_steps(self) -> None:
        """Raises ValueError where the environment is `absent`: for what plays episodes."""
        if self.absent:
            raise ValueError(f"env: {self.absent}")

    def __copy__(self) -> EnvSpec:
        return self

    def __deepcopy__(self, memo: Any) -> EnvSpec:
        """Itself: nothing in it changes, and what steps it is shared by all who train on it."""
        return self

    def __getstate__(self) -> dict[str, Any]:
        """For a pickle: a pointer cannot travel, nor can a lambda or an open object. What is left is `absent`
        then, and still says what observations and actions are.
        """
        state = {**self.__dict__, "keepalive": None, "recipe": None}
        steps = {"factory": self.factory, "opener": self.opener, "twin": self.twin}
        if not self.absent and (self.address or not _travels(steps)):
            why = f"{self.name} could not be pickled, so this copy is without it;" + _INSTEAD
            state.update(dict.fromkeys(steps), address=0, kwargs={}, reset_options=None, absent=why)
        if not _travels(self.observation_space):
            state["observation_space"] = None
        return state

    def actions(self, outputs: NDArray[np.float32], clip: bool = True) -> NDArray[Any]:
        """The actions that policy outputs mean.

        Args:
            outputs: float32 (n, action_size).
            clip: clip Box actions to their bounds.

        Returns:
            int64 (n,) for a Discrete space (the first of equal outputs wins), int64 (n, len(choices)) for
            MultiDiscrete, (n, action_size) for a Box: float32, or `action_dtype`; whole numbers are the
            nearest to the outputs and always inside the bounds.
        """
        if self.choices:
            ends = np.cumsum(self.choices)
            chosen = [np.argmax(outputs[:, e - c : e], axis=1) for c, e in zip(self.choices, ends)]
            starts: NDArray[np.int64] = np.asarray(self.choice_starts or 0, np.int64)
            return np.stack(chosen, axis=1) + starts
        if self.discrete:
            best: NDArray[np.int64] = np.argmax(outputs, axis=1)
            return best + self.action_start
        if self.action_dtype is not None:
            return self._converted(outputs, np.dtype(self.action_dtype), clip)
        if clip and (self.action_low is not None or self.action_high is not None):
            return np.clip(outputs, self.action_low, self.action_high)
        return outputs

    def _converted(self, outputs: NDArray[np.float32], dtype: np.dtype[Any], clip: bool) -> NDArray[Any]:
        """Box actions of a type that float32 does not fit into."""
        whole = dtype.kind in "iub"
        values = np.rint(outputs.astype(np.float64)) if whole else outputs.astype(np.float64)
        if clip or whole:
            values = np.clip(values, self.action_low, self.action_high)
        if whole:
            # A float64 is exact up to 2**53, and what is beyond would wrap round.
            values = np.clip(values, -(2.0**53), 2.0**53)
        if dtype.kind in "iu":
            values = np.clip(values, float(np.iinfo(dtype).min), float(np.iinfo(dtype).max))
        with np.errstate(over="ignore"):
            return values.astype(dtype)

    def as_steps(self, actions: NDArray[Any]) -> NDArray[Any]:
        """`actions` of n episodes, each in the shape in which `step` of this environment takes it."""
        if actions.ndim == 1:
            return actions
        if self.action_shape is not None:
            return actions.reshape(len(actions), *self.action_shape)
        if self.kind == "python" and not self.discrete:
            return actions.reshape(len(actions), *(n for n in actions.shape[1:] if n != 1))
        return actions


class UnmadeFactory:
    """`EnvSpec.factory` of an environment that is only named so far."""

    def made(self) -> EnvSpec:
        """The environment itself."""
        raise NotImplementedError


def resolved(env: EnvSpec) -> EnvSpec:
    """`env` made, where it is only named so far."""
    return env.factory.made() if isinstance(env.factory, UnmadeFactory) else env
