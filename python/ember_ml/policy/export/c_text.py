"""Pieces of C that the header is made of: numbers, tables, neurons."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


def number(value: float) -> str:
    """A float32 in nine digits, which give it back exactly."""
    value = float(np.float32(value))
    if np.isinf(value):
        return "HUGE_VALF" if value > 0 else "-HUGE_VALF"
    text = f"{value:.9g}"
    return f"{text}f" if "." in text or "e" in text else f"{text}.0f"


def array(name: str, values: Iterable[float]) -> str:
    texts = [number(value) for value in values]
    lines = [", ".join(texts[i : i + 8]) for i in range(0, len(texts), 8)]
    return f"static const float {name}[{len(texts)}] = {{\n  " + ",\n  ".join(lines) + "};\n"


def neurons(table: str, source: str, target: str, inputs: int, outputs: int, bias: bool, turned: bool) -> str:
    """``target[o]`` for every output by contract "one neuron", from ``source[i]`` and the tables
    ``table_weight``, [inputs][outputs] or where `turned` [outputs][inputs], and ``table_bias``.
    """
    used, whole = min(inputs, 4), inputs - inputs % 4
    sums = {1: "s0", 2: "s0 + s1", 3: "(s0 + s1) + s2", 4: "(s0 + s1) + (s2 + s3)"}[used]
    starts = [f"s0 = {table}_bias[o]" if bias else "s0 = 0.0f", *(f"s{k} = 0.0f" for k in range(1, used))]

    def one(at: str, k: int) -> str:
        weight = f"w[{at}]" if turned else f"w[({at}) * {outputs}]" if "+" in at else f"w[{at} * {outputs}]"
        return f"s{k} = fmaf({weight}, {source}[{at}], s{k});\n"

    text = f"  for (o = 0; o < {outputs}; ++o) {{\n"
    text += f"    const float *w = {table}_weight + o{f' * {inputs}' if turned else ''};\n"
    text += f"    float {', '.join(starts)};\n"
    if whole:
        steps = "".join("      " + one(f"i + {k}", k) for k in range(4))
        text += f"    for (i = 0; i < {whole}; i += 4) {{\n{steps}    }}\n"
    text += "".join("    " + one(f"{whole + k}", k) for k in range(inputs - whole))
    return text + f"    {target}[o] = {sums};\n  }}\n"
