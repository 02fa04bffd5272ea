"""gymnasium's six MuJoCo tasks (version 5) for the native loop, their constructor's arguments included.

Everything is gymnasium's: models, defaults, observations, rewards, health. cpp/envs/mujoco/locomotion.h is
the arithmetic, this file what each task asks of it.
"""

from __future__ import annotations

import inspect
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ember_ml import _core, validate
from ember_ml.envs import messages
from ember_ml.envs.robots.library import addresses, entry_points, mujoco
from ember_ml.envs.spec import EnvSpec
from ember_ml.errors import need

#: Names of the tasks and gymnasium's classes.
TASKS = {
    "Swimmer-v5": "SwimmerEnv",
    "Hopper-v5": "HopperEnv",
    "HalfCheetah-v5": "HalfCheetahEnv",
    "Walker2d-v5": "Walker2dEnv",
    "Ant-v5": "AntEnv",
    "Humanoid-v5": "HumanoidEnv",
}

_MODULES = {"HalfCheetah-v5": "half_cheetah_v5"}

#: Arguments of gymnasium's that only rendering reads.
_RENDERING = {
    "render_mode", "width", "height", "camera_id", "camera_name", "default_camera_config", "max_geom",
    "visual_options",
}  # fmt: skip


def make(name: str, kwargs: Mapping[str, Any], twin: Any) -> EnvSpec:
    """The EnvSpec of one of `TASKS`.

    Args:
        kwargs: arguments of gymnasium's constructor, and `max_episode_steps`.
        twin: makes gymnasium's own environment, for the python engine and for pictures.

    Raises:
        MissingExtra: mujoco or gymnasium is not installed, or too old.
        TypeError, ValueError: an argument that gymnasium does not have, or a model that does not compile.
    """
    gymnasium = need("gymnasium", "mujoco")
    options = dict(kwargs)
    limit = options.pop("max_episode_steps", None)
    registered = gymnasium.spec(name)
    max_steps = registered.max_episode_steps if limit is None else limit
    arguments = _arguments(name, options)
    # What MuJoCo thinks of gymnasium's own models is nothing that a user could mend.
    with messages.once(name, said_elsewhere="xml_file" not in options):
        model = _model(name, arguments["xml_file"])
    task = _TASK_OF[name](model, arguments)
    _check_sizes(name, model, task)
    low, high = model.actuator_ctrlrange.astype(np.float32).T
    return EnvSpec(
        name=name,
        kind="custom",
        observation_size=sum(count for _, _, count, *_ in task["observed"]),
        action_size=int(model.nu),
        discrete=False,
        max_steps=validate.positive_int("max_episode_steps", max_steps),
        action_low=low.copy(),
        action_high=high.copy(),
        reward_threshold=registered.reward_threshold,
        restorable=True,
        kwargs=dict(kwargs),
        action_shape=(int(model.nu),),
        opener=Opener(name, model, task, int(max_steps), low.copy(), high.copy()),
        twin=twin,
    )


@dataclass(frozen=True)
class Opener:
    """Makes the native environment for an engine, with a simulation for each of its threads."""

    name: str
    model: Any
    task: Mapping[str, Any]
    max_steps: int
    low: Any
    high: Any

    def __call__(self, threads: int) -> Opened:
        package = mujoco()
        simulations = [package.MjData(self.model) for _ in range(threads)]
        native = _core.MujocoEnvironment.locomotion(
            name=self.name,
            max_steps=self.max_steps,
            library=entry_points(),
            task=dict(self.task),
            simulations=[addresses(self.model, data) for data in simulations],
            low=self.low.tolist(),
            high=self.high.tolist(),
        )
        return Opened(native, self.model, simulations)


@dataclass(frozen=True)
class Opened:
    """A native environment with what it points to."""

    native: Any
    model: Any
    simulations: list[Any] = field(repr=False)

    @property
    def address(self) -> int:
        return int(self.native.address)


def _arguments(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """gymnasium's defaults with `options` in their place."""
    import importlib

    module = importlib.import_module(f"gymnasium.envs.mujoco.{_MODULES.get(name, _module(name))}")
    known = {
        parameter.name: parameter.default
        for parameter in inspect.signature(getattr(module, TASKS[name]).__init__).parameters.values()
        if parameter.default is not inspect.Parameter.empty
    }
    for option in options:
        if option not in known and option not in _RENDERING:
            raise TypeError(
                f"env: {name} has no argument {option!r}{validate.suggest(option, [*known, *_RENDERING])}"
            )
    return {**known, **options}


def _module(name: str) -> str:
    return name.lower().replace("-", "_")


def _model(name: str, xml_file: str | os.PathLike[str]) -> Any:
    from gymnasium.envs.mujoco.mujoco_env import expand_model_path

    if not isinstance(xml_file, (str, os.PathLike)):
        raise TypeError(f"xml_file: got {xml_file!r}, wanted the path of a model")
    path = expand_model_path(os.fspath(xml_file))  # raises OSError where there is no such file
    try:
        return mujoco().MjModel.from_xml_path(path)
    except ValueError as error:
        raise ValueError(f"env: the model {path!r} of {name} does not compile: {error}") from error


def _check_sizes(name: str, model: Any, task: Mapping[str, Any]) -> None:
    """A model of the user's may have less than the task looks at."""
    looked_at = {"Swimmer-v5": 2}.get(name, 1)
    if task["survives"]:
        looked_at = task["height"] + (1 if task["healthy_angle"] is None else 2)
    if model.nq < looked_at:
        raise ValueError(f"env: {name} looks at {looked_at} positions, and its model has {model.nq}")
    if model.nu < 1:
        raise ValueError(f"env: the model of {name} has no actuators")
    if not any(count for _, _, count, *_ in task["observed"]):
        raise ValueError(f"env: the model of {name} leaves nothing to observe")


def _task(model: Any, arguments: Mapping[str, Any], **own: Any) -> dict[str, Any]:
    """What all tasks share; `own` is what a task says of itself."""
    package = mujoco()
    data = package.MjData(model)
    skip = validate.positive_int("frame_skip", arguments["frame_skip"])
    return {
        "frame_skip": skip,
        "dt": float(model.opt.timestep * skip),
        "qpos": data.qpos.ravel().tolist(),
        "qvel": data.qvel.ravel().tolist(),
        "reset_noise": validate.not_negative("reset_noise_scale", arguments["reset_noise_scale"]),
        "normal_velocities": False,
        "controls": int(model.nu),
        "mover": "joint",
        "body": 0,
        "masses": model.body_mass.tolist(),
        "total_mass": float(model.body_mass.sum()),
        "forward_weight": validate.real("forward_reward_weight", arguments["forward_reward_weight"]),
        "control_weight": validate.real("ctrl_cost_weight", arguments["ctrl_cost_weight"]),
        "control_in_double": False,
        "contact": "none",
        "contact_weight": validate.real("contact_cost_weight", arguments.get("contact_cost_weight", 0.0)),
        "contact_range": (-math.inf, math.inf),
        "forces": int(data.cfrc_ext.size),
        "survives": "healthy_reward" in arguments,
        "healthy_reward": validate.real("healthy_reward", arguments.get("healthy_reward", 0.0)),
        "terminates": bool(arguments.get("terminate_when_unhealthy", False)),
        "height": 1,
        "healthy_height": _range(arguments, "healthy_z_range"),
        "inclusive": False,
        "healthy_angle": None,
        "healthy_state": None,
        **own,
    }


def _range(arguments: Mapping[str, Any], key: str) -> tuple[float, float]:
    given = arguments.get(key, (-math.inf, math.inf))
    try:
        low, high = (float(bound) for bound in given)
    except (TypeError, ValueError):
        raise ValueError(f"{key}: got {given!r}, wanted two numbers, low and high") from None
    if math.isnan(low) or math.isnan(high):
        raise ValueError(f"{key}: got {given!r}, wanted two numbers, low and high")
    return low, high


def _part(name: str, first: int, count: int, limits: tuple[float, float] | None = None) -> tuple[Any, ...]:
    low, high = limits or (-math.inf, math.inf)
    return (name, first, count, limits is not None, float(low), float(high))


def _positions(
    model: Any, arguments: Mapping[str, Any], hidden: int, speed_limit: float | None = None
) -> list[tuple[Any, ...]]:
    first = hidden if arguments["exclude_current_positions_from_observation"] else 0
    limits = None if speed_limit is None else (-speed_limit, speed_limit)
    return [_part("qpos", first, max(0, int(model.nq) - first)), _part("qvel", 0, int(model.nv), limits)]


def _beyond_the_world(name: str, values: int, bodies: int) -> tuple[Any, ...]:
    """An array of bodies but the first, the world: (name, where it begins, how many numbers)."""
    return _part(name, values, values * (bodies - 1))


def _swimmer(model: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return _task(model, arguments, observed=_positions(model, arguments, 2))


def _half_cheetah(model: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return _task(model, arguments, normal_velocities=True, observed=_positions(model, arguments, 1))


def _hopper(model: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return _task(
        model,
        arguments,
        observed=_positions(model, arguments, 1, 10.0),
        healthy_angle=_range(arguments, "healthy_angle_range"),
        healthy_state=_range(arguments, "healthy_state_range"),
    )


def _walker(model: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return _task(
        model,
        arguments,
        observed=_positions(model, arguments, 1, 10.0),
        healthy_angle=_range(arguments, "healthy_angle_range"),
    )


def _ant(model: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    limits = _range(arguments, "contact_force_range")
    observed = _positions(model, arguments, 2)
    if arguments["include_cfrc_ext_in_observation"]:
        name, first, count, *_ = _beyond_the_world("cfrc_ext", 6, int(model.nbody))
        observed.append(_part(name, first, count, (limits[0], limits[1])))
    try:
        body = model.body(arguments["main_body"])
    except (KeyError, IndexError) as error:
        raise ValueError(f"main_body: got {arguments['main_body']!r}; {error.args[0]}") from None
    return _task(
        model,
        arguments,
        normal_velocities=True,
        observed=observed,
        mover="body",
        body=int(body.id),
        contact="forces",
        contact_range=limits,
        height=2,
        inclusive=True,
    )


def _humanoid(model: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    bodies = int(model.nbody)
    observed = _positions(model, arguments, 2)
    # gymnasium asks `is True` here, so that anything else leaves the part out.
    if arguments["include_cinert_in_observation"] is True:
        observed.append(_beyond_the_world("cinert", 10, bodies))
    if arguments["include_cvel_in_observation"] is True:
        observed.append(_beyond_the_world("cvel", 6, bodies))
    if arguments["include_qfrc_actuator_in_observation"] is True:
        observed.append(_part("qfrc_actuator", 6, max(0, int(model.nv) - 6)))
    if arguments["include_cfrc_ext_in_observation"] is True:
        observed.append(_beyond_the_world("cfrc_ext", 6, bodies))
    return _task(
        model,
        arguments,
        observed=observed,
        mover="mass",
        control_in_double=True,
        contact="cost",
        contact_range=_range(arguments, "contact_cost_range"),
        height=2,
    )


_TASK_OF = {
    "Swimmer-v5": _swimmer,
    "Hopper-v5": _hopper,
    "HalfCheetah-v5": _half_cheetah,
    "Walker2d-v5": _walker,
    "Ant-v5": _ant,
    "Humanoid-v5": _humanoid,
}
