"""A cell with memory in C99: the bits of cpp/policy/cell_kernels.cpp."""

from __future__ import annotations

import numpy as np

from ember_ml.policy.cells import CellLayer
from ember_ml.policy.export.c_text import array, neurons

#: Activations of c_math.py that a cell calls.
ACTIVATIONS = {
    "rnn_tanh": ("tanh",),
    "rnn_relu": ("relu",),
    "gru": ("sigmoid", "tanh"),
    "lstm": ("sigmoid", "tanh"),
}

_STEPS = {
    "rnn_tanh": "    h[i] = NAME_tanh(a[i] + b[i]);\n",
    "rnn_relu": "    h[i] = NAME_relu(a[i] + b[i]);\n",
    "gru": """\
    const float r = NAME_sigmoid(a[i] + b[i]);
    const float z = NAME_sigmoid(a[UNITS + i] + b[UNITS + i]);
    const float gated = r * b[2 * UNITS + i];
    const float n = NAME_tanh(a[2 * UNITS + i] + gated);
    const float kept = z * (h[i] - n);
    h[i] = n + kept;
""",
    "lstm": """\
    const float in = NAME_sigmoid(a[i] + b[i]);
    const float kept = NAME_sigmoid(a[UNITS + i] + b[UNITS + i]) * c[i];
    const float added = in * NAME_tanh(a[2 * UNITS + i] + b[2 * UNITS + i]);
    const float out = NAME_sigmoid(a[3 * UNITS + i] + b[3 * UNITS + i]);
    c[i] = kept + added;
    h[i] = out * NAME_tanh(c[i]);
""",
}


def cell_tables(table: str, layer: CellLayer, theta: np.ndarray) -> str:
    """Its weights, torch's weight_ih and weight_hh, and biases."""
    text = ""
    parts = ("input", layer.inputs), ("state", layer.outputs)
    for (part, inputs), weight, bias in zip(parts, layer.weights(theta), layer.biases(theta)):
        text += f"/* [{layer.gates * layer.outputs}][{inputs}] */\n"
        text += array(f"{table}_{part}_weight", weight.reshape(-1).tolist())
        if bias is not None:
            text += array(f"{table}_{part}_bias", bias.tolist())
    return text


def cell_step(table: str, name: str, layer: CellLayer, memory: int, source: str, target: str) -> str:
    """Its next state, in ``state->memory`` from value number `memory` on, and its output."""
    units, outputs = layer.outputs, layer.gates * layer.outputs
    step = _STEPS[layer.kind].replace("NAME_", f"{name}_").replace("UNITS", str(units))
    c = f"    float *c = h + {units};\n" if layer.states == 2 else ""
    body = neurons(f"{table}_input", source, "a", layer.inputs, outputs, layer.bias_offset >= 0, True)
    body += neurons(f"{table}_state", "h", "b", units, outputs, layer.state_bias_offset >= 0, True)
    body += f"  for (i = 0; i < {units}; ++i) {{\n{step}    {target}[i] = h[i];\n  }}\n"
    indented = "".join(f"  {line}\n" for line in body.splitlines())
    return f"  {{\n    float *h = state->memory + {memory};\n{c}{indented}  }}\n"
