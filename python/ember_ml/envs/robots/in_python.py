"""A robot's functions in plain Python: the checked run, the python engine, and pictures."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from ember_ml.envs.robots.library import bad_states
from ember_ml.envs.robots.library import mujoco as package
from ember_ml.envs.robots.robot import ACTION, OBSERVATION, RNG, TIME, Robot


class RobotInPython:
    """An environment object, gymnasium's way, with `render()`.

    Args:
        robot: functions, model and sizes.
        low, high: bounds of the actions, float32 (action_size,) or None.
    """

    def __init__(self, robot: Robot, low: Any = None, high: Any = None) -> None:
        mj = package()
        self.robot = robot
        self.observation_size, self.action_size = robot.observation_size, robot.action_size
        self.max_steps = robot.max_steps
        self.action_low, self.action_high = low, high
        self.model = mj.MjModel.__copy__(robot.model) if robot.randomize else robot.model
        self.data = mj.MjData(self.model)
        self._rng = np.zeros(1, np.uint64)
        self._painter: Any = None
        self._step = 0

    def reset(self, *, seed: int = 0, options: Any = None) -> tuple[Any, dict[str, Any]]:
        mj, robot = package(), self.robot
        mj.mj_resetData(self.model, self.data)
        for field in robot.randomize:
            getattr(self.model, field)[:] = getattr(robot.model, field)
        self._rng[0] = seed
        self._seed, self._step = seed, 0
        answer = self._call("reset")
        if answer is not None:
            raise ValueError(f"{robot.name}.reset returned {answer!r}; it changes arrays and returns nothing")
        with self._errors():
            if robot.randomize:
                kind = mj.mjtState.mjSTATE_INTEGRATION
                kept = np.empty(mj.mj_stateSize(self.model, kind))
                mj.mj_getState(self.model, self.data, kept, kind)
                mj.mj_setConst(self.model, self.data)
                mj.mj_setState(self.model, self.data, kept, kind)
            mj.mj_forward(self.model, self.data)
        return self._observe(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        mj, robot = package(), self.robot
        action = np.asarray(action, np.float32).reshape(self.action_size)
        if "control" in robot.functions:
            self._call("control", action)
        else:
            self.data.ctrl[:] = action
        with self._errors():
            mj.mj_step(self.model, self.data, nstep=robot.frame_skip)
            mj.mj_rnePostConstraint(self.model, self.data)
        self._step += 1
        observation = self._observe()
        reward = robot.reward_of(self._call("reward", action), self._at())
        over = self._call("terminated", action) if "terminated" in robot.functions else False
        if not isinstance(over, (bool, np.bool_)):
            raise ValueError(
                f"{robot.name}.terminated returned {over!r} at {self._at()}; wanted True or False"
            )
        return observation, reward, bool(over), False, {}

    @property
    def diverged(self) -> bool:
        """Whether MuJoCo had to set the simulation back since the last reset."""
        return bad_states(self.data) > 0

    def places(self) -> dict[str, tuple[int, tuple[int, ...]]]:
        """Address and shape of every array that the functions name."""
        arrays = {name: getattr(self._owner(name), name) for name in self.robot.arrays}
        return {name: (values.ctypes.data, values.shape) for name, values in arrays.items()}

    def _owner(self, name: str) -> Any:
        return self.model if name in self.robot.randomize else self.data

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except package().FatalError as error:
            raise ValueError(f"{self.robot.name}: MuJoCo reports at {self._at()}: {error}") from error

    def _observe(self) -> Any:
        observation = np.full(self.observation_size, np.nan, np.float32)
        self._call("observe", observation=observation)
        if not np.isfinite(observation).all():
            missing = np.flatnonzero(~np.isfinite(observation)).tolist()
            raise ValueError(
                f"{self.robot.name}.observe left observation{missing} unwritten or not finite at {self._at()}"
            )
        return observation

    def _call(self, key: str, action: Any = None, observation: Any = None) -> Any:
        special = {ACTION: action, OBSERVATION: observation, RNG: self._rng, TIME: self.data.time}
        robot = self.robot
        arguments = [
            special[name] if name in special else getattr(self._owner(name), name)
            for name in robot.parameters[key]
        ]
        try:
            return robot.functions[key](*arguments)
        except Exception as error:
            raise ValueError(
                f"{robot.name}.{key} raised {type(error).__name__} at {self._at()}: {error}"
            ) from error

    def _at(self) -> str:
        return f"step {self._step} of the episode of seed {self._seed}"

    def render(self, width: int = 480, height: int = 360) -> Any:
        """The scene as it is, uint8 (height, width, 3), seen by the model's first camera.

        Raises:
            NoPictures: OpenGL works in no way here.
        """
        from ember_ml.envs.robots.picture import Painter

        if self._painter is None:
            self._painter = Painter(self.model, width, height)
        return self._painter.paint(self.data)

    def close(self) -> None:
        if self._painter is not None:
            self._painter.close()
            self._painter = None
