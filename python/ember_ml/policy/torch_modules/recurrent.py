"""torch's recurrent layers and cells as products and element-wise operations, which vmap can batch.

The equations and the order of the gates are torch's (`torch.nn.RNN`, `GRU`, `LSTM`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

#: `linear(x, weight, bias)`: torch's own, or one for members of low rank.
Linear = Callable[[Any, Any, Any], Any]
#: (a, state, w_hh, b_hh, linear) -> the next state, of which the first part is the output; a is what the
#: input gives, linear(x, w_ih, b_ih).
Cell = Callable[[Any, tuple[Any, ...], Any, Any, Linear], tuple[Any, ...]]


def lstm_cell(a: Any, state: tuple[Any, ...], w_hh: Any, b_hh: Any, linear: Linear) -> tuple[Any, ...]:
    h, c = state
    i, f, g, o = (a + linear(h, w_hh, b_hh)).chunk(4, -1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def gru_cell(a: Any, state: tuple[Any, ...], w_hh: Any, b_hh: Any, linear: Linear) -> tuple[Any, ...]:
    (h,) = state
    a_r, a_z, a_n = a.chunk(3, -1)
    h_r, h_z, h_n = linear(h, w_hh, b_hh).chunk(3, -1)
    r, z = torch.sigmoid(a_r + h_r), torch.sigmoid(a_z + h_z)
    n = torch.tanh(a_n + r * h_n)
    return ((1 - z) * n + z * h,)


def _simple(activation: Callable[[Any], Any]) -> Cell:
    def cell(a: Any, state: tuple[Any, ...], w_hh: Any, b_hh: Any, linear: Linear) -> tuple[Any, ...]:
        return (activation(a + linear(state[0], w_hh, b_hh)),)

    return cell


rnn_tanh_cell, rnn_relu_cell = _simple(torch.tanh), _simple(torch.relu)

CELLS: dict[Any, Cell] = {
    torch.lstm_cell: lstm_cell,
    torch.gru_cell: gru_cell,
    torch.rnn_tanh_cell: rnn_tanh_cell,
    torch.rnn_relu_cell: rnn_relu_cell,
}
LAYERS: dict[Any, Cell] = {
    torch.lstm: lstm_cell,
    torch.gru: gru_cell,
    torch.rnn_tanh: rnn_tanh_cell,
    torch.rnn_relu: rnn_relu_cell,
}


def step(cell: Cell, linear: Linear, x: Any, state: Any, *weights: Any) -> Any:
    """`torch.lstm_cell(x, (h, c), w_ih, w_hh, b_ih, b_hh)` and the like."""
    whole = isinstance(state, (tuple, list))
    w_ih, w_hh, b_ih, b_hh = (*weights, None, None)[:4]
    before = tuple(state) if whole else (state,)
    result = cell(linear(x, w_ih, b_ih), before, w_hh, b_hh, linear)
    return result if whole else result[0]


def layers(
    cell: Cell,
    linear: Linear,
    x: Any,
    state: Any,
    weights: Any,
    has_biases: Any = True,
    count: int = 1,
    dropout: float = 0.0,
    train: bool = False,
    bidirectional: bool = False,
    batch_first: bool = False,
) -> Any:
    """`torch.lstm(x, (h, c), weights, ...)` and the like: x (time, batch, inputs), or batch first; states
    (layers * directions, batch, units). Dropout is off.

    Raises:
        TypeError: packed sequences, or an LSTM with projections.
    """
    if not isinstance(has_biases, bool):
        raise TypeError("packed sequences cannot be run over a population; give it a padded batch")
    axis = 1 if batch_first else 0
    states = tuple(state) if isinstance(state, (tuple, list)) else (state,)
    each = 4 if has_biases else 2
    directions = 2 if bidirectional else 1
    if len(weights) != each * directions * count:
        raise TypeError("an LSTM with projections (proj_size) cannot be run over a population")
    ends: list[tuple[Any, ...]] = []
    for layer in range(count):
        outputs = []
        for direction in range(directions):
            number = layer * directions + direction
            own = weights[each * number : each * (number + 1)]
            w_ih, w_hh, b_ih, b_hh = (*own, None, None)[:4]
            if cell is not gru_cell and has_biases:  # whose gates add the two
                b_ih, b_hh = b_ih + b_hh, None
            now = tuple(part[number] for part in states)
            steps = linear(x, w_ih, b_ih).unbind(axis)
            seen = []
            for value in steps if direction == 0 else steps[::-1]:
                now = cell(value, now, w_hh, b_hh, linear)
                seen.append(now[0])
            outputs.append(torch.stack(seen if direction == 0 else seen[::-1], axis))
            ends.append(now)
        x = outputs[0] if directions == 1 else torch.cat(outputs, -1)
    return (x, *(torch.stack(parts) for parts in zip(*ends)))
