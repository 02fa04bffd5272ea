"""Evolution strategies: train a policy from episode returns.

>>> from ember_ml import es
>>> run = es.train("CartPole-v1", generations=50, seed=0)
>>> run.evaluate(episodes=100).mean
500.0

`train` is one call; `Trainer` has every part by name; a strategy alone (`OpenAIES`, `ARS`, `SNES`, `PGPE`,
`SepCMAES`, `CRFMNES`, `CholeskyCMAES`, `CMAES`) is asked for members and told their fitness; `optimize` does
that for a plain function. Fitness is maximised everywhere.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ember_ml.es.options import STRATEGIES

if TYPE_CHECKING:
    from ember_ml.errors import EvaluationError, Infeasible
    from ember_ml.es.compare import compare
    from ember_ml.es.files.replay import replay
    from ember_ml.es.files.restore import load
    from ember_ml.es.optimize import optimize
    from ember_ml.es.optimize_result import OptimizeResult
    from ember_ml.es.preset_table import list_presets
    from ember_ml.es.presets import PRESETS, Preset
    from ember_ml.es.report import report
    from ember_ml.es.result.evaluation import EvaluationResult
    from ember_ml.es.result.history import History
    from ember_ml.es.result.run import Run
    from ember_ml.es.result.runs import Runs
    from ember_ml.es.strategies import *  # noqa: F403
    from ember_ml.es.train import train
    from ember_ml.es.trainer.callbacks import Callback, Checkpoint
    from ember_ml.es.trainer.loggers import CSVLogger, TensorBoardLogger, WandbLogger
    from ember_ml.es.trainer.trainer import Trainer
    from ember_ml.noise.stream import noise
    from ember_ml.perturbation import LowRank
    from ember_ml.policy.trained import MLPPolicy, TrainedPolicy

_HOMES = {
    "train": "train",
    "compare": "compare",
    "report": "report",
    "Trainer": "trainer.trainer",
    "Run": "result.run",
    "Runs": "result.runs",
    "load": "files.restore",
    "replay": "files.replay",
    "History": "result.history",
    "EvaluationResult": "result.evaluation",
    "MLPPolicy": "ember_ml.policy.trained",
    "TrainedPolicy": "ember_ml.policy.trained",
    "Callback": "trainer.callbacks",
    "Checkpoint": "trainer.callbacks",
    "CSVLogger": "trainer.loggers",
    "TensorBoardLogger": "trainer.loggers",
    "WandbLogger": "trainer.loggers",
    "LowRank": "ember_ml.perturbation",
    "list_presets": "preset_table",
    "optimize": "optimize",
    "OptimizeResult": "optimize_result",
    "PRESETS": "presets",
    "Preset": "presets",
    "noise": "ember_ml.noise.stream",
    **dict.fromkeys((*STRATEGIES.values(), "Strategy"), "strategies"),
}

__all__ = [
    "PRESETS",
    "CSVLogger",
    "Callback",
    "Checkpoint",
    "EvaluationError",
    "EvaluationResult",
    "History",
    "Infeasible",
    "LowRank",
    "MLPPolicy",
    "OptimizeResult",
    "Preset",
    "Run",
    "Runs",
    "TensorBoardLogger",
    "TrainedPolicy",
    "Trainer",
    "WandbLogger",
    "compare",
    "list_presets",
    "load",
    "noise",
    "optimize",
    "replay",
    "report",
    "train",
]
if TYPE_CHECKING:  # the same names, in the words that type checkers read
    from ember_ml.es import strategies

    __all__ += strategies.__all__
else:
    __all__ += [name for name, home in _HOMES.items() if home == "strategies"]


def __getattr__(name: str) -> Any:
    if name in ("EvaluationError", "Infeasible"):
        value = getattr(importlib.import_module("ember_ml.errors"), name)
    elif name in _HOMES:
        value = getattr(importlib.import_module(_home(name)), name)
    else:
        raise AttributeError(f"module 'ember_ml.es' has no attribute {name!r}")
    globals()[name] = value
    return value


def _home(name: str) -> str:
    home = _HOMES[name]
    return home if home.startswith("ember_ml.") else f"ember_ml.es.{home}"


def __dir__() -> list[str]:
    return sorted(__all__)


class _Package(ModuleType):
    """`es.noise`, `es.train`, `es.compare` and `es.report` are functions, also when the import system binds
    the submodules of those names.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, ModuleType) and name in _HOMES:
            value = getattr(value, name)
        super().__setattr__(name, value)

    def __reduce__(self) -> Any:
        """By name, as any module: tools that pickle functions look for the exact class of a module."""
        return importlib.import_module, (self.__name__,)


sys.modules[__name__].__class__ = _Package
