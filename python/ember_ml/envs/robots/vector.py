"""gymnasium's six MuJoCo tasks as vector environments: simulations stepped on native threads.

They agree with gymnasium's SyncVectorEnv step by step, seeded starts and infos included. Importing this
module needs gymnasium and mujoco; `ember_ml.gym` registers the classes at its end.
"""

from __future__ import annotations

import math
import time
from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode
from numpy.typing import ArrayLike, NDArray

from ember_ml import _core
from ember_ml.envs.messages import headless
from ember_ml.envs.robots import locomotion
from ember_ml.envs.robots.library import mujoco
from ember_ml.envs.vector import NativeVectorEnv
from ember_ml.validate import positive_int

#: Columns of the core's report (cpp/envs/mujoco/batch.h).
_REWARD, _X_VELOCITY, _Y_VELOCITY, _FORWARD, _CONTROL, _CONTACT, _SURVIVE, _X, _Y = range(9)

#: Starting a thread costs about this, s: less work than this is not worth one.
_THREAD = 5e-5

_VELOCITY = {"x_velocity": _X_VELOCITY, "reward_forward": _FORWARD, "reward_ctrl": _CONTROL}
_WALKING = {**_VELOCITY, "reward_survive": _SURVIVE}
_PLANE = {**_VELOCITY, "y_velocity": _Y_VELOCITY}
_CONTACTS = {**_PLANE, "reward_contact": _CONTACT, "reward_survive": _SURVIVE}


class MujocoVectorEnv(NativeVectorEnv):
    """`num_envs` copies of one of gymnasium's MuJoCo tasks; observations are float64, actions float32.

    Args:
        num_envs: copies; number i is seeded with seed + i.
        max_episode_steps: time limit, at which an episode is truncated; None: none.
        render_mode: "rgb_array", drawn by gymnasium's own renderer, or None.
        autoreset_mode: gymnasium's AutoresetMode or its value.
        threads: at most so many step; None: all cores. Never changes a number.
        kwargs: of gymnasium's environment (`ctrl_cost_weight`, `healthy_z_range`, `xml_file`, ...).

    Raises:
        TypeError, ValueError, OSError: an argument that gymnasium does not have, or a model that is none.
        RuntimeError: from `reset` and `step`, where MuJoCo reports an error.
    """

    columns: ClassVar[dict[str, int]]  # what `info` takes from the report
    far: ClassVar[bool] = False  # has y_position and distance_from_origin
    high: ClassVar[bool] = False  # has z_distance_from_origin
    tendons: ClassVar[bool] = False

    def __init__(
        self,
        num_envs: int = 1,
        max_episode_steps: int | None = None,
        render_mode: str | None = None,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        threads: int | None = None,
        **kwargs: Any,
    ) -> None:
        positive_int("num_envs", num_envs)
        self._limit = math.inf if max_episode_steps is None else max_episode_steps
        self._most = _core.available_threads() if threads is None else positive_int("threads", threads)
        env = locomotion.make(self.env_name, kwargs, None)
        self._mode = self._describe(num_envs, render_mode, autoreset_mode, kwargs)
        assert isinstance(env.opener, locomotion.Opener) and env.opener is not None
        self._opened = env.opener(num_envs)
        self._task = env.opener.task
        self._random: list[np.random.Generator | None] = [None] * num_envs
        self._observations = np.zeros((num_envs, env.observation_size))
        self._elapsed = np.zeros(num_envs, np.int64)
        self._over = np.zeros(num_envs, np.bool_)
        self._one_step = _THREAD  # s a simulation takes, by the last step's clock
        self._warned = False
        whole = type(kwargs.get("healthy_reward")) is int
        self._types: dict[str, type[np.number[Any]]] = {
            "reward_ctrl": np.float64 if self._task["control_in_double"] else np.float32,
            "reward_survive": np.int64 if whole else np.float64,
        }

    @property
    def state(self) -> NDArray[np.float64]:
        """qpos and qvel of every simulation, float64 (num_envs, nq + nv), a copy."""
        return np.array([np.concatenate([data.qpos, data.qvel]) for data in self._opened.simulations])

    def _start_stream(self, i: int, seed: int) -> None:
        self._random[i] = seeding.np_random(seed)[0]

    def _bounds(self, options: dict[str, Any] | None) -> tuple[float | None, float | None]:
        return None, None

    def _begin(
        self, mask: NDArray[np.bool_] | None, bounds: tuple[float | None, float | None]
    ) -> tuple[NDArray[Any], dict[str, Any]]:
        chosen = np.ones(self.num_envs, np.bool_) if mask is None else mask
        self._restart(chosen)
        return self._observations.copy(), self._places(chosen)

    def _restart(self, chosen: NDArray[np.bool_]) -> None:
        """Starts these episodes where gymnasium's `reset_model` does, by its draws."""
        task = self._task
        noise = task["reset_noise"]
        for i in np.flatnonzero(chosen):
            random = self._random[i]
            assert random is not None
            qpos = task["qpos"] + random.uniform(low=-noise, high=noise, size=len(task["qpos"]))
            count = len(task["qvel"])
            if task["normal_velocities"]:
                qvel = task["qvel"] + noise * random.standard_normal(count)
            else:
                qvel = task["qvel"] + random.uniform(low=-noise, high=noise, size=count)
            self._observations[i] = self._opened.native.reset(int(i), qpos, qvel)
        self._elapsed[chosen] = 0
        self._over[chosen] = False

    def step(
        self, actions: ArrayLike
    ) -> tuple[
        NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]
    ]:
        """Steps every environment. actions: (num_envs, action values), taken as float32."""
        if not self._started:
            raise gymnasium.error.ResetNeeded("Cannot call env.step() before calling env.reset()")
        ended = self._over.copy()
        if self._mode is AutoresetMode.DISABLED and ended.any():
            raise gymnasium.error.ResetNeeded(
                f"environments {np.flatnonzero(ended).tolist()} are over: reset them by options['reset_mask']"
            )
        if ended.any():
            self._restart(ended)
        played = ~ended
        report, terminated = self._play(played, actions)
        self._elapsed[played] += 1
        truncated = played & (self._elapsed >= self._limit)
        self._over = terminated | truncated
        info: dict[str, Any] = {}
        if self._mode is AutoresetMode.SAME_STEP and self._over.any():
            over = self._over.copy()
            self._put(info, "final_obs", over, self._rows(over))
            self._put(info, "final_info", over, {**self._places(over), **self._told(over, report)})
            self._restart(over)
            played &= ~over
        info.update(self._places(np.ones(self.num_envs, np.bool_)))
        info.update(self._told(played, report))
        return self._observations.copy(), report[:, _REWARD].copy(), terminated, truncated, info

    def _play(
        self, played: NDArray[np.bool_], actions: ArrayLike
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        which = np.flatnonzero(played)
        threads = int(min(self._most, 1 + self._one_step * len(which) / _THREAD))
        begun = time.perf_counter()
        seen, report, terminated = self._opened.native.step_many(which.tolist(), actions, threads)
        if len(which):
            busy = min(threads, len(which))
            self._one_step = (time.perf_counter() - begun) * busy / len(which)
        self._observations[played] = seen[played]
        if not self._warned and any(self._opened.native.diverged(int(i)) for i in which):
            self._warned = True
            gymnasium.logger.warn(f"{self.env_name}: a simulation became unstable, and MuJoCo set it back")
        return report, terminated.astype(np.bool_)

    def _told(self, mask: NDArray[np.bool_], report: NDArray[np.float64]) -> dict[str, Any]:
        """What gymnasium's environments say in `info` of a step beyond where they are."""
        info: dict[str, Any] = {}
        for key, column in self.columns.items():
            values = np.where(mask, report[:, column], 0.0)
            self._put(info, key, mask, values.astype(self._types.get(key, np.float64)))
        return info

    def _places(self, mask: NDArray[np.bool_]) -> dict[str, Any]:
        """What they say of a state, after a start as after a step."""
        info: dict[str, Any] = {}
        count = self.num_envs
        simulations = self._opened.simulations
        x, y, away = np.zeros(count), np.zeros(count), np.zeros(count)
        rows = np.flatnonzero(mask)
        for i in rows:
            place = simulations[i].qpos[:2]
            x[i], y[i] = place
            if self.far:
                away[i] = math.sqrt(place.dot(place))
        self._put(info, "x_position", mask, x)
        if self.far:
            self._put(info, "y_position", mask, y)
            self._put(info, "distance_from_origin", mask, away)
        if self.high:
            y[rows] -= self._task["qpos"][1]
            self._put(info, "z_distance_from_origin", mask, y)
        if self.tendons:
            for key, name in (("tendon_length", "ten_length"), ("tendon_velocity", "ten_velocity")):
                values = np.zeros((count, getattr(simulations[0], name).size))
                for i in rows:
                    values[i] = getattr(simulations[i], name)
                self._put(info, key, mask, values)
        return info

    @staticmethod
    def _put(info: dict[str, Any], key: str, mask: NDArray[np.bool_], values: Any) -> None:
        if mask.any():
            info[key], info[f"_{key}"] = values, mask.copy()

    def _rows(self, mask: NDArray[np.bool_]) -> NDArray[Any]:
        rows = np.full(self.num_envs, None, object)
        for i in np.flatnonzero(mask):
            rows[i] = self._observations[i].copy()
        return rows

    def render(self) -> tuple[Any, ...] | None:
        """One RGB picture (height, width, 3) for each environment, all seen from where gymnasium's renderer
        stands for the first.
        """
        if self.render_mode is None:
            gymnasium.logger.warn(
                "render() was called without a render_mode; make it with render_mode='rgb_array'"
            )
            return None
        frames = []
        twin: Any = self._twin.unwrapped
        with headless():
            for data in self._opened.simulations:
                mujoco().mj_copyData(twin.data, self._opened.model, data)
                frames.append(self._twin.render())
        return tuple(frames)


class Swimmer(MujocoVectorEnv):
    env_name = "Swimmer-v5"
    columns = _PLANE
    far = True


class Hopper(MujocoVectorEnv):
    env_name = "Hopper-v5"
    columns = _WALKING
    high = True


class HalfCheetah(MujocoVectorEnv):
    env_name = "HalfCheetah-v5"
    columns = _VELOCITY


class Walker2d(MujocoVectorEnv):
    env_name = "Walker2d-v5"
    columns = _WALKING
    high = True


class Ant(MujocoVectorEnv):
    env_name = "Ant-v5"
    columns = _CONTACTS
    far = True


class Humanoid(MujocoVectorEnv):
    env_name = "Humanoid-v5"
    columns = _CONTACTS
    far = True
    tendons = True


#: By name.
CLASSES: dict[str, type[NativeVectorEnv]] = {
    kind.__name__: kind for kind in (Swimmer, Hopper, HalfCheetah, Walker2d, Ant, Humanoid)
}
