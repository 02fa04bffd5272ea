"""torch's recurrent layers and cells as products and element-wise operations, which vmap can batch.

The equations and the order of the gates are torch's (`torch.nn.RNN`, `GRU`, `LSTM`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import torch

from ember_ml.policy.torch_modules.products import lstm_gates


class Products(Protocol):
    """How layers multiply: torch's way, or with members of low rank."""

    def linear(self, x: Any, weight: Any, bias: Any = None) -> Any: ...

    def gates(self, x: Any, w_ih: Any, w_hh: Any, bias: Any) -> Callable[[int, Any], Any]:
        """What gives of a time and a state h the sum x[time] w_ih^T + h w_hh^T + bias."""


#: (sums, state) -> the next state, of which the first part is the output. Sums are what the input and the
#: state give together; for a GRU they are two, of the input and of the state.
Cell = Callable[[Any, tuple[Any, ...]], tuple[Any, ...]]


def lstm_cell(sums: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
    return lstm_gates(sums, state[1])


def gru_cell(sums: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
    a_r, a_z, a_n = sums[0].chunk(3, -1)
    h_r, h_z, h_n = sums[1].chunk(3, -1)
    r, z = torch.sigmoid(a_r + h_r), torch.sigmoid(a_z + h_z)
    n = torch.tanh(a_n + r * h_n)
    return ((1 - z) * n + z * state[0],)


def rnn_tanh_cell(sums: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
    return (torch.tanh(sums),)


def rnn_relu_cell(sums: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
    return (torch.relu(sums),)


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


def step(cell: Cell, products: Products, x: Any, state: Any, *weights: Any) -> Any:
    """`torch.lstm_cell(x, (h, c), w_ih, w_hh, b_ih, b_hh)` and the like."""
    whole = isinstance(state, (tuple, list))
    before = tuple(state) if whole else (state,)
    result = cell(_sums(cell, products, x[None], weights)(0, before[0]), before)
    return result if whole else result[0]


def _sums(cell: Cell, products: Products, x: Any, weights: Any) -> Callable[[int, Any], Any]:
    """What gives a cell's sums of a time and a state h, for inputs x (time, batch, inputs)."""
    w_ih, w_hh, b_ih, b_hh = (*weights, None, None)[:4]
    if cell is not gru_cell:
        return products.gates(x, w_ih, w_hh, None if b_ih is None else b_ih + b_hh)
    a = products.linear(x, w_ih, b_ih)
    return lambda time, h: (a[time], products.linear(h, w_hh, b_hh))


def layers(
    cell: Cell,
    products: Products,
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
    x = x.transpose(0, 1) if batch_first else x
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
            sums = _sums(cell, products, x, weights[each * number : each * (number + 1)])
            now = tuple(part[number] for part in states)
            seen = []
            for time in range(len(x)) if direction == 0 else reversed(range(len(x))):
                now = cell(sums(time, now[0]), now)
                seen.append(now[0])
            outputs.append(torch.stack(seen if direction == 0 else seen[::-1]))
            ends.append(now)
        x = outputs[0] if directions == 1 else torch.cat(outputs, -1)
    x = x.transpose(0, 1) if batch_first else x
    return (x, *(torch.stack(parts) for parts in zip(*ends)))
