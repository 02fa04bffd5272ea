"""The strategy that the options of ``ember-ml train`` describe."""

from __future__ import annotations

import argparse
import inspect
from typing import Any

from ember_ml.cli.command import given

STRATEGIES = {
    "openai-es": "OpenAIES",
    "ars": "ARS",
    "snes": "SNES",
    "pgpe": "PGPE",
    "sep-cmaes": "SepCMAES",
    "cmaes": "CMAES",
    "cr-fm-nes": "CRFMNES",
}


def strategy_of(options: argparse.Namespace, env_name: str) -> Any:
    """The strategy of the options, or None where the preset's stays."""
    from ember_ml import es
    from ember_ml.es import presets

    changes = given(options, ("directions", "sigma"))
    rate, name_of = getattr(options, "learning_rate", None), getattr(options, "strategy", None)
    if name_of is None and not changes and rate is None:
        return None
    if name_of is not None:
        kind = getattr(es, STRATEGIES[name_of])
        config: dict[str, Any] = {}
    else:
        chosen, _ = presets.find(getattr(options, "preset", "auto"), env_name)
        made = chosen.strategy()
        kind, config = type(made), made.config()
        config.pop("name", None), config.pop("type", None)
        if "optimizer" in config:
            config["optimizer"] = made.optimizer
        if "directions" in changes and "top" in config:
            config["top"] = None
    if rate is not None:
        optimizer = config.get("optimizer")
        if kind is es.OpenAIES or kind is es.PGPE:
            from ember_ml.training import Adam, ClipUp

            if optimizer is not None:
                optimizer.learning_rate = rate
            config["optimizer"] = optimizer or (
                Adam(learning_rate=rate) if kind is es.OpenAIES else ClipUp(rate)
            )
        else:
            config["learning_rate"] = rate
    for name in (*changes, *(["learning_rate"] if "learning_rate" in config else [])):
        if name not in inspect.signature(kind).parameters:
            raise ValueError(f"--{name.replace('_', '-')}: {kind.__name__} takes none")
    return kind(**{**config, **changes})
