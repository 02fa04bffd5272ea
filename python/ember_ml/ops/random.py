"""Random numbers: after the same `set_seed` the same values on every backend (contract "one noise")."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ember_ml.backend import active as _active
from ember_ml.backend import random_state as _state
from ember_ml.backend.random_state import get_seed, set_seed
from ember_ml.ops.creation import Shape, as_shape

__all__ = [
    "get_seed",
    "random_bernoulli",
    "random_categorical",
    "random_normal",
    "random_permutation",
    "random_uniform",
    "set_seed",
    "shuffle",
]


def random_normal(
    shape: Shape = (), mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, device: Any = None
) -> Any:
    """Normally distributed values, float32 unless `dtype` says otherwise.

    Raises:
        ValueError: stddev is negative.
    """
    if stddev < 0:
        raise ValueError(f"stddev must not be negative, got {stddev}")
    shape = as_shape(shape)
    values = _state.normals(math.prod(shape))
    if stddev != 1:
        values *= np.float32(stddev)
    if mean != 0:
        values += np.float32(mean)
    return _active.convert_to_tensor(values.reshape(shape), dtype, device)


def random_uniform(
    shape: Shape = (), minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, device: Any = None
) -> Any:
    """Evenly distributed values in [minval, maxval), float32 unless `dtype` says otherwise; integers for an
    integer dtype.

    Raises:
        ValueError: maxval is below minval.
    """
    if maxval < minval:
        raise ValueError(f"maxval must not be below minval, got {minval} and {maxval}")
    shape = as_shape(shape)
    values = _state.uniforms(math.prod(shape)).reshape(shape)
    if dtype is not None and "int" in _active.dtype_name(_active.full((), 0, dtype)):
        # 24 bits a value: enough for ranges far below 2**24, which this is for.
        whole = np.floor(values.astype(np.float64) * (maxval - minval)) + minval
        return _active.convert_to_tensor(whole.astype(np.int64), dtype, device)
    if minval != 0 or maxval != 1:
        low, high = np.float32(minval), np.float32(maxval)
        values = low + values * (high - low)
        if high > low:  # the sum may round up to the bound that is excluded
            values = np.minimum(values, np.nextafter(high, low))
    return _active.convert_to_tensor(values, dtype, device)


def random_bernoulli(shape: Shape = (), p: float = 0.5, dtype: Any = None, device: Any = None) -> Any:
    """1 with probability p, else 0; float32 unless `dtype` says otherwise.

    Raises:
        ValueError: p is outside [0, 1].
    """
    if not 0 <= p <= 1:
        raise ValueError(f"p must lie in [0, 1], got {p}")
    shape = as_shape(shape)
    values = _state.uniforms(math.prod(shape)).reshape(shape) < p
    return _active.convert_to_tensor(values, "float32" if dtype is None else dtype, device)


def random_categorical(logits: Any, num_samples: int = 1, dtype: Any = None, device: Any = None) -> Any:
    """Class indices (batch, num_samples), or (num_samples,) for 1-D logits, with probabilities
    softmax(logits).

    Args:
        logits: (batch, classes) or (classes,), unnormalised log-probabilities.

    Raises:
        ValueError: logits has another number of axes or no classes, or holds NaN.
    """
    values = np.asarray(_active.to_numpy(logits), np.float64)
    if values.ndim not in (1, 2) or values.shape[-1] == 0:
        raise ValueError(f"logits must be (classes,) or (batch, classes), got shape {values.shape}")
    if np.isnan(values).any():
        raise ValueError("logits must not hold NaN")
    rows = np.atleast_2d(values)
    weights = np.exp(rows - rows.max(axis=1, keepdims=True))
    edges = np.cumsum(weights, axis=1)
    draws = _state.uniforms(len(rows) * num_samples).reshape(len(rows), num_samples)
    result = np.empty(draws.shape, np.int32)
    for i, (row, draw) in enumerate(zip(edges, draws)):
        result[i] = np.searchsorted(row[:-1], draw.astype(np.float64) * row[-1], side="right")
    result = result[0] if values.ndim == 1 else result
    return _active.convert_to_tensor(result, dtype, device)


def _order(n: int) -> Any:
    """A random order of n things: two uniforms make 48 bits, so ties have no weight."""
    draws = _state.uniforms(2 * n).astype(np.float64)
    return np.argsort(draws[:n] + draws[n:] * 2.0**-24, kind="stable").astype(np.int32)


def random_permutation(n: Any, dtype: Any = None, device: Any = None) -> Any:
    """The numbers 0 to n - 1 in random order, int32; or an array's rows in random order.

    Raises:
        ValueError: n is negative.
    """
    if isinstance(n, int | np.integer):
        if n < 0:
            raise ValueError(f"n must not be negative, got {n}")
        return _active.convert_to_tensor(_order(int(n)), dtype, device)
    return shuffle(n)


def shuffle(x: Any) -> Any:
    """x with its rows (first axis) in random order, as a new array.

    Raises:
        ValueError: x is 0-d.
    """
    shape = _active.shape(x)
    if not shape:
        raise ValueError("shuffle needs at least one axis, got a 0-d array")
    return _active.take(x, _active.convert_to_tensor(_order(shape[0])), 0)
