"""One training: generation by generation, how far, what is called and shown on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ember_ml.es.trainer.trainer.trainer import Trainer as Trainer


def __getattr__(name: str) -> Any:
    if name == "Trainer":
        from ember_ml.es.trainer.trainer.trainer import Trainer

        return Trainer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
