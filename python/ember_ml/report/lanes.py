"""Any environment stepped from Python, to show it: native ones with their constants, own ones as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ember_ml import _core
from ember_ml.engines.environments import State, environment
from ember_ml.engines.select import in_python
from ember_ml.engines.step_limit import beyond_time_limit
from ember_ml.envs.abi import CustomLanes
from ember_ml.envs.lanes import Lanes, ObjectLanes, Step
from ember_ml.envs.spec import EnvSpec, resolved
from ember_ml.noise.stream import PURPOSES


class CoreMath:
    """numpy with the native engine's sine and cosine, whose last bits differ from numpy's: with them an
    episode is the native one bit for bit.
    """

    abs = staticmethod(np.abs)
    floor = staticmethod(np.floor)
    clip = staticmethod(np.clip)
    where = staticmethod(np.where)
    zeros_like = staticmethod(np.zeros_like)

    @staticmethod
    def sin(x: Any) -> Any:
        return _core.math_apply("sin", np.ascontiguousarray(x, np.float32).ravel()).reshape(np.shape(x))

    @staticmethod
    def cos(x: Any) -> Any:
        return _core.math_apply("cos", np.ascontiguousarray(x, np.float32).ravel()).reshape(np.shape(x))


class BuiltinLanes:
    """A built-in environment with its constants, in the native engine's arithmetic.

    A seed of `reset` is the number of an episode among those that `Run.evaluate` plays.
    """

    refill = True
    forgives = False

    def __init__(self, env: EnvSpec, size: int, seed: int) -> None:
        self.env = env
        self.size = size
        self.problem = environment(env.name, env.parameters)
        self._seed = seed
        self._states: list[State] = [()] * size

    def reset(self, lanes: Sequence[int], seeds: Sequence[int]) -> NDArray[np.float32]:
        n = max(1, self.problem.uniforms)
        for lane, episode in zip(lanes, seeds):
            u = np.zeros(n, np.float32)
            if self.problem.uniforms:
                u = _core.uniforms(PURPOSES["evaluate"], self._seed, 0, 0, episode, n)
            self._states[lane] = self.problem.reset(CoreMath, u)
        return self._observe(lanes)

    def step(self, lanes: Sequence[int], actions: NDArray[Any]) -> Step:
        columns = np.asarray(actions, np.float32).reshape(len(lanes), -1).T[..., None]
        before = self._state(lanes)
        after, rewards, over = self.problem.step(CoreMath, before, list(columns))
        for row, lane in enumerate(lanes):
            self._states[lane] = tuple(part[row] for part in after)
        ended = np.zeros(len(lanes), np.bool_) if over is None else np.asarray(over)[:, 0]
        return (
            self._observe(lanes),
            np.asarray(rewards, np.float64)[:, 0],
            ended,
            np.zeros(len(lanes), np.bool_),
        )

    def _state(self, lanes: Sequence[int]) -> State:
        return tuple(np.stack(parts) for parts in zip(*(self._states[lane] for lane in lanes)))

    def _observe(self, lanes: Sequence[int]) -> NDArray[np.float32]:
        return np.concatenate(self.problem.observe(CoreMath, self._state(lanes)), axis=1)

    def pose(self, lane: int) -> tuple[float, ...]:
        """The state of one lane, as numbers."""
        return tuple(float(part[0]) for part in self._states[lane])

    def close(self) -> None:
        """Nothing: states are plain memory."""


def playable(env: EnvSpec, max_steps: int | None) -> EnvSpec:
    """`env` as `open_lanes` can step it, for episodes of `max_steps`: one that a file names is made, and one
    that only the native engine can open is played by its twin in Python.

    Raises:
        ValueError: the environment is not here (`EnvSpec.absent`), or there is none.
    """
    if env.kind == "objective":
        raise ValueError(f"run: it was trained by the objective {env.name}, which has no episodes to show")
    env.need_steps()
    env = resolved(env)
    twin = in_python(env, max_steps) if env.twin is not None else None
    return beyond_time_limit(env, max_steps) if twin is None else twin


def open_lanes(env: EnvSpec, size: int, seed: int) -> Lanes:
    """Up to `size` episodes side by side; a vector environment or an object that cannot be copied has as many
    as it has.
    """
    if env.kind == "builtin":
        return BuiltinLanes(env, size, seed)
    if env.kind == "custom":
        return CustomLanes(env, size)
    if env.vector:
        lanes: Lanes = env.factory()
        return lanes
    return ObjectLanes(env.factory, min(size, env.lanes or size))


def start_of(env: EnvSpec, seed: int, episode: int) -> int:
    """What starts episode number `episode` of `Run.evaluate`, for `Lanes.reset`."""
    if env.kind == "builtin":
        return episode
    draw = _core.derived_seed64 if env.kind == "custom" else _core.derived_seed
    return int(draw(PURPOSES["evaluate"], seed, 0, 0, episode))
