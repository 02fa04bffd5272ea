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
    torch = need("torch", "torch")
    spec = policy.spec
    if spec is None:
        raise ValueError(
            "policy: it does not compile to a chain of dense layers and cells, so it has no torch form"
        )
    nn = torch.nn
    modules: list[Any] = []
    if policy.normalizer is not None:
        modules.append(_normalize(torch, policy.normalizer))
    modules += [_operation(torch, e) for e in spec.before]
    for layer in spec.layers:
        if isinstance(layer, CellLayer):
            values = [
                None if v is None else v.copy()
                for v in (*layer.weights(policy.theta), *layer.biases(policy.theta))
            ]
            modules += [_memory().Cell(layer.kind, values), *(_operation(torch, e) for e in layer.after)]
            continue
        bias = layer.bias(policy.theta)
        linear = nn.Linear(layer.inputs, layer.outputs, bias=bias is not None)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(layer.weight(policy.theta).T.copy()))
            if bias is not None:
                linear.bias.copy_(torch.from_numpy(bias.copy()))
        modules += [linear, *(_operation(torch, e) for e in layer.after)]
    modules.append(_action(torch, policy))
    return _memory().WithMemory(modules) if spec.memory else nn.Sequential(*modules)


def _memory() -> Any:
    """nn/to_torch.py, which imports torch."""
    from ember_ml.nn import to_torch

    return to_torch


def _constant(torch: Any, values: Any) -> Any:
    return torch.from_numpy(np.array(values, np.float32))


def _normalize(torch: Any, normalizer: Normalizer) -> Any:
    class NormalizeObservation(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("mean", _constant(torch, normalizer.mean))
            self.register_buffer("inverse_deviation", _constant(torch, normalizer.inverse))

        def forward(self, x: Any) -> Any:
            return torch.clamp((x - self.mean) * self.inverse_deviation, -OBSERVATION_CLIP, OBSERVATION_CLIP)

    return NormalizeObservation()


def _operation(torch: Any, operation: Elementwise) -> Any:
    nn = torch.nn
    Base: Any = nn.Module
    if operation.kind == "activation":
        return getattr(nn, ACTIVATIONS[operation.activation].module)()

    class Constant(Base):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("values", _constant(torch, operation.values))

    class Scale(Constant):
        def forward(self, x: Any) -> Any:
            return x * self.values

    class Shift(Constant):
        def forward(self, x: Any) -> Any:
            return x + self.values

    return Scale() if operation.kind == "scale" else Shift()


def _action(torch: Any, policy: TrainedPolicy) -> Any:
    env, nn = policy.env, torch.nn
    Base: Any = nn.Module

    class Choose(Base):
        def forward(self, x: Any) -> Any:
            return torch.argmax(x, dim=-1) + env.action_start

    class ChooseEach(Base):
        def forward(self, x: Any) -> Any:
            return torch.stack(
                [torch.argmax(part, dim=-1) for part in torch.split(x, list(env.choices), -1)], -1
            )

    class Clip(Base):
        def __init__(self) -> None:
            super().__init__()
            size = env.action_size
            for name, bound, none in (("low", env.action_low, -np.inf), ("high", env.action_high, np.inf)):
                self.register_buffer(name, _constant(torch, np.full(size, none) if bound is None else bound))

        def forward(self, x: Any) -> Any:
            return torch.minimum(torch.maximum(x, self.low), self.high)

    if env.choices:
        return ChooseEach()
    if env.discrete:
        return Choose()
    bounded = env.action_low is not None or env.action_high is not None
    return Clip() if policy.clip_actions and bounded else nn.Identity()
