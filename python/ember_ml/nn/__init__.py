"""Neural networks: `tensor` (arrays and dtypes), `modules` (layers) and `initializers`."""

from __future__ import annotations

from ember_ml.nn import initializers, modules, tensor
from ember_ml.nn.modules import MLP, Dense, Module, Parameter, Sequential

__all__ = ["MLP", "Dense", "Module", "Parameter", "Sequential", "initializers", "modules", "tensor"]
