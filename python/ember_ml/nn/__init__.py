"""Neural networks: `tensor` (arrays and dtypes), `modules` (layers) and `initializers`."""

from __future__ import annotations

from ember_ml.nn import initializers, modules, tensor

__all__ = ["initializers", "modules", "tensor"]
