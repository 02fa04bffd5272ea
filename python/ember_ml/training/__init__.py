"""Optimisers and losses."""

from __future__ import annotations

from ember_ml.training.losses import cross_entropy, huber, mae, mse
from ember_ml.training.optimizer import Optimizer
from ember_ml.training.optimizers import SGD, Adam, AdamW, ClipUp

__all__ = ["SGD", "Adam", "AdamW", "ClipUp", "Optimizer", "cross_entropy", "huber", "mae", "mse"]
