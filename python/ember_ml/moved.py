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
    "ember_ml.engines.policy_spec": "ember_ml.policy.spec",
    "ember_ml.engines.trace": "ember_ml.policy.trace",
    "ember_ml.engines.forward": "ember_ml.policy.forward",
    "ember_ml.engines.chain": "ember_ml.policy.chain",
    "ember_ml.es.policy": "ember_ml.policy.trained",
    "ember_ml.es.network": "ember_ml.policy.network",
    "ember_ml.es.weights": "ember_ml.policy.weights",
    "ember_ml.es.observation": "ember_ml.policy.observation",
    "ember_ml.es.export": "ember_ml.policy.export.formats",
    "ember_ml.es.export_c": "ember_ml.policy.export.c_header",
    "ember_ml.es.export_c_math": "ember_ml.policy.export.c_math",
    "ember_ml.es.export_onnx": "ember_ml.policy.export.onnx_model",
    "ember_ml.es.export_torch": "ember_ml.policy.export.torch_module",
    "ember_ml.engines.base": "ember_ml.rollout",
    "ember_ml.es.generation": "ember_ml.es.trainer.generation",
    "ember_ml.es.limits": "ember_ml.es.trainer.limits",
    "ember_ml.es.callbacks": "ember_ml.es.trainer.callbacks",
    "ember_ml.es.loggers": "ember_ml.es.trainer.loggers",
    "ember_ml.es.explanation": "ember_ml.es.trainer.explanation",
    "ember_ml.es.progress": "ember_ml.es.trainer.progress",
    "ember_ml.es.confirmation": "ember_ml.es.trainer.confirmation",
    "ember_ml.es.curve": "ember_ml.es.trainer.curve",
    "ember_ml.es.turns": "ember_ml.es.trainer.turns",
    "ember_ml.es.run": "ember_ml.es.result.run",
    "ember_ml.es.history": "ember_ml.es.result.history",
    "ember_ml.es.evaluation": "ember_ml.es.result.evaluation",
    "ember_ml.es.records": "ember_ml.es.result.records",
    "ember_ml.es.checkpoint": "ember_ml.es.files.checkpoint",
    "ember_ml.es.snapshot": "ember_ml.es.state.snapshot",
    "ember_ml.es.files.snapshot": "ember_ml.es.state.snapshot",
    "ember_ml.es.saved": "ember_ml.es.files.saved",
    "ember_ml.es.restore": "ember_ml.es.files.restore",
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
