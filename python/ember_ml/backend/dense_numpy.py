"""Dense layers and activations on numpy: the native core's: the same bits as in native training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ember_ml import _core
from ember_ml.backend.activations import ACTIVATIONS
from ember_ml.backend.cells import check as check_cell
from ember_ml.backend.cells import step
from ember_ml.backend.convert import to_host

_CODES = {name: code for code, name in enumerate(ACTIVATIONS)}
_dense, _activate = _core.dense, _core.activate


def _slow_activation(name: str, x: Any) -> Any:
    x = to_host(x)
    if x.dtype == np.float64:
        return ACTIVATIONS[name].float64(x)
    y = _activate(_CODES[name], np.asarray(x, np.float32, order="C"))
    return y.astype(np.float16) if x.dtype == np.float16 else y


def activation(name: str) -> Callable[[Any], Any]:
    """The activation as a primitive: integers give float32, float16 and float64 stay."""
    code = _CODES[name]

    def apply(x: Any) -> Any:
        y = _activate(code, x)
        return _slow_activation(name, x) if y is NotImplemented else y

    return apply


_GATE_FUNCTIONS = [activation(name) for name in ("sigmoid", "tanh", "relu")]


def dense(x: Any, weight: Any, bias: Any, activation: str) -> Any:
    """activation(x @ weight + bias) in weight's dtype; x (..., in), weight (in, out), bias (out,) or None."""
    y = _dense(x, weight.data, None if bias is None else bias.data, _CODES[activation])
    return _slow_dense(x, weight, bias, activation) if y is NotImplemented else y


def _slow_dense(x: Any, weight: Any, bias: Any, activation: str) -> Any:
    x, weight = to_host(x), to_host(weight)
    bias = None if bias is None else to_host(bias)
    check_dense(x.shape, weight.shape, None if bias is None else bias.shape)
    if weight.dtype == np.float64:
        y = x.astype(np.float64) @ weight
        return ACTIVATIONS[activation].float64(y if bias is None else y + bias)
    x, weight = np.asarray(x, np.float32, order="C"), np.asarray(weight, np.float32, order="C")
    bias = None if bias is None else np.asarray(bias, np.float32, order="C")
    return _dense(x, weight, bias, _CODES[activation])


def cell(kind: str, x: Any, state: Any, weights: Any, biases: Any) -> tuple[Any, ...]:
    """The next state (h, and c of an LSTM) of a cell, in the weights' dtype: the native core's bits in
    float32.

    x (..., inputs), state of arrays (..., units), weights (gates * units, inputs) and (gates * units, units),
    biases (gates * units,) or None.
    """
    w = [to_host(weight) for weight in weights]
    dtype = np.float64 if w[0].dtype == np.float64 else np.float32
    x, *state = (np.asarray(to_host(part), dtype) for part in (x, *state))
    check_cell(kind, x.shape, [part.shape for part in state], [weight.shape for weight in w])
    a, b = (
        _slow_dense(value, np.ascontiguousarray(weight.T), bias, "identity")
        for value, weight, bias in zip((x, state[0]), w, biases)
    )
    return step(kind, tuple(state), a, b, _GATE_FUNCTIONS)


def check_dense(x: Sequence[int], weight: Sequence[int], bias: Sequence[int] | None) -> None:
    """Raises ValueError where shapes do not fit."""
    if len(weight) == 2 and x and x[-1] == weight[0] and (bias is None or bias == weight[1:]):
        return
    x, weight = tuple(x), tuple(weight)
    if len(weight) != 2:
        raise ValueError(f"weight must have shape (in, out), got {weight}")
    if not x or x[-1] != weight[0]:
        raise ValueError(f"x has shape {x}, weight {weight}: x must have shape (..., {weight[0]})")
    raise ValueError(f"bias has shape {tuple(bias or ())}, weight {weight}: it must have shape {weight[1:]}")
