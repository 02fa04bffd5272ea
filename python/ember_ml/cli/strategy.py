"""What the options of ``ember-ml train`` say about the strategy."""

from __future__ import annotations

import argparse
from typing import Any

from ember_ml.cli.command import given
from ember_ml.es.options import STRATEGIES, STRATEGY_OPTIONS

__all__ = ["STRATEGIES", "strategy_arguments"]


def strategy_arguments(options: argparse.Namespace) -> dict[str, Any]:
    """The arguments of `es.train` that say which strategy, and what of it.

    Raises:
        ValueError: the strategy that is named takes none of that kind, or not this value.
    """
    changes = given(options, STRATEGY_OPTIONS)
    name = getattr(options, "strategy", None)
    if name is None:
        return changes
    from ember_ml.es.strategies import names

    names.make(names.kind_of(name), changes, shown=lambda option: "--" + option.replace("_", "-"))
    return {"strategy": name, **changes}
