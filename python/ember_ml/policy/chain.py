"""One policy on a batch of observations, by the native core: the bits of native training."""

from __future__ import annotations

from typing import Any

import numpy as np

from ember_ml import _core
from ember_ml.policy.forward import SpecForward
from ember_ml.policy.spec import ACTIVATIONS, Elementwise, PolicySpec
from ember_ml.rollout import Float32


def forward(spec: PolicySpec, theta: Float32, inputs: Float32) -> Float32:
    """Outputs float32 (batch, outputs) of the chain with parameters `theta` for float32 (batch, inputs); with
    memory, those of the steps of one episode.
    """
    if spec.memory:
        return _episode(spec, theta, inputs)
    # An unpickled array has a dtype object of its own, which the native core does not take for float32.
    theta = np.ascontiguousarray(theta, np.float32)
    x = _apply(spec.before, np.ascontiguousarray(inputs, np.float32))
    for layer in spec.dense_layers:
        x = _apply(layer.after, _core.dense(x, layer.weight(theta), layer.bias(theta), 0))
    return x


def _episode(spec: PolicySpec, theta: Float32, inputs: Float32) -> Float32:
    step = SpecForward(spec)
    step.load(theta[None])
    memories: list[Any] = [None]
    first = np.zeros(1, np.intp)
    steps = [step(first, row[None], memories) for row in np.ascontiguousarray(inputs, np.float32)]
    return np.concatenate(steps)


def _apply(operations: tuple[Elementwise, ...], x: Float32) -> Float32:
    for operation in operations:
        if operation.kind == "activation":
            x = _core.activate(ACTIVATIONS.index(operation.activation), x)
        elif operation.kind == "scale":
            x = x * np.asarray(operation.values, np.float32)
        else:
            x = x + np.asarray(operation.values, np.float32)
    return x
