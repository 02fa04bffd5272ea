"""A robot of the user's own as both loops know it: model, functions, and what each of them names."""

from __future__ import annotations

import inspect
import math
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from ember_ml import validate
from ember_ml.envs import messages
from ember_ml.envs.numba_env import _bound
from ember_ml.envs.robots.library import mujoco as package

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


MOVES = "has another place and length in each step; sensors and cfrc_ext tell of contacts and forces"


def _array(name: str, key: str, field: str, owner: Any) -> Any:
    """The float64 array `field` of an MjData or MjModel."""
    kind = "mjData" if hasattr(owner, "qpos") else "mjModel"
    if kind == "mjData" and field.startswith(_MOVING):
        raise ValueError(f"{name}.{key} names {field!r}, which {MOVES}")
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
