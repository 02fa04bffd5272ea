"""Messages of gymnasium, MuJoCo and SDL while environments are made and drawn: each once, and into no file.

A training makes dozens of environments, and each says again what the first one said. MuJoCo also appends its
messages to MUJOCO_LOG.TXT in the current folder, unless the program takes them.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import threading
import warnings
from collections.abc import Iterator

#: What has been said in this process: ids of environments made, and MuJoCo's messages without their numbers.
_said: set[str] = set()

#: Whether MuJoCo's messages are only remembered.
_silent = False

_DUMMY = {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy"}


@contextlib.contextmanager
def once(name: str, said_elsewhere: bool = False) -> Iterator[None]:
    """While the environment `name` is made: warnings only the first time in this process.

    Args:
        said_elsewhere: not even then, for a worker whose parent has made the environment before.
    """
    global _silent
    take_mujoco_messages()
    if not said_elsewhere and name not in _said:
        _said.add(name)
        yield
        return
    former, _silent = _silent, _silent or said_elsewhere
    try:
        with warnings.catch_warnings():
            for category in (UserWarning, DeprecationWarning):  # gymnasium's own; a user's module stays heard
                warnings.filterwarnings("ignore", category=category, module=r"gymnasium(\.|$)")
            yield
    finally:
        _silent = former


class _Unheard(threading.local):
    """A context in which this thread's messages of MuJoCo's are not printed; may be entered again inside."""

    depth = 0

    def __enter__(self) -> None:
        self.depth += 1

    def __exit__(self, *exception: object) -> None:
        self.depth -= 1


unheard = _Unheard()


def take_mujoco_messages() -> None:
    """MuJoCo's messages go to standard error, each once, instead of to MUJOCO_LOG.TXT.

    Does nothing where MuJoCo is not imported, or where somebody else takes its messages.
    """
    mujoco = sys.modules.get("mujoco")
    if (
        mujoco is not None
        and hasattr(mujoco, "set_mju_user_warning")
        and mujoco.get_mju_user_warning() is None
    ):
        mujoco.set_mju_user_warning(_say)


def _say(text: str) -> None:
    if unheard.depth:
        return
    key = re.sub(r"[-+\d.e]*\d", "#", f"mujoco: {text}")  # each time step's instability is one kind
    if key not in _said:
        _said.add(key)
        if not _silent and sys.stderr is not None:
            print(f"MuJoCo: {text.strip()}", file=sys.stderr)


def _screenless() -> dict[str, str]:
    """How gymnasium's MuJoCo tasks are told to draw; by themselves they want a screen."""
    if sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return {}
    from ctypes.util import find_library

    for way, library in (("egl", "EGL"), ("osmesa", "OSMesa")):
        if find_library(library) is not None:
            return {"MUJOCO_GL": way}
    return {}


@contextlib.contextmanager
def headless() -> Iterator[None]:
    """While pictures are made without a window: SDL looks for no screen and no loudspeaker, and gymnasium's
    MuJoCo tasks draw without a screen where there is none.

    They complain on standard error, or fail. What the user has set stands.
    """
    wanted = {**_DUMMY, **_screenless()}
    added = [name for name in wanted if name not in os.environ]
    os.environ.update({name: wanted[name] for name in added})
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
