"""What a trainer needs to know of an environment, whoever wrote it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class EnvSpec:
    """A resolved environment.

    `kind` says who steps it: "builtin" (a header in cpp/envs), "custom" (C or numba through ember_env.h; `address` is
    the ember_env pointer), "python" (an object; `factory()` makes a new one).
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
