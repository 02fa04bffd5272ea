"""Which backend is in use: the one place that switches."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from ember_ml.backend import active
from ember_ml.backend.primitives import NAMES
from ember_ml.errors import MissingExtra, is_installed, pip_install

#: Backend -> (module of its table, package it needs, extra that brings the package).
_BACKENDS = {
    "numpy": ("ember_ml.backend.numpy_backend", "numpy", None),
    "torch": ("ember_ml.backend.torch_backend", "torch", "torch"),
    "mlx": ("ember_ml.backend.mlx_backend", "mlx", "mlx"),
}

_current: str | None = None


def get_available_backends() -> list[str]:
    """Names of the backends whose package is installed. Looks without importing."""
    return [name for name, (_, package, _) in _BACKENDS.items() if is_installed(package)]


def table(name: str) -> ModuleType:
    """The table of primitives of a backend, without switching to it.

    Raises:
        ValueError: the name is unknown.
        MissingExtra: the backend's package is not installed.
    """
    if name not in _BACKENDS:
        raise ValueError(
            f"unknown backend {name!r}: installed here are {', '.join(get_available_backends())}"
        )
    path, package, extra = _BACKENDS[name]
    if not is_installed(package):
        raise MissingExtra(f"{package} is not installed: {pip_install(extra or package)}", name=package)
    return importlib.import_module(path)


def primitives(module: ModuleType) -> dict[str, Callable[..., Any]]:
    """The functions of a table by name."""
    return {name: getattr(module, name) for name in NAMES}


def set_backend(name: str) -> None:
    """Uses `name` for the whole process from now on: "numpy", "torch" or "mlx". Writes nothing to disk.

    Arrays made before keep their kind; numpy arrays and Parameters are converted where an operation meets
    them.

    Raises:
        ValueError: the name is unknown (lists what is installed).
        MissingExtra: the backend's package is not installed (names the extra).
    """
    global _current
    found = primitives(table(name))
    install(found)
    _current = name


def install(functions: dict[str, Callable[..., Any]]) -> None:
    """Puts `functions` in place of the active primitives."""
    vars(active).update(functions)
    # Python looks names up at full speed only in a module without __getattr__, and it has done its work.
    vars(active).pop("__getattr__", None)


def get_backend() -> str:
    """Name of the backend in use."""
    choose_default()
    assert _current is not None
    return _current


def choose_default() -> bool:
    """Chooses the backend of the environment variable EMBER_BACKEND, or numpy, if none is in use yet.

    Returns whether it had to choose.
    """
    if _current is not None:
        return False
    name = os.environ.get("EMBER_BACKEND") or "numpy"
    if name not in _BACKENDS:
        raise ValueError(
            f"EMBER_BACKEND is {name!r}, an unknown backend: "
            f"installed here are {', '.join(get_available_backends())}"
        )
    set_backend(name)
    return True


def _first_use(name: str) -> Any:
    """Reached before a backend is chosen (it chooses the default), or for a name that no table has."""
    if not name.startswith("__") and choose_default():
        return vars(active)[name]
    raise AttributeError(f"no backend primitive is called {name!r}")


vars(active)["__getattr__"] = _first_use


@contextmanager
def using_backend(name: str) -> Iterator[None]:
    """Uses another backend within a `with` block, and the former one again after it."""
    former = get_backend()
    set_backend(name)
    try:
        yield
    finally:
        set_backend(former)


def auto_select_backend() -> tuple[str, str]:
    """The best backend and device here, as (name, device), without switching.

    torch on CUDA, mlx on Apple's GPU, torch on "mps", else numpy on the CPU (fastest for small policies).
    """
    available = get_available_backends()
    if "torch" in available:
        import torch

        if torch.cuda.is_available():
            return "torch", "cuda"
    if "mlx" in available:
        import mlx.core as mx

        if mx.metal.is_available():
            return "mlx", "gpu"
    if "torch" in available and torch.backends.mps.is_available():
        return "torch", "mps"
    return "numpy", "cpu"
