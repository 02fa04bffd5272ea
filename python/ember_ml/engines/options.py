"""What a user says of where a problem is evaluated."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from ember_ml import validate

LAYOUTS = ("members", "episodes", "units")


@dataclass(frozen=True)
class EngineOptions:
    """Where a problem is evaluated; an engine takes what it names in `takes`.

    Trainers hand options on, files hold them and `Trainer.load` lets them be given anew without their names.

    Args:
        threads: of the native engine, None for all cores.
        workers: processes that step environments written in Python.
        lanes: environment objects that the python engine steps side by side; None: as it chooses.
        layout: what lies in the native engine's SIMD lanes, one of LAYOUTS; None: as it chooses.
        device: of the device engines, and of a torch module.

    Raises:
        ValueError, TypeError: naming the option, what came and what was wanted.
    """

    threads: int | None = None
    workers: int | None = None
    lanes: int | None = None
    layout: str | None = None
    device: str | None = None

    def __post_init__(self) -> None:
        if self.threads is not None:
            object.__setattr__(
                self, "threads", validate.positive_int("threads", self.threads, validate.MOST_THREADS)
            )
        for name in ("workers", "lanes"):
            if (value := getattr(self, name)) is not None:
                object.__setattr__(self, name, validate.positive_int(name, value))
        if self.layout is not None:
            validate.choice("layout", self.layout, LAYOUTS)
        if self.device is not None and not isinstance(self.device, str):
            raise TypeError(f"device: got {self.device!r}, wanted a name such as 'cuda' or None")

    def of(self, engine: Any) -> dict[str, Any]:
        """The options that an engine's class takes, as its keyword arguments."""
        return {name: getattr(self, name) for name in engine.takes}


#: The options' names.
NAMES = tuple(field.name for field in fields(EngineOptions))
