"""A cell with memory for a population on a device: members are the leading axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ember_ml.backend.cells import step
from ember_ml.backend.select import table
from ember_ml.engines.device_arrays import Arrays
from ember_ml.engines.device_low_rank import LowRankWeight
from ember_ml.policy.cells import CellLayer


class DeviceCell:
    """Two batched matrix products and what torch's cell makes of them."""

    def __init__(self, arrays: Arrays, layer: CellLayer) -> None:
        self.kind, self.states = layer.kind, layer.states
        self._input = arrays.product(layer.inputs, layer.bias_offset >= 0)
        self._state = arrays.product(layer.outputs, layer.state_bias_offset >= 0)
        backend = table(arrays.backend)
        # Not those of `arrays`, which write over what they are given.
        self._functions: list[Callable[[Any], Any]] = [backend.sigmoid, backend.tanh, backend.relu]

    def __call__(self, weights: list[Any], x: Any, state: list[Any]) -> tuple[Any, ...]:
        """The next state of x (M, E, inputs) and a state (M, E, outputs)."""
        over_input, bias, over_state, state_bias = weights
        a = _product(self._input, bias, x, over_input)
        b = _product(self._state, state_bias, state[0], over_state)
        return step(self.kind, tuple(state), a, b, self._functions)


def _product(dense: Any, bias: Any, x: Any, weight: Any) -> Any:
    return weight.product(bias, x) if isinstance(weight, LowRankWeight) else dense(bias, x, weight)


def cell_weights(arrays: Arrays, layer: CellLayer, rows: Any) -> list[Any]:
    """Of rows (M, P): the weights over the input (M, inputs, gates * outputs), their bias (M, 1, gates *
    outputs) or None, and the same over the state.
    """
    found = []
    for weight, bias in zip(layer.weights(rows), layer.biases(rows)):
        found.append(arrays.contiguous(weight.swapaxes(1, 2)))
        found.append(None if bias is None else arrays.contiguous(bias[:, None]))
    return found
