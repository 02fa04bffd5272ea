"""Modules that moved, under their old names too: imports and pickles that hold such a name still work."""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

#: Old name -> where it is.
MOVED = {
    "ember_ml.es.noise": "ember_ml.noise.stream",
    "ember_ml.backend.noise": "ember_ml.noise.arrays",
    "ember_ml.backend.noise_torch": "ember_ml.noise.on_torch",
    "ember_ml.backend.noise_mlx": "ember_ml.noise.on_mlx",
}


class _Loader:
    """Gives the module that is there already, as it is."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(MOVED[spec.name])
        self._own = module.__spec__  # the import system is about to write another
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._own


class _Finder:
    """Asked by the import system for names that nobody else has."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        return ModuleSpec(name, _Loader()) if name in MOVED else None  # type: ignore[arg-type]


def install() -> None:
    """Makes the old names known to the import system of this process."""
    if not any(getattr(finder, "__module__", "") == __name__ for finder in sys.meta_path):
        sys.meta_path.append(_Finder)
