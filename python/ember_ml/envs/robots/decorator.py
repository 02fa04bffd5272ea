"""A robot of your own: any MuJoCo model and a few plain functions, compiled by numba, in native threads.

    @envs.mujoco(model="arm.xml", frame_skip=5, observation_size=4, max_steps=200)
    class Arm:
        def reset(qpos, rng):                        # from the model's start, which is set before
            qpos[0] = envs.uniform(rng, -0.1, 0.1)

        def observe(qpos, qvel, observation):        # fill observation (float32)
            observation[0:2] = qpos
            observation[2:4] = qvel

        def reward(site_xpos, action):               # after frame_skip physics steps
            return -abs(site_xpos[0, 2] - 0.5) - 0.01 * action[0] ** 2

        def terminated(qpos):                        # left out: only the time limit ends an episode
            return abs(qpos[0]) > 3.0

        def control(action, ctrl):                   # left out: the action is ctrl
            ctrl[0] = 2.0 * action[0]

A function names what it wants to see: any float64 array of mjData (qpos, qvel, act, ctrl, xpos, xquat, xmat,
site_xpos, sensordata, cfrc_ext, subtree_com, mocap_pos, userdata, ...) in the shape that Python's `mujoco`
shows, `time` (s), and `action`, `observation`, `rng` as above. What is remembered from step to step lies in
mjData too: `<size nuserdata="3"/>` in the model gives `userdata`. With `randomize=("body_mass", ...)` reset
may also name and change those fields of the model; each episode begins with the model as it was compiled.

Arrays are as mj_step and mj_rnePostConstraint leave them: qpos and qvel are those of the new state, positions
of bodies and sites those from which the last physics step was taken, as in gymnasium's tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ember_ml import validate
from ember_ml.envs import messages
from ember_ml.envs.numba_env import Decoration
from ember_ml.envs.robots.compiled import compile_robot
from ember_ml.envs.robots.in_python import RobotInPython
from ember_ml.envs.robots.robot import MOVES, Robot, load
from ember_ml.envs.spec import EnvSpec
from ember_ml.errors import need


def mujoco(
    *,
    model: Any,
    observation_size: int,
    max_steps: int,
    frame_skip: int = 1,
    action_size: int | None = None,
    action_low: Any = None,
    action_high: Any = None,
    randomize: Sequence[str] = (),
    name: str | None = None,
) -> Callable[[type], EnvSpec]:
    """Decorates a class of plain functions `reset`, `observe`, `reward`, and where wanted `terminated` and
    `control` (see the top of this module).

    The functions first run in plain Python for a few episodes, which finds mistakes with a readable error;
    then numba compiles them. The class becomes an EnvSpec, which `es.train` and `es.Trainer` take.

    Args:
        model: a file (MJCF, URDF), MJCF text, or a `mujoco.MjModel`.
        observation_size: float32 numbers of an observation.
        max_steps: actions after which an episode ends.
        frame_skip: physics steps of an action.
        action_size: numbers of an action where `control` makes ctrl of them; else the model's controls.
        action_low, action_high: bounds, one number or (action_size,); None takes the model's ctrlrange
            where there is one and no `control`.
        randomize: float64 fields of the model that reset changes (body_mass, dof_damping, ...).
        name: for messages; None takes the class's.

    Raises:
        MissingExtra: mujoco or numba is not installed.
        FileNotFoundError: no such file.
        ValueError, TypeError: a model that does not compile, an unknown field, or what the checked run or
            the compiler found.
    """
    sizes = {
        "observation_size": validate.positive_int("observation_size", observation_size),
        "max_steps": validate.positive_int("max_steps", max_steps),
        "frame_skip": validate.positive_int("frame_skip", frame_skip),
    }
    if action_size is not None:
        action_size = validate.positive_int("action_size", action_size)
    if not isinstance(randomize, (list, tuple)) or not all(isinstance(field, str) for field in randomize):
        raise TypeError(f"randomize: got {randomize!r}, wanted a tuple of names")

    def decorate(functions: type) -> EnvSpec:
        if not isinstance(functions, type):
            raise TypeError(f"envs.mujoco: got {functions!r}, wanted a class of functions")
        need("numba", "numba")
        robot = Robot(
            functions, name or functions.__name__, load(model), tuple(randomize), action_size, **sizes
        )
        low, high = robot.bounds(action_low, action_high)
        check(robot, low, high)
        arguments = {
            "model": robot.model, "action_size": action_size, "action_low": action_low,
            "action_high": action_high, "randomize": tuple(randomize), "name": name, **sizes,
        }  # fmt: skip
        spec = compile_robot(robot, low, high)
        return replace(spec, recipe=Decoration(mujoco, arguments, functions))

    return decorate


def check(robot: Robot, low: Any, high: Any) -> None:
    """Runs episodes in plain Python.

    Raises:
        ValueError: for what numba would turn into wrong numbers, for an array that does not stay where
            it is, and where every simulation diverges.
    """
    random = np.random.default_rng(0)
    env = RobotInPython(robot, low, high)
    before = env.places()
    diverged = 0
    messages.take_mujoco_messages()
    with messages.unheard:
        for seed in range(3):
            env.reset(seed=seed)
            for _ in range(min(robot.max_steps, 20)):
                if env.step(robot.draw(random, low, high))[2] or env.diverged:
                    break
            diverged += env.diverged
    if diverged == 3:
        raise ValueError(
            f"{robot.name}: the simulation diverges within 20 steps of any start; look at the model"
        )
    for field, place in env.places().items():
        if before[field] != place:
            raise ValueError(f"{robot.name} names {field!r}, which {MOVES}")
