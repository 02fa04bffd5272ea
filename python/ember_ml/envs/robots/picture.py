"""Pictures of a simulation without a window.

MuJoCo's own Renderer draws with what the variable MUJOCO_GL named when `mujoco` was imported, and without it
looks for a screen. Here every way is tried, those that need no screen first.
"""

from __future__ import annotations

import importlib
import os
import platform
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ember_ml.envs.robots.library import mujoco

_SYSTEMS = {"Darwin": ("cgl", "glfw"), "Windows": ("glfw",)}
_LINUX = ("egl", "osmesa", "glfw")


class NoPictures(NotImplementedError):
    """OpenGL works in no way here. Whoever draws shows the observations instead."""


class Painter:
    """Draws one model's simulations.

    Args:
        model: the `mujoco.MjModel`; its first camera sees the scene, or where there is none a free one.
        width, height: of the pictures, at most those of the model's offscreen buffer.

    Raises:
        NoPictures: no way to draw works here.
    """

    def __init__(self, model: Any, width: int, height: int) -> None:
        mj = mujoco()
        self._gl = _context(width, height)
        self._gl.make_current()
        self._model = model
        self._scene = mj.MjvScene(model, maxgeom=10_000)
        self._context = mj.MjrContext(model, mj.mjtFontScale.mjFONTSCALE_150.value)
        mj.mjr_setBuffer(mj.mjtFramebuffer.mjFB_OFFSCREEN.value, self._context)
        self._rectangle = mj.MjrRect(
            0, 0, min(width, model.vis.global_.offwidth), min(height, model.vis.global_.offheight)
        )
        self._camera = mj.MjvCamera()
        if model.ncam:
            self._camera.type, self._camera.fixedcamid = mj.mjtCamera.mjCAMERA_FIXED.value, 0
        else:
            mj.mjv_defaultFreeCamera(model, self._camera)

    def paint(self, data: Any) -> NDArray[np.uint8]:
        """The scene of an `mujoco.MjData` as it is, uint8 (height, width, 3)."""
        mj = mujoco()
        self._gl.make_current()
        every = mj.mjtCatBit.mjCAT_ALL.value
        mj.mjv_updateScene(self._model, data, mj.MjvOption(), None, self._camera, every, self._scene)
        mj.mjr_render(self._rectangle, self._scene, self._context)
        picture = np.empty((self._rectangle.height, self._rectangle.width, 3), np.uint8)
        mj.mjr_readPixels(picture, None, self._rectangle, self._context)
        return picture[::-1].copy()

    def close(self) -> None:
        self._gl.make_current()
        self._context.free()
        self._gl.free()


def _context(width: int, height: int) -> Any:
    asked = os.environ.get("MUJOCO_GL", "").lower().strip()
    ways = _SYSTEMS.get(platform.system(), _LINUX)
    failed = []
    for way in (asked,) if asked in ways else ways:
        if way == "glfw" and platform.system() == "Linux" and not _screen():
            failed.append("glfw: there is no screen")
            continue
        try:
            return importlib.import_module(f"mujoco.{way}").GLContext(width, height)
        except Exception as error:  # PyOpenGL raises whatever a missing library leads to
            failed.append(f"{way}: {type(error).__name__}: {error}")
    raise NoPictures(
        f"MuJoCo cannot draw here ({'; '.join(failed)}); on Linux the package libegl1 or libosmesa6 lets it"
    )


def _screen() -> bool:
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
