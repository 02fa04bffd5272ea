"""The strategy that the options of ``ember-ml train`` describe."""

from __future__ import annotations

import argparse
import inspect
from typing import Any

STRATEGIES = {
    "openai-es": "OpenAIES",
    "ars": "ARS",
    "snes": "SNES",
    "pgpe": "PGPE",
    "sep-cmaes": "SepCMAES",
    "cmaes": "CMAES",
    "cr-fm-nes": "CRFMNES",
}


def strategy_of(options: argparse.Namespace) -> Any:
    """The strategy of the options, or None where the preset's stays."""
    from ember_ml import es
    from ember_ml.es import presets

    changes = {"directions": options.directions, "sigma": options.sigma}
    changes = {name: value for name, value in changes.items() if value is not None}
    rate = options.learning_rate
    if options.strategy is None and not changes and rate is None:
        return None
    if options.strategy is not None:
        kind = getattr(es, STRATEGIES[options.strategy])
        config: dict[str, Any] = {}
    else:
        chosen, _ = presets.find(options.preset, options.env)
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
