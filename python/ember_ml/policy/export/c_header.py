"""A trained policy as a C99 header: the same numbers, bit for bit, on any machine with IEEE floats.

Activations are those of cpp/core/math.h (export_c_math.py); a dense output is contract "one neuron"
(cpp/policy/policy.h).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from ember_ml.policy.export.c_cells import ACTIVATIONS, cell_step, cell_tables
from ember_ml.policy.export.c_math import FUNCTIONS, NEEDS
from ember_ml.policy.export.c_text import array, neurons, number
from ember_ml.policy.normalizer import OBSERVATION_CLIP
from ember_ml.policy.spec import CellLayer, DenseLayer, Elementwise

if TYPE_CHECKING:
    from ember_ml.policy.trained import TrainedPolicy

_C_WORDS = re.compile(
    "auto|break|case|char|const|continue|default|do|double|else|enum|extern|float|for|goto|if|inline|int|long"
    "|register|restrict|return|short|signed|sizeof|static|struct|switch|typedef|union|unsigned|void|volatile"
    "|while"
)


def identifier(text: str) -> str:
    """`text` as a C identifier."""
    name = re.sub(r"\W", "_", text, flags=re.ASCII) or "policy"
    return f"policy_{name}" if name[0].isdigit() or _C_WORDS.fullmatch(name) else name


def c_source(policy: TrainedPolicy, name: str = "policy") -> str:
    """The header's text.

    It defines ``name_outputs(observation, outputs)``, what the network gives, and ``name_act``: for discrete
    actions ``int name_act(observation)``, else ``void name_act(observation, action)``. A policy with memory
    takes a ``name_state *`` before these, which ``name_reset`` makes ready for an episode. No heap, nothing
    hidden, no library but `fmaf`.

    Args:
        policy: one that compiles (`policy.spec`).
        name: prefix of everything defined, a C identifier.

    Raises:
        ValueError: the policy has no compiled form, or `name` is no identifier.
    """
    spec, env = policy.spec, policy.env
    if spec is None:
        raise ValueError(
            "policy: it does not compile to a chain of dense layers and cells, so it cannot be exported"
        )
    if not re.fullmatch(r"[A-Za-z_]\w*", name, flags=re.ASCII) or _C_WORDS.fullmatch(name):
        raise ValueError(f"name: got {name!r}, wanted a C identifier")
    operations = [*spec.before, *(e for layer in spec.layers for e in layer.after)]
    called = [e.activation for e in operations if e.kind == "activation"]
    called += [name for cell in spec.cells for name in ACTIVATIONS[cell.kind]]
    needed = dict.fromkeys(f for activation in called for f in NEEDS[activation])
    if env.choices:
        needed = {"basic": None, **needed}
    functions = "".join(text for key, text in FUNCTIONS.items() if key in needed)
    width = max([spec.inputs, *(layer.outputs for layer in spec.layers)])
    values = policy.theta
    given = "&state, " if spec.memory else ""
    begin = f" *   {name}_state state; {name}_reset(&state);\n" if spec.memory else ""
    parts = [
        f"/* A policy trained by ember-ml on {_comment(env.name)}: {_comment(spec.describe())},"
        f" {spec.parameters} parameters.\n"
        " *\n"
        f"{begin} *   float outputs[{spec.outputs}]; {name}_outputs({given}observation, outputs);\n"
        f" *   {_usage(policy, name)}\n"
        " *\n"
        f" * observation: {spec.inputs} floats, raw: they are normalised here where the training did. C99;\n"
        " * needs only fmaf. It computes the same bits as the training did if the compiler keeps to IEEE\n"
        " * arithmetic: use -ffp-contract=off (or -std=c99) and never -ffast-math.\n"
        " */",
        f"#ifndef {name.upper()}_H\n#define {name.upper()}_H\n",
        "#include <float.h>\n#include <math.h>\n#include <stdint.h>\n#include <string.h>\n",
        "#if defined(__FAST_MATH__)\n"
        "#error \"this policy needs IEEE arithmetic: compile without -ffast-math\"\n#endif\n"
        "#if defined(FLT_EVAL_METHOD) && (FLT_EVAL_METHOD == 1 || FLT_EVAL_METHOD == 2)\n"
        '#error "this policy needs float arithmetic rounded to float: compile with -mfpmath=sse"\n'
        "#endif\n#if defined(__clang__)\n#pragma STDC FP_CONTRACT OFF\n#endif\n",
        "#ifdef __cplusplus\nextern \"C\" {\n#endif\n",
        f"#define {name.upper()}_OBSERVATIONS {spec.inputs}\n#define {name.upper()}_OUTPUTS {spec.outputs}\n",
        functions.replace("NAME_", f"{name}_"),
        _memory(policy, name),
        *(_weights(f"{name}_{index}", layer, values) for index, layer in enumerate(spec.layers)),
        _outputs(policy, name, width),
        _act(policy, name),
        f"#ifdef __cplusplus\n}}\n#endif\n\n#endif /* {name.upper()}_H */\n",
    ]  # fmt: skip
    return "\n".join(part for part in parts if part)


def _comment(text: str) -> str:
    return text.replace("*/", "* /").replace("\n", " ")


def _usage(policy: TrainedPolicy, name: str) -> str:
    env = policy.env
    given = "&state, " if _state(policy, name) else ""
    if env.choices:
        return f"int action[{len(env.choices)}]; {name}_act({given}observation, action);"
    if env.discrete:
        return f"int action = {name}_act({given}observation);"
    return f"float action[{env.action_size}]; {name}_act({given}observation, action);"


def _weights(name: str, layer: DenseLayer | CellLayer, theta: np.ndarray) -> str:
    if isinstance(layer, CellLayer):
        return cell_tables(name, layer, theta)
    bias = layer.bias(theta)
    text = f"/* [{layer.inputs}][{layer.outputs}] */\n"
    text += array(f"{name}_weight", layer.weight(theta).reshape(-1).tolist())
    if bias is not None:
        text += array(f"{name}_bias", bias.tolist())
    return text


def _outputs(policy: TrainedPolicy, name: str, width: int) -> str:
    spec = policy.spec
    assert spec is not None
    tables, body = [], []
    if policy.normalizer is not None:
        tables.append(array(f"{name}_observation_mean", policy.normalizer.mean.tolist()))
        tables.append(array(f"{name}_observation_factor", policy.normalizer.inverse.tolist()))
        body.append(
            f"  for (i = 0; i < {spec.inputs}; ++i) {{\n"
            f"    const float centred = observation[i] - {name}_observation_mean[i];\n"
            f"    const float scaled = centred * {name}_observation_factor[i];\n"
            f"    x[i] = scaled < {number(-OBSERVATION_CLIP)} ? {number(-OBSERVATION_CLIP)}"
            f" : scaled > {number(OBSERVATION_CLIP)} ? {number(OBSERVATION_CLIP)} : scaled;\n"
            "  }\n"
        )
    else:
        body.append(f"  for (i = 0; i < {spec.inputs}; ++i) x[i] = observation[i];\n")
    body.append(_operations(f"{name}_before", spec.before, spec.inputs, "x", name, tables))
    source, target, memory = "x", "y", 0
    for index, layer in enumerate(spec.layers):
        table = f"{name}_{index}"
        if isinstance(layer, CellLayer):
            body.append(cell_step(table, name, layer, memory, source, target))
            memory += layer.states * layer.outputs
        else:
            biased = layer.bias_offset >= 0
            body.append(neurons(table, source, target, layer.inputs, layer.outputs, biased, False))
        body.append(_operations(f"{name}_{index}_after", layer.after, layer.outputs, target, name, tables))
        source, target = target, source
    body.append(f"  for (i = 0; i < {spec.outputs}; ++i) outputs[i] = {source}[i];\n")
    head = (
        f"/* What the network gives for {spec.inputs} raw observation values: {spec.outputs} floats. */\n"
        f"static inline void {name}_outputs({_state(policy, name)}const float *observation, "
        "float *outputs) {\n"
        f"  float x[{width}], y[{width}];\n  int i, o;\n"
    )
    if spec.cells:
        gates = max(cell.gates * cell.outputs for cell in spec.cells)
        head += f"  float a[{gates}], b[{gates}];\n"
    return "".join(tables) + ("\n" if tables else "") + head + "".join(body) + "}\n"


def _state(policy: TrainedPolicy, name: str, argument: bool = False) -> str:
    """The state among the parameters of a function, or the arguments of a call; nothing without memory."""
    if policy.spec is None or not policy.spec.memory:
        return ""
    return "state, " if argument else f"{name}_state *state, "


def _memory(policy: TrainedPolicy, name: str) -> str:
    spec = policy.spec
    if spec is None or not spec.memory:
        return ""
    return (
        "/* What the policy remembers of an episode. Reset it where one starts: all zeros. */\n"
        f"typedef struct {name}_state {{\n  float memory[{spec.memory}];\n}} {name}_state;\n"
        f"static inline void {name}_reset({name}_state *state) {{\n"
        f"  int i;\n  for (i = 0; i < {spec.memory}; ++i) state->memory[i] = 0.0f;\n}}\n"
    )


def _operations(
    table: str, operations: tuple[Elementwise, ...], width: int, vector: str, name: str, tables: list[str]
) -> str:
    text = ""
    for index, operation in enumerate(operations):
        if operation.kind == "activation":
            if operation.activation == "identity":
                continue
            expression = f"{vector}[i] = {name}_{operation.activation}({vector}[i])"
        else:
            if len(operation.values) == 1:
                value = number(operation.values[0])
            else:
                tables.append(array(f"{table}_{index}", operation.values))
                value = f"{table}_{index}[i]"
            sign = "*" if operation.kind == "scale" else "+"
            expression = f"{vector}[i] = {vector}[i] {sign} {value}"
        text += f"  for (i = 0; i < {width}; ++i) {expression};\n"
    return text


def _act(policy: TrainedPolicy, name: str) -> str:
    env, outputs = policy.env, policy.env.action_size
    given = _state(policy, name, argument=True)
    if env.choices:
        text = (
            f"static inline void {name}_act({_state(policy, name)}const float *observation, int *action) {{\n"
        )
        text += f"  float outputs[{outputs}];\n  int i;\n  {name}_outputs({given}observation, outputs);\n"
        start = 0
        for index, count in enumerate(env.choices):
            text += f"  action[{index}] = 0;\n  for (i = 1; i < {count}; ++i)\n"
            text += (
                f"    if (outputs[{start} + i] > outputs[{start} + action[{index}]]) action[{index}] = i;\n"
            )
            start += count
        return "/* The choices for an observation: of equal outputs the first wins. */\n" + text + "}\n"
    if env.discrete:
        shift = f" + {env.action_start}" if env.action_start else ""
        return (
            "/* The action for an observation: of equal outputs the first wins. */\n"
            f"static inline int {name}_act({_state(policy, name)}const float *observation) {{\n"
            f"  float outputs[{outputs}];\n  int i, best = 0;\n"
            f"  {name}_outputs({given}observation, outputs);\n"
            f"  for (i = 1; i < {outputs}; ++i)\n    if (outputs[i] > outputs[best]) best = i;\n"
            f"  return best{shift};\n}}\n"
        )
    text, tables = "", ""
    low, high = env.action_low, env.action_high
    clips = []
    if policy.clip_actions:
        for bound, test in ((low, "<"), (high, ">")):
            if bound is not None and np.isfinite(bound).any():
                kind = "low" if test == "<" else "high"
                tables += array(f"{name}_{kind}", np.asarray(bound).tolist())
                clips.append(f"    if (action[i] {test} {name}_{kind}[i]) action[i] = {name}_{kind}[i];\n")
    text = (
        f"static inline void {name}_act({_state(policy, name)}const float *observation, float *action) {{\n"
    )
    if clips:
        text += f"  int i;\n  {name}_outputs({given}observation, action);\n"
        text += f"  for (i = 0; i < {outputs}; ++i) {{\n" + "".join(clips) + "  }\n}\n"
    else:
        text += f"  {name}_outputs({given}observation, action);\n}}\n"
    note = ", clipped to its bounds" if clips else ""
    return tables + f"/* The action for an observation{note}. */\n" + text
