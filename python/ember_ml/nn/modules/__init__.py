"""Layers and the base class that networks are written with."""

from __future__ import annotations

from ember_ml.nn.modules import activations as _activations
from ember_ml.nn.modules.activations import *  # noqa: F403  all that it lists
from ember_ml.nn.modules.containers import MLP, Sequential
from ember_ml.nn.modules.dense import Dense, Linear
from ember_ml.nn.modules.dropout import Dropout
from ember_ml.nn.modules.module import Module
from ember_ml.nn.modules.parameter import Parameter
from ember_ml.nn.modules.recurrent import GRU, LSTM, RNN

__all__ = [
    "GRU",
    "LSTM",
    "MLP",
    "RNN",
    "Dense",
    "Dropout",
    "Linear",
    "Module",
    "Parameter",
    "Sequential",
]
__all__ += _activations.__all__
