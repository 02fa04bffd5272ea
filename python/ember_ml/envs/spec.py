"""What a trainer needs to know of an environment, whoever wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class EnvSpec:
    """A resolved environment.

    `kind` says who steps it: "builtin" (a header in cpp/envs), "custom" (C or numba through ember_env.h;
    `address` is the ember_env pointer), "python" (an object; `factory()` makes a new adapter, see
    envs/adapters.py).

    Sizes count numbers of the policy: `observation_size` inputs and `action_size` outputs. For one discrete
    action `action_size` is the number of choices; for a MultiDiscrete one it is the sum of `choices`, and the
    outputs of each choice are a segment. An `action_size` of 0 means that nothing but the policy can tell: a
    class written like the notebook's, without an `action_size` attribute.

    `max_steps` is the environment's own limit, which a trainer's ``max_steps=`` replaces
    (engines/step_limit.py).
    """

    name: str
    kind: Literal["builtin", "custom", "python"]
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
    action_shape: tuple[int, ...] | None = None  # of a Box; None: squeezed, as the notebook passes it
    action_start: int = 0  # first value of a Discrete space
    lanes: int | None = None  # most episodes side by side; None: any number of objects can be made
    time_limit: int | None = None  # steps after which the environment itself ends an episode (TimeLimit)

    def actions(self, outputs: NDArray[np.float32], clip: bool = True) -> NDArray[Any]:
        """The actions that policy outputs mean.

        Args:
            outputs: float32 (n, action_size).
            clip: clip Box actions to their bounds.

        Returns:
            int64 (n,) for a Discrete space (the first of equal outputs wins), int64 (n, len(choices)) for
            MultiDiscrete, float32 (n, action_size) for a Box.
        """
        if self.choices:
            ends = np.cumsum(self.choices)
            return np.stack(
                [np.argmax(outputs[:, e - c : e], axis=1) for c, e in zip(self.choices, ends)], axis=1
            )
        if self.discrete:
            return np.argmax(outputs, axis=1) + self.action_start
        if clip and (self.action_low is not None or self.action_high is not None):
            return np.clip(outputs, self.action_low, self.action_high)
        return outputs
