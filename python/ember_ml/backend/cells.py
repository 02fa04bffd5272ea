"""Cells with memory: what every backend's `cell` shares. Equations and order of parameters are torch's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

#: Gates by kind of cell.
GATES = {"rnn_tanh": 1, "rnn_relu": 1, "gru": 3, "lstm": 4}


def step(
    kind: str,
    state: tuple[Any, ...],
    a: Any,
    b: Any,
    functions: Sequence[Callable[[Any], Any]],
) -> tuple[Any, ...]:
    """The next state from the gates over the input and over the state, `a` and `b` (..., gates * units).

    `functions` are the backend's sigmoid, tanh and relu. Operation by operation as in
    cpp/policy/cell_kernels.cpp, so that numpy gives the native bits.
    """
    sigmoid, tanh, relu = functions
    if kind == "rnn_tanh":
        return (tanh(a + b),)
    if kind == "rnn_relu":
        return (relu(a + b),)
    h = state[0]
    n = h.shape[-1]
    first = sigmoid(a[..., : 2 * n] + b[..., : 2 * n])
    if kind == "gru":
        r, z = first[..., :n], first[..., n:]
        new = tanh(a[..., 2 * n :] + r * b[..., 2 * n :])
        return (new + z * (h - new),)
    seen = tanh(a[..., 2 * n : 3 * n] + b[..., 2 * n : 3 * n])
    out = sigmoid(a[..., 3 * n :] + b[..., 3 * n :])
    c = first[..., n:] * state[1] + first[..., :n] * seen
    return out * tanh(c), c


def check(
    kind: str, x: Sequence[int], state: Sequence[Sequence[int]], weights: Sequence[Sequence[int]]
) -> None:
    """Raises ValueError where the shapes of x (..., inputs) and of the state (..., units) do not fit weights
    (gates * units, inputs) and (gates * units, units).
    """
    (neurons, inputs), units = weights[0], weights[1][-1]
    if neurons != GATES[kind] * units:
        raise ValueError(f"weights have shapes {tuple(weights[0])} and {tuple(weights[1])}, which do not fit")
    if not x or x[-1] != inputs:
        raise ValueError(f"x has shape {tuple(x)}, wanted (..., {inputs})")
    wanted = (*tuple(x)[:-1], units)
    for part in state:
        if tuple(part) != wanted:
            raise ValueError(f"state has shape {tuple(part)}, wanted {wanted}, as x has shape {tuple(x)}")
