"""Starting values of parameters: ``initializer(shape, dtype="float32") -> array``.

They follow `ops.set_seed` and give the same values on every backend. `shape` is (in, out) for a dense weight;
for more axes the leading ones count as receptive field.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ember_ml.backend import active as _active
from ember_ml.backend import random_state as _state

Initializer = Callable[..., Any]


def _fans(shape: Sequence[int]) -> tuple[int, int]:
    if len(shape) < 2:
        n = math.prod(shape)
        return n, n
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


def _uniform(shape: Sequence[int], limit: float, dtype: Any) -> Any:
    values = _state.uniforms(math.prod(shape), _state.INIT)
    values *= np.float32(2 * limit)
    values -= np.float32(limit)
    return _active.convert_to_tensor(values.reshape(shape), dtype)


def _normal(shape: Sequence[int], deviation: float, dtype: Any) -> Any:
    values = _state.normals(math.prod(shape), _state.INIT)
    values *= np.float32(deviation)
    return _active.convert_to_tensor(values.reshape(shape), dtype)


def glorot_uniform(shape: Sequence[int], dtype: Any = "float32") -> Any:
    """U(-a, a) with a = sqrt(6 / (fan_in + fan_out)). Glorot & Bengio 2010."""
    return _uniform(shape, math.sqrt(6 / max(1, sum(_fans(shape)))), dtype)


def glorot_normal(shape: Sequence[int], dtype: Any = "float32") -> Any:
    """N(0, 2 / (fan_in + fan_out)). Glorot & Bengio 2010."""
    return _normal(shape, math.sqrt(2 / max(1, sum(_fans(shape)))), dtype)


def he_uniform(shape: Sequence[int], dtype: Any = "float32") -> Any:
    """U(-a, a) with a = sqrt(6 / fan_in). He et al. 2015."""
    return _uniform(shape, math.sqrt(6 / max(1, _fans(shape)[0])), dtype)


def he_normal(shape: Sequence[int], dtype: Any = "float32") -> Any:
    """N(0, 2 / fan_in). He et al. 2015."""
    return _normal(shape, math.sqrt(2 / max(1, _fans(shape)[0])), dtype)


def orthogonal(shape: Sequence[int], dtype: Any = "float32", gain: float = 1.0) -> Any:
    """Orthonormal rows or columns (whichever are fewer), times `gain`. Saxe et al. 2014.

    Raises:
        ValueError: shape has fewer than two axes.
    """
    if len(shape) < 2:
        raise ValueError(f"orthogonal needs a shape of at least two axes, got {tuple(shape)}")
    rows, columns = math.prod(shape[:-1]), shape[-1]
    values = _state.normals(rows * columns, _state.INIT).astype(np.float64)
    q, r = np.linalg.qr(values.reshape(max(rows, columns), min(rows, columns)))
    q = q * np.where(np.diag(r) < 0, -1.0, 1.0)  # makes the distribution uniform (Mezzadri 2007)
    if rows < columns:
        q = q.T
    return _active.convert_to_tensor((gain * q).reshape(shape).astype(np.float32), dtype)


def zeros(shape: Sequence[int], dtype: Any = "float32") -> Any:
    """All 0."""
    return _active.full(tuple(shape), 0, dtype)


def ones(shape: Sequence[int], dtype: Any = "float32") -> Any:
    """All 1."""
    return _active.full(tuple(shape), 1, dtype)


def uniform(limit: float) -> Initializer:
    """An initializer that draws from U(-limit, limit)."""

    def draw(shape: Sequence[int], dtype: Any = "float32") -> Any:
        return _uniform(shape, limit, dtype)

    return draw


def constant(value: float) -> Initializer:
    """An initializer that gives `value` everywhere."""

    def fill(shape: Sequence[int], dtype: Any = "float32") -> Any:
        return _active.full(tuple(shape), value, dtype)

    return fill


_BY_NAME: dict[str, Initializer] = {
    "glorot_uniform": glorot_uniform,
    "glorot_normal": glorot_normal,
    "he_uniform": he_uniform,
    "he_normal": he_normal,
    "orthogonal": orthogonal,
    "zeros": zeros,
    "ones": ones,
}


def get(initializer: str | Initializer) -> Initializer:
    """The initializer of that name, or the given function.

    Raises:
        ValueError: the name is unknown.
    """
    if callable(initializer):
        return initializer
    if initializer not in _BY_NAME:
        raise ValueError(
            f"unknown initializer {initializer!r}: use one of {', '.join(_BY_NAME)} or a function"
        )
    return _BY_NAME[initializer]
