"""The program ``ember-ml``: train, evaluate, plot, export, bench, info."""

from ember_ml.cli.program import main

__all__ = ["main"]
