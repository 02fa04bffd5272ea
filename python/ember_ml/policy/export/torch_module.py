"""A trained policy as a plain `torch.nn.Module`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ember_ml.backend.activations import ACTIVATIONS
from ember_ml.errors import need
from ember_ml.policy.normalizer import OBSERVATION_CLIP, Normalizer
from ember_ml.policy.spec import CellLayer, Elementwise

if TYPE_CHECKING:
    from ember_ml.policy.trained import TrainedPolicy


def to_torch(policy: TrainedPolicy) -> Any:
    """A `torch.nn.Sequential` from raw observations (batch, n) to actions: int64 (batch,) for discrete ones,
    int64 (batch, choices) for MultiDiscrete, float32 (batch, actions) for a Box. Its weights can be trained
    on. One with memory is a `nn.to_torch.WithMemory`: ``forward(observations, state) -> (actions, state)``,
    with ``initial_state(batch)`` where episodes start.

    Raises:
        ValueError: the policy does not compile to a chain of dense layers and cells.
        MissingExtra: torch is not installed.
    """
    need("torch", "torch")
    import torch

    spec = policy.spec
    if spec is None:
        raise ValueError(
            "policy: it does not compile to a chain of dense layers and cells, so it has no torch form"
        )
    nn = torch.nn
    modules: list[Any] = []
    if policy.normalizer is not None:
        modules.append(_normalize(policy.normalizer))
    modules += [_operation(e) for e in spec.before]
    for layer in spec.layers:
        if isinstance(layer, CellLayer):
            values = [
                None if v is None else v.copy()
                for v in (*layer.weights(policy.theta), *layer.biases(policy.theta))
            ]
            modules += [_memory().Cell(layer.kind, values), *(_operation(e) for e in layer.after)]
            continue
        bias = layer.bias(policy.theta)
        linear = nn.Linear(layer.inputs, layer.outputs, bias=bias is not None)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(layer.weight(policy.theta).T.copy()))
            if bias is not None:
                linear.bias.copy_(torch.from_numpy(bias.copy()))
        modules += [linear, *(_operation(e) for e in layer.after)]
    modules.append(_action(policy))
    return _memory().WithMemory(modules) if spec.memory else nn.Sequential(*modules)


def _memory() -> Any:
    """nn/to_torch.py, which imports torch."""
    from ember_ml.nn import to_torch

    return to_torch


def _constant(values: Any) -> Any:
    import torch

    return torch.from_numpy(np.array(values, np.float32))


def _normalize(normalizer: Normalizer) -> Any:
    import torch

    class NormalizeObservation(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("mean", _constant(normalizer.mean))
            self.register_buffer("inverse_deviation", _constant(normalizer.inverse))

        def forward(self, x: Any) -> Any:
            return torch.clamp((x - self.mean) * self.inverse_deviation, -OBSERVATION_CLIP, OBSERVATION_CLIP)

    return NormalizeObservation()


def _operation(operation: Elementwise) -> Any:
    from torch import nn

    if operation.kind == "activation":
        return getattr(nn, ACTIVATIONS[operation.activation].module)()

    class Constant(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("values", _constant(operation.values))

    class Scale(Constant):
        def forward(self, x: Any) -> Any:
            return x * self.values

    class Shift(Constant):
        def forward(self, x: Any) -> Any:
            return x + self.values

    return Scale() if operation.kind == "scale" else Shift()


def _action(policy: TrainedPolicy) -> Any:
    import torch
    from torch import nn

    env = policy.env

    class Choose(nn.Module):
        def forward(self, x: Any) -> Any:
            return torch.argmax(x, dim=-1) + env.action_start

    class ChooseEach(nn.Module):
        def forward(self, x: Any) -> Any:
            return torch.stack(
                [torch.argmax(part, dim=-1) for part in torch.split(x, list(env.choices), -1)], -1
            )

    class Clip(nn.Module):
        low: torch.Tensor
        high: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            size = env.action_size
            for name, bound, none in (("low", env.action_low, -np.inf), ("high", env.action_high, np.inf)):
                self.register_buffer(name, _constant(np.full(size, none) if bound is None else bound))

        def forward(self, x: Any) -> Any:
            return torch.minimum(torch.maximum(x, self.low), self.high)

    if env.choices:
        return ChooseEach()
    if env.discrete:
        return Choose()
    bounded = env.action_low is not None or env.action_high is not None
    return Clip() if policy.clip_actions and bounded else nn.Identity()
