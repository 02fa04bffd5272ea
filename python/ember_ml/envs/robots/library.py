"""The installed MuJoCo by addresses: its entry points, and the arrays of a simulation.

The core has no header of MuJoCo's: the structs change with every release, the functions and the names of the
arrays do not, and Python's bindings know where everything lies.
"""

from __future__ import annotations

import ctypes
import functools
from pathlib import Path
from typing import Any

import numpy as np

from ember_ml.errors import MissingExtra, need, pip_install

#: Arrays of mjData that tasks read; those that numpy shows in several dimensions are taken flat.
FIELDS = ("qpos", "qvel", "ctrl", "xpos", "xipos", "cinert", "cvel", "qfrc_actuator", "cfrc_ext")

_FUNCTIONS = (
    "mj_step",
    "mj_forward",
    "mj_resetData",
    "mj_rnePostConstraint",
    "mj_getState",
    "mj_setState",
    "mj_setConst",
)
_VARIABLES = ("mju_user_error", "mju_user_warning", "mjcb_time")

#: Oldest version whose bindings tell addresses and whose arrays have these names.
OLDEST = (3, 1)

#: gymnasium's tasks of all versions, without their numbers.
_TASKS = (
    "Ant", "HalfCheetah", "Hopper", "Humanoid", "HumanoidStandup", "InvertedDoublePendulum",
    "InvertedPendulum", "Pusher", "Reacher", "Swimmer", "Walker2d",
)  # fmt: skip


def is_mujoco_task(name: str) -> bool:
    """Whether gymnasium's environment `name` is simulated by MuJoCo."""
    return name.rpartition("-v")[0] in _TASKS


def mujoco() -> Any:
    """The package.

    Raises:
        MissingExtra: not installed, or older than 3.1.
    """
    package = need("mujoco", "mujoco")
    version = tuple(int(part) for part in package.__version__.split(".")[:2])
    if version < OLDEST:
        raise MissingExtra(
            f"mujoco {package.__version__} is too old, wanted 3.1 or newer: {pip_install('mujoco')} --upgrade"
        )
    return package


@functools.cache
def entry_points() -> dict[str, int]:
    """Addresses of the functions that the core calls, and of the variables that hold handlers and clock."""
    folder = Path(mujoco().__file__).parent
    found = [*folder.glob("libmujoco.so*"), *folder.glob("libmujoco*.dylib"), *folder.glob("mujoco.dll")]
    if not found:
        raise MissingExtra(f"mujoco: {folder} holds no libmujoco; reinstall it")
    library = ctypes.CDLL(str(found[0]))  # loaded already: the same one
    points = {name: ctypes.cast(getattr(library, name), ctypes.c_void_p).value or 0 for name in _FUNCTIONS}
    for name in _VARIABLES:
        points[name] = ctypes.addressof(ctypes.c_void_p.in_dll(library, name))
    return points


def addresses(model: Any, data: Any) -> dict[str, Any]:
    """Where a simulation lies. Model and data must outlive whoever uses this.

    Args:
        model, data: `mujoco.MjModel` and `mujoco.MjData`.
    """
    where: dict[str, Any] = {"model": model._address, "data": data._address}
    for name in FIELDS:
        values = getattr(data, name)
        if values.dtype != np.float64 or not values.flags.c_contiguous:
            raise RuntimeError(f"mujoco: mjData.{name} is not a block of float64 in this version")
        where[name] = values.ctypes.data
    counts = data.warning.number
    where["warnings"] = [counts.ctypes.data + kind * counts.strides[0] for kind in _bad()]
    return where


def bad_states(data: Any) -> int:
    """How often MuJoCo found a position, velocity or acceleration that is none since the last reset."""
    counts = data.warning.number
    return sum(int(counts[kind]) for kind in _bad())


@functools.cache
def _bad() -> tuple[int, ...]:
    kinds = mujoco().mjtWarning
    return tuple(int(kind) for kind in (kinds.mjWARN_BADQPOS, kinds.mjWARN_BADQVEL, kinds.mjWARN_BADQACC))
