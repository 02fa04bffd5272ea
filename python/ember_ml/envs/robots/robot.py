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

import inspect
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ember_ml import validate
from ember_ml.envs import messages
from ember_ml.envs.numba_env import Decoration, _bound
from ember_ml.envs.robots.library import mujoco as package
from ember_ml.envs.spec import EnvSpec
from ember_ml.errors import need

#: What the functions may name besides arrays.
ACTION, OBSERVATION, RNG, TIME = "action", "observation", "rng", "time"

#: Arrays of mjData with such names lie elsewhere, and have another length, in each step.
_MOVING = ("efc_", "efm_", "iefc_", "ifrc_", "iacc", "iM", "iLD")

#: The functions and what each may name beyond arrays, time and rng.
_FUNCTIONS: dict[str, tuple[str, ...]] = {
    "reset": (),
    "control": (ACTION,),
    "observe": (OBSERVATION,),
    "reward": (ACTION,),
    "terminated": (ACTION,),
}


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
        from ember_ml.envs.robots.compiled import compile_robot

        if not isinstance(functions, type):
            raise TypeError(f"envs.mujoco: got {functions!r}, wanted a class of functions")
        need("numba", "numba")
        robot = Robot(
            functions, name or functions.__name__, load(model), tuple(randomize), action_size, **sizes
        )
        low, high = robot.bounds(action_low, action_high)
        robot.check(low, high)
        arguments = {
            "model": robot.model, "action_size": action_size, "action_low": action_low,
            "action_high": action_high, "randomize": tuple(randomize), "name": name, **sizes,
        }  # fmt: skip
        spec = compile_robot(robot, low, high)
        return replace(spec, recipe=Decoration(mujoco, arguments, functions))

    return decorate


def load(model: Any) -> Any:
    """The MjModel of a file, of MJCF text, or itself."""
    mj = package()
    if isinstance(model, mj.MjModel):
        return model
    if not isinstance(model, (str, os.PathLike)):
        raise TypeError(f"model: got {type(model).__name__}, wanted a file, MJCF text or a mujoco.MjModel")
    text = os.fspath(model)
    with messages.once(f"model {text[:200]}"):
        try:
            if "<mujoco" in text:
                return mj.MjModel.from_xml_string(text)
            if not os.path.isfile(text):
                raise FileNotFoundError(f"model: there is no file {text!r}")
            return mj.MjModel.from_xml_path(text)
        except ValueError as error:
            which = "the text" if "<mujoco" in text else repr(text)
            raise ValueError(f"model: {which} does not compile: {error}") from error


class Robot:
    """The user's functions, the model and the sizes that belong to them."""

    def __init__(
        self,
        functions: type,
        name: str,
        model: Any,
        randomize: tuple[str, ...],
        action_size: int | None,
        observation_size: int,
        max_steps: int,
        frame_skip: int,
    ) -> None:
        self.name, self.model, self.randomize = name, model, randomize
        self.observation_size, self.max_steps, self.frame_skip = observation_size, max_steps, frame_skip
        data = package().MjData(model)
        for field in randomize:
            _array(name, "randomize", field, model)
        #: Functions by name, those that are left out missing; the names of their parameters in order.
        self.functions: dict[str, Callable[..., Any]] = {}
        self.parameters: dict[str, tuple[str, ...]] = {}
        for key in _FUNCTIONS:
            self._take(functions, key, data)
        for field in randomize:
            if field not in self.parameters["reset"]:
                raise ValueError(f"{name}: randomize names {field!r}, which {name}.reset does not name")
        own = self.functions.get("control")
        if own is None and action_size is not None and action_size != model.nu:
            raise ValueError(
                f"{name}: action_size is {action_size}, but the model has {model.nu} controls; without"
                " control(action, ctrl) an action is what they are set to"
            )
        self.action_size = int(model.nu) if action_size is None else action_size
        if self.action_size < 1:
            raise ValueError(
                f"{name}: the model has no actuators; give action_size= and control(action, ...)"
            )

    @property
    def arrays(self) -> tuple[str, ...]:
        """Every array that some function names, once."""
        named = (p for parameters in self.parameters.values() for p in parameters)
        return tuple(dict.fromkeys(p for p in named if p not in (ACTION, OBSERVATION, RNG, TIME)))

    def _take(self, functions: type, key: str, data: Any) -> None:
        function = inspect.getattr_static(functions, key, None)
        function = getattr(function, "__func__", function)
        if function is None and key in ("terminated", "control"):
            return
        if not inspect.isfunction(function):
            raise ValueError(f"{self.name} has no function {key}")
        names = tuple(inspect.signature(function).parameters)
        allowed = (*_FUNCTIONS[key], RNG, TIME)
        for parameter in names:
            if parameter in (ACTION, OBSERVATION, RNG, TIME):
                if parameter not in allowed:
                    raise ValueError(f"{self.name}.{key} names {parameter}, which it has not")
            elif parameter in self.randomize:
                if key != "reset":
                    raise ValueError(f"{self.name}.{key} names {parameter}; only reset may change the model")
            else:
                _array(self.name, key, parameter, data)
        wanted = {"observe": OBSERVATION, "control": ACTION}.get(key)
        if wanted is not None and wanted not in names:
            raise ValueError(f"{self.name}.{key} does not name {wanted}")
        self.functions[key], self.parameters[key] = function, names

    def bounds(self, low: Any, high: Any) -> tuple[Any, Any]:
        limited = np.asarray(self.model.actuator_ctrllimited, bool)
        found: list[Any] = []
        for key, given, column in (("action_low", low, 0), ("action_high", high, 1)):
            bound = _bound(key, given, self.action_size)
            if bound is None and "control" not in self.functions and limited.any():
                free = -np.inf if column == 0 else np.inf
                bound = np.where(limited, self.model.actuator_ctrlrange[:, column], free).astype(np.float32)
            found.append(bound)
        if all(bound is not None for bound in found) and (found[0] > found[1]).any():
            raise ValueError(f"{self.name}: action_low is above action_high")
        return found[0], found[1]

    def check(self, low: Any, high: Any) -> None:
        """Runs episodes in plain Python.

        Raises:
            ValueError: for what numba would turn into wrong numbers, for an array that does not stay where
                it is, and where every simulation diverges.
        """
        from ember_ml.envs.robots.in_python import RobotInPython

        random = np.random.default_rng(0)
        env = RobotInPython(self, low, high)
        before = env.places()
        diverged = 0
        messages.take_mujoco_messages()
        with messages.unheard:
            for seed in range(3):
                env.reset(seed=seed)
                for _ in range(min(self.max_steps, 20)):
                    if env.step(self.draw(random, low, high))[2] or env.diverged:
                        break
                diverged += env.diverged
        if diverged == 3:
            raise ValueError(
                f"{self.name}: the simulation diverges within 20 steps of any start; look at the model"
            )
        for field, place in env.places().items():
            if before[field] != place:
                raise ValueError(f"{self.name} names {field!r}, which {_MOVES}")

    def draw(self, random: np.random.Generator, low: Any, high: Any) -> Any:
        least = np.full(self.action_size, -1.0) if low is None else np.maximum(low, -1e3)
        most = np.full(self.action_size, 1.0) if high is None else np.minimum(high, 1e3)
        return random.uniform(least, np.maximum(least, most)).astype(np.float32)

    def reward_of(self, answer: Any, at: str) -> float:
        if isinstance(answer, (bool, np.bool_)) or not isinstance(answer, (int, float, np.number)):
            raise ValueError(f"{self.name}.reward returned {answer!r} at {at}; wanted a number")
        if not math.isfinite(answer):
            raise ValueError(f"{self.name}.reward returned {answer!r} at {at}")
        return float(answer)


_MOVES = "has another place and length in each step; sensors and cfrc_ext tell of contacts and forces"


def _array(name: str, key: str, field: str, owner: Any) -> Any:
    """The float64 array `field` of an MjData or MjModel."""
    kind = "mjData" if hasattr(owner, "qpos") else "mjModel"
    if kind == "mjData" and field.startswith(_MOVING):
        raise ValueError(f"{name}.{key} names {field!r}, which {_MOVES}")
    values = getattr(owner, field, None)
    if _is_usable(values):
        return values
    what = "is not there" if values is None else "is not a float64 array"
    known = [
        n for n in dir(owner) if not n.startswith(("_", *_MOVING)) and _is_usable(getattr(owner, n, None))
    ]
    if kind == "mjData" and isinstance(inspect.getattr_static(package().MjModel, field, None), property):
        hint = "; a field of the model is for reset alone, and randomize= names it"
    else:
        hint = validate.suggest(field, known)
    raise ValueError(f"{name}.{key} names {field!r}, which {what} in {kind}{hint}")


def _is_usable(values: Any) -> bool:
    return isinstance(values, np.ndarray) and values.dtype == np.float64 and values.flags.c_contiguous
