"""Cells with memory in a policy as data: torch's RNNCell, GRUCell and LSTMCell (cpp/policy/policy.h)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ember_ml.backend.cells import GATES
from ember_ml.perturbation import Matrix
from ember_ml.policy.elementwise import Elementwise

#: By the core's numbers.
KINDS = ("dense", "rnn_tanh", "rnn_relu", "gru", "lstm")

_NAMES = {"rnn_tanh": "RNN", "rnn_relu": "RNN relu", "gru": "GRU", "lstm": "LSTM"}


@dataclass(frozen=True)
class CellLayer:
    """One of torch's cells of `outputs` units, then `after`; `kind` is one of KINDS but "dense".

    Its weights over the input (gates * outputs, inputs) are at `weight_offset`, those over its state (gates *
    outputs, outputs) at `state_weight_offset`, biases (gates * outputs,) at `bias_offset` and
    `state_bias_offset` (-1: none). Gates are in torch's order.
    """

    inputs: int
    outputs: int
    weight_offset: int
    bias_offset: int
    after: tuple[Elementwise, ...] = ()
    kind: str = "gru"
    state_weight_offset: int = 0
    state_bias_offset: int = -1

    @property
    def name(self) -> str:
        return _NAMES[self.kind]

    @property
    def gates(self) -> int:
        return GATES[self.kind]

    @property
    def states(self) -> int:
        """Vectors of `outputs` values that it remembers: h, and c of an LSTM."""
        return 2 if self.kind == "lstm" else 1

    def weights(self, theta: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Those over the input and over the state, views of theta (..., parameters): (..., gates * outputs,
        inputs) and (..., gates * outputs, outputs).
        """
        neurons = self.gates * self.outputs
        found = []
        for at, inputs in ((self.weight_offset, self.inputs), (self.state_weight_offset, self.outputs)):
            part = theta[..., at : at + neurons * inputs]
            found.append(part.reshape(*theta.shape[:-1], neurons, inputs))
        return found[0], found[1]

    def biases(self, theta: NDArray[Any]) -> tuple[NDArray[Any] | None, NDArray[Any] | None]:
        """Those over the input and over the state, views of theta (..., parameters), or None."""
        neurons = self.gates * self.outputs
        first, second = (
            theta[..., at : at + neurons] if at >= 0 else None
            for at in (self.bias_offset, self.state_bias_offset)
        )
        return first, second

    @property
    def matrices(self) -> tuple[Matrix, ...]:
        """Those of theta, as `ThetaShape` has them."""
        neurons = self.gates * self.outputs
        return (
            Matrix(self.weight_offset, self.inputs, neurons, True),
            Matrix(self.state_weight_offset, self.outputs, neurons, True),
        )

    def own_fields(self) -> dict[str, Any]:
        """What `PolicySpec.to_dict` says of it besides the fields of a dense layer."""
        return {
            "kind": self.kind,
            "state_weight_offset": self.state_weight_offset,
            "state_bias_offset": self.state_bias_offset,
        }


def cell_of_torch(cell: Any, offset: int = 0) -> tuple[CellLayer, NDArray[np.float32]]:
    """A torch.nn.RNNCell, GRUCell or LSTMCell as a layer whose parameters begin at `offset` of theta, and
    these
    parameters: those of the torch module one after the other, as `parameters_to_vector` lays them out.

    Raises:
        TypeError: another module.
    """
    kinds = {"GRUCell": "gru", "LSTMCell": "lstm", "RNNCell": f"rnn_{getattr(cell, 'nonlinearity', '')}"}
    kind = kinds.get(type(cell).__name__, "")
    if kind not in KINDS:
        raise TypeError(f"cell: got {type(cell).__name__}, wanted a torch.nn.RNNCell, GRUCell or LSTMCell")
    values = [np.asarray(p.detach().cpu().numpy(), np.float32).reshape(-1) for p in cell.parameters()]
    starts = [offset, *(offset + np.cumsum([len(part) for part in values])).tolist()]
    biases = (starts[2], starts[3]) if cell.bias else (-1, -1)
    layer = CellLayer(cell.input_size, cell.hidden_size, starts[0], biases[0], (), kind, starts[1], biases[1])
    return layer, np.concatenate(values)


def turned(layers: tuple[Any, ...], rows: NDArray[Any]) -> NDArray[Any]:
    """`rows` (members, parameters) with the weights of cells as (inputs, gates * outputs), the order in which
    `_core.forward_members` reads them; `rows` itself where there is no cell.
    """
    cells = [layer for layer in layers if isinstance(layer, CellLayer)]
    if not cells:
        return rows
    made = rows.copy()
    for cell in cells:
        offsets = (cell.weight_offset, cell.state_weight_offset)
        for at, weight in zip(offsets, cell.weights(rows)):
            made[:, at : at + weight[0].size] = weight.swapaxes(1, 2).reshape(len(rows), -1)
    return made
