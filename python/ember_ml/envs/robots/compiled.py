"""A robot's functions compiled by numba into what the core calls (cpp/envs/mujoco/robot.h)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from ember_ml import _core
from ember_ml.envs.messages import unheard
from ember_ml.envs.numba_compile import _gist, _teach
from ember_ml.envs.robots.in_python import RobotInPython
from ember_ml.envs.robots.library import addresses, entry_points, mujoco
from ember_ml.envs.robots.locomotion import Opened
from ember_ml.envs.robots.robot import ACTION, OBSERVATION, RNG, TIME, Robot
from ember_ml.envs.spec import EnvSpec

#: Slots of the table before the arrays, in cpp/envs/mujoco/robot.h's order.
_SLOTS = ("action", "observation", "reward", "flags", "rng", "time")


def compile_robot(robot: Robot, low: Any, high: Any) -> EnvSpec:
    """The EnvSpec of a robot whose functions have been checked.

    Raises:
        ValueError: numba cannot compile a function, or it then gives other numbers than in Python.
    """
    spec = EnvSpec(
        name=robot.name,
        kind="custom",
        observation_size=robot.observation_size,
        action_size=robot.action_size,
        discrete=False,
        max_steps=robot.max_steps,
        action_low=low,
        action_high=high,
        restorable=False,
        action_shape=(robot.action_size,),
        opener=RobotOpener(robot, _compile(robot), low, high),
        twin=partial(RobotInPython, robot, low, high),
    )
    _compare(robot, spec)
    return spec


@dataclass(frozen=True)
class RobotOpener:
    """Makes the native environment for an engine, with a simulation for each of its threads."""

    robot: Robot
    compiled: dict[str, Any] = field(repr=False)
    low: Any
    high: Any

    def __call__(self, threads: int) -> Opened:
        mj, robot = mujoco(), self.robot
        kinds = mj.mjtState
        # Each thread's own where reset changes it.
        models = [
            mj.MjModel.__copy__(robot.model) if robot.randomize else robot.model for _ in range(threads)
        ]
        data = [mj.MjData(model) for model in models]
        whole = kinds.mjSTATE_INTEGRATION
        timed = any(TIME in parameters for parameters in robot.parameters.values())
        native = _core.MujocoEnvironment.robot(
            name=robot.name,
            max_steps=robot.max_steps,
            library=entry_points() if timed or robot.randomize else {**entry_points(), "mj_getState": 0},
            robot={
                "frame_skip": robot.frame_skip,
                "observations": robot.observation_size,
                "controls": robot.action_size,
                "positions": int(robot.model.nq),
                "velocities": int(robot.model.nv),
                "time_signature": int(kinds.mjSTATE_TIME),
                "whole_signature": int(whole),
                "whole_size": mj.mj_stateSize(robot.model, whole) if robot.randomize else 0,
                **{key: function.address if function else 0 for key, function in self.compiled.items()},
            },
            simulations=[self._simulation(model, one) for model, one in zip(models, data)],
            low=[] if self.low is None else self.low.tolist(),
            high=[] if self.high is None else self.high.tolist(),
        )
        return Opened(native, models, data)

    def _simulation(self, model: Any, data: Any) -> dict[str, Any]:
        robot = self.robot
        where = [
            getattr(model if name in robot.randomize else data, name).ctypes.data for name in robot.arrays
        ]
        fields = [(getattr(model, name).ctypes.data, getattr(model, name).size) for name in robot.randomize]
        return {**addresses(model, data), "arrays": where, "fields": fields}


def _compile(robot: Robot) -> dict[str, Any]:
    """numba's C functions by the name of their slot in cpp/envs/mujoco/robot.h; None where there is none."""
    import numba
    from numba import types

    _teach(numba)
    # Bounds are checked, because an index out of range would write over the simulation.
    jit: Any = numba.njit(nogil=True, boundscheck=True, error_model="python")
    user = {key: jit(function) for key, function in robot.functions.items()}
    shapes = {
        name: getattr(robot.model if name in robot.randomize else RobotInPython(robot).data, name).shape
        for name in robot.arrays
    }
    compiled: dict[str, Any] = {}
    for key, body in _bodies(robot, shapes).items():
        space = {"user": user, "numba": numba, "np": np, "pointer": _pointer(numba), **_names(user)}
        exec(f"def {key}(table):\n{body}", space)
        try:
            compiled[key] = numba.cfunc(types.int32(types.voidptr))(space[key])
        except (numba.core.errors.NumbaError, numba.core.errors.UnsupportedBytecodeError) as error:
            raise ValueError(f"{robot.name}: numba cannot compile {key}:\n{_gist(str(error))}") from error
    return {"control": None, **compiled}


def _names(user: dict[str, Any]) -> dict[str, Any]:
    return {f"user_{key}": function for key, function in user.items()}


def _bodies(robot: Robot, shapes: dict[str, tuple[int, ...]]) -> dict[str, str]:
    """Source of each C function: a function names what it sees, so the call is written out from its names."""
    calls = {key: _call(robot, key) for key in robot.functions}
    over = calls.get("terminated", "False")
    statements = {
        "reset": [calls["reset"]],
        "observe": [calls["observe"]],
        "finish": [
            calls["observe"],
            f"reward[0] = {calls['reward']}",
            f"flags[0] = 1 if {over} else 0",
        ],
    }
    if "control" in calls:
        statements["control"] = [calls["control"]]
    views = _views(robot, shapes)
    bodies = {}
    for key, lines in statements.items():
        text = "\n".join(lines)
        needed = [view for name, view in views.items() if _mentions(text, name)]
        inner = "\n".join(f"        {line}" for line in (*needed, *lines))
        bodies[key] = (
            f"    at = numba.carray(table, ({len(_SLOTS) + len(robot.arrays)},), np.uintp)\n"
            f"    try:\n{inner}\n    except Exception:\n        return 1\n    return 0\n"
        )
    return bodies


def _call(robot: Robot, key: str) -> str:
    names = ["time[0]" if name == TIME else name for name in robot.parameters[key]]
    return f"user_{key}({', '.join(names)})"


def _mentions(text: str, name: str) -> bool:
    import re

    return re.search(rf"(?<!\w){name}(?!\w)", text) is not None


def _views(robot: Robot, shapes: dict[str, tuple[int, ...]]) -> dict[str, str]:
    """The statement that makes an array of each slot."""
    kinds = {
        ACTION: ((robot.action_size,), "float32"),
        OBSERVATION: ((robot.observation_size,), "float32"),
        "reward": ((1,), "float64"),
        "flags": ((1,), "uint8"),
        RNG: ((1,), "uint64"),
        TIME: ((1,), "float64"),
        **{name: (shape, "float64") for name, shape in shapes.items()},
    }
    order = (*_SLOTS, *robot.arrays)
    return {
        name: f"{name} = numba.carray(pointer(at[{order.index(name)}]), {shape!r}, np.{kind})"
        for name, (shape, kind) in kinds.items()
    }


def _pointer(numba: Any) -> Any:
    """An address as a pointer, inside compiled code."""
    from numba.extending import intrinsic

    @intrinsic
    def pointer(typingctx, address):  # type: ignore[no-untyped-def]
        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            return builder.inttoptr(arguments[0], context.get_value_type(numba.types.voidptr))

        return numba.types.voidptr(numba.types.uintp), generate

    return pointer


def _compare(robot: Robot, spec: EnvSpec) -> None:
    """Compiled functions against plain Python for a few steps."""
    from ember_ml.envs.abi import CustomLanes

    assert spec.opener is not None
    opened = spec.opener(1)
    lanes = CustomLanes(spec, 1, address=opened.address)
    env = RobotInPython(robot)
    random = np.random.default_rng(1)
    try:
        for seed in (5, 6):
            python = [env.reset(seed=seed)[0]]
            native = [lanes.reset([0], [seed])[0]]
            for number in range(5):
                action = robot.draw(random, spec.action_low, spec.action_high)
                with unheard:
                    seen, reward, over, _, _ = env.step(action)
                if env.diverged:
                    break
                answer = lanes.step([0], action[None])
                python.append(np.append(seen, reward))
                native.append(np.append(answer[0][0], answer[1][0]))
                if over != bool(answer[2][0]):
                    raise ValueError(
                        f"{robot.name}: compiled, an episode ends elsewhere than in Python (step {number})"
                    )
                if over:
                    break
            for number, (one, other) in enumerate(zip(python, native)):
                if not np.allclose(one, other, rtol=1e-4, atol=1e-5):
                    raise ValueError(
                        f"{robot.name}: compiled, it gives {other.tolist()} where Python gives {one.tolist()}"
                        f" (observation and reward after {number} steps of seed {seed}); look for integers"
                        " that overflow or divide"
                    )
    finally:
        lanes.close()
        env.close()
