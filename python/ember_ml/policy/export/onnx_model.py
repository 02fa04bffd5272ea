"""A trained policy as an ONNX model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ember_ml.backend.activations import ACTIVATIONS
from ember_ml.errors import need
from ember_ml.policy.export.onnx_cells import add_cell
from ember_ml.policy.normalizer import OBSERVATION_CLIP
from ember_ml.policy.spec import CellLayer, Elementwise

if TYPE_CHECKING:
    from ember_ml.policy.trained import TrainedPolicy

OPSET, IR_VERSION = 20, 9


def to_onnx(policy: TrainedPolicy) -> Any:
    """The model (`onnx.ModelProto`): input ``observation`` float32 (batch, n), raw; outputs ``outputs``, what
    the network gives, float32 (batch, outputs), and ``action``: int64 (batch,) for discrete ones, int64
    (batch, choices) for MultiDiscrete, float32 (batch, actions) for a Box. One with memory has an input
    ``state`` float32 (batch, values), zeros where an episode starts, and an output ``next_state``.

    Raises:
        ValueError: the policy does not compile to a chain of dense layers and cells.
        MissingExtra: onnx is not installed.
    """
    onnx = need("onnx", "onnx")
    spec = policy.spec
    if spec is None:
        raise ValueError(
            "policy: it does not compile to a chain of dense layers and cells, so it has no ONNX form"
        )
    graph = _Graph(onnx, "observation")
    if policy.normalizer is not None:
        graph.add("Sub", graph.constant(policy.normalizer.mean))
        graph.add("Mul", graph.constant(policy.normalizer.inverse))
        graph.add("Clip", graph.constant(-OBSERVATION_CLIP), graph.constant(OBSERVATION_CLIP))
    graph.elementwise(spec.before)
    after: list[str] = []
    remembered = 0
    for layer in spec.layers:
        if isinstance(layer, CellLayer):
            after += add_cell(graph, layer, policy.theta, remembered)
            remembered += layer.states * layer.outputs
            graph.elementwise(layer.after)
            continue
        bias = layer.bias(policy.theta)
        graph.add("MatMul", graph.constant(layer.weight(policy.theta)))
        if bias is not None:
            graph.add("Add", graph.constant(bias))
        graph.elementwise(layer.after)
    graph.add("Identity", output="outputs")
    if after:
        graph.node("Concat", *after, output="next_state", axis=1)
    kind, shape = _action(graph, policy)
    helper, types = onnx.helper, onnx.TensorProto

    def tensors(**shapes: Any) -> list[Any]:
        return [
            helper.make_tensor_value_info(n, types.FLOAT, ["batch", width]) for n, width in shapes.items()
        ]

    made = helper.make_graph(
        graph.nodes,
        "policy",
        tensors(observation=spec.inputs, **({"state": spec.memory} if after else {})),
        [
            *tensors(outputs=spec.outputs),
            helper.make_tensor_value_info("action", kind, shape),
            *(tensors(next_state=spec.memory) if after else ()),
        ],
        graph.constants,
        doc_string=f"{policy.env.name}: {spec.describe()}",
    )
    opset = helper.make_opsetid("", OPSET)
    model = helper.make_model(made, producer_name="ember-ml", opset_imports=[opset], ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    return model


class _Graph:
    """A chain of nodes: each takes the last one's result and some constants."""

    def __init__(self, onnx: Any, name: str) -> None:
        self.onnx = onnx
        self.last = name
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, values: Any, dtype: Any = np.float32) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(self.onnx.numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def add(self, kind: str, *others: str, output: str | None = None, **attributes: Any) -> None:
        self.last = self.node(kind, self.last, *others, output=output, **attributes)

    def node(self, kind: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        """A node beside the chain. Returns the name of its result."""
        output = output or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def elementwise(self, operations: tuple[Elementwise, ...]) -> None:
        for operation in operations:
            if operation.kind != "activation":
                self.add("Mul" if operation.kind == "scale" else "Add", self.constant(operation.values))
            elif operation.activation != "identity":
                self.add(ACTIVATIONS[operation.activation].onnx)


def _action(graph: _Graph, policy: TrainedPolicy) -> tuple[Any, list[Any]]:
    env, types = policy.env, graph.onnx.TensorProto
    if env.choices:
        parts, source, start = [], graph.last, 0
        for index, count in enumerate(env.choices):
            graph.last = source
            graph.add("Slice", *(graph.constant([n], np.int64) for n in (start, start + count, 1)))
            graph.add("ArgMax", axis=1, keepdims=1, output=f"choice_{index}")
            parts.append(graph.last)
            start += count
        graph.last = parts[0]
        graph.add("Concat", *parts[1:], output="action", axis=1)
        return types.INT64, ["batch", len(parts)]
    if env.discrete:
        graph.add("ArgMax", axis=1, keepdims=0)
        graph.add("Add", graph.constant(env.action_start, np.int64), output="action")
        return types.INT64, ["batch"]
    if policy.clip_actions:
        for kind, bound in (("Max", env.action_low), ("Min", env.action_high)):
            if bound is not None:
                graph.add(kind, graph.constant(bound))
    graph.add("Identity", output="action")
    return types.FLOAT, ["batch", env.action_size]
