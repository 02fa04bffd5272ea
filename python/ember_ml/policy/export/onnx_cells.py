"""A cell with memory as nodes of an ONNX graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from ember_ml.policy.cells import CellLayer
from ember_ml.rollout import Float32


def add_cell(graph: Any, layer: CellLayer, theta: Float32, at: int) -> list[str]:
    """Adds the cell's step to an `onnx_model._Graph`; its state are values `at` .. of the input ``state``
    (batch, memory). Returns the names of its next states; `graph.last` is its output.
    """
    units = layer.outputs

    def part(name: str, start: int, end: int) -> str:
        bounds = (graph.constant([n], np.int64) for n in (start, end, 1))
        return str(graph.node("Slice", name, *bounds))

    def gates(x: str, weight: Float32, bias: Float32 | None) -> str:
        product = graph.node("MatMul", x, graph.constant(weight.T))
        return str(product if bias is None else graph.node("Add", product, graph.constant(bias)))

    state = [part("state", at + n * units, at + (n + 1) * units) for n in range(layer.states)]
    weights, biases = layer.weights(theta), layer.biases(theta)
    a, b = (gates(*given) for given in zip((graph.last, state[0]), weights, biases))

    def gate(kind: str, n: int) -> str:
        sides = (part(side, n * units, (n + 1) * units) for side in (a, b))
        return str(graph.node(kind, graph.node("Add", *sides)))

    if layer.kind == "gru":
        reset, keep = gate("Sigmoid", 0), gate("Sigmoid", 1)
        gated = graph.node("Mul", reset, part(b, 2 * units, 3 * units))
        new = graph.node("Tanh", graph.node("Add", part(a, 2 * units, 3 * units), gated))
        kept = graph.node("Mul", keep, graph.node("Sub", state[0], new))
        after = [graph.node("Add", new, kept)]
    elif layer.kind == "lstm":
        kept = graph.node("Mul", gate("Sigmoid", 1), state[1])
        c = graph.node("Add", kept, graph.node("Mul", gate("Sigmoid", 0), gate("Tanh", 2)))
        after = [graph.node("Mul", gate("Sigmoid", 3), graph.node("Tanh", c)), c]
    else:
        after = [gate("Relu" if layer.kind == "rnn_relu" else "Tanh", 0)]
    graph.last = after[0]
    return after
