"""Ember ML: train policies by evolution strategies, from episode returns alone.

>>> from ember_ml import es
>>> run = es.train("CartPole-v1", generations=50, seed=0)

`es` trains; `ops`, `nn` (with `tensor`) and `training` are the Ember-style array, module and optimiser API on
numpy, torch and mlx; `envs` holds environments and adapters. Submodules are imported when first used.
"""

from __future__ import annotations

import importlib
from typing import Any

from ember_ml import moved

__all__ = ["__version__", "backend", "envs", "es", "nn", "ops", "tensor", "training"]

_SUBMODULES = {name: f"ember_ml.{name}" for name in ("backend", "envs", "es", "nn", "ops", "training")}
_SUBMODULES["tensor"] = "ember_ml.nn.tensor"

moved.install()


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        module = importlib.import_module(_SUBMODULES[name])
        globals()[name] = module
        return module
    if name == "__version__":
        from ember_ml._core import __version__

        return __version__
    raise AttributeError(f"module 'ember_ml' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
