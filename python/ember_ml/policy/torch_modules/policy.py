"""A torch module as a policy: its trained parameters as one vector."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from ember_ml.perturbation import ThetaShape
from ember_ml.policy.handing import Handing
from ember_ml.policy.torch_modules import matrices
from ember_ml.rollout import Float32


class Place:
    """Where a parameter is in theta: `name`, `start`, `size`, its `shape`, and whether theta holds a Linear's
    weight the other way round (`turned`), as the native core does.
    """

    __slots__ = ("name", "parameter", "shape", "size", "start", "turned")

    def __init__(self, name: str, parameter: nn.Parameter, start: int, turned: bool) -> None:
        self.name, self.parameter, self.start, self.turned = name, parameter, start, turned
        self.shape, self.size = tuple(parameter.shape), parameter.numel()


class TorchPolicy:
    """A torch module, and its trained parameters in the order of theta.

    Those that require a gradient are trained, each once, however many layers share it; buffers and the rest
    stay as they are.

    Args:
        module: the user's.
        turned: names of parameters that theta holds transposed.

    Attributes:
        handing, outputs: the form in which it takes observations, and how many numbers it gives for one, once
            `check` has found them.

    Raises:
        ValueError: nothing to train, or a parameter that is not of real numbers.
    """

    def __init__(self, module: nn.Module, turned: set[str] | None = None) -> None:
        self.module = module
        self.handing: Handing
        self.outputs = 0
        self.places: list[Place] = []
        start = 0
        for name, parameter in module.named_parameters():
            if not parameter.requires_grad:
                continue
            if not parameter.is_floating_point():
                raise ValueError(f"policy: the parameter {name} is {parameter.dtype}, wanted real numbers")
            self.places.append(Place(name, parameter, start, name in (turned or ())))
            start += self.places[-1].size
        self.parameters = start
        if not start:
            raise ValueError(
                f"policy: {self.name} has no trainable parameters (none of them requires a gradient)"
            )

    @property
    def stateful(self) -> bool:
        """Whether it has memory: ``forward(x, state) -> (y, state)``, beginning with
        ``initial_state(batch)``.
        """
        return callable(getattr(self.module, "initial_state", None))

    @property
    def name(self) -> str:
        return type(self.module).__name__

    @property
    def theta_shape(self) -> ThetaShape:
        """Which slices of theta are matrices, for noise of low rank."""
        return matrices.theta_shape(self)

    def check_low_rank(self) -> None:
        """Raises ValueError where noise of low rank does not know a layer, naming it."""
        matrices.check_layers(self)

    def to_vector(self) -> Float32:
        """The trained parameters, float32 (parameters,)."""
        parts = []
        for place in self.places:
            values = place.parameter.detach().float().cpu()
            parts.append((values.T if place.turned else values).reshape(-1).numpy())
        return np.concatenate(parts)

    def from_vector(self, theta: Float32) -> None:
        """Copies theta (parameters,) into the module's own parameters, whatever their type and device."""
        self.write(theta, {place.name: place.parameter for place in self.places})

    def write(self, theta: Float32, parameters: Mapping[str, torch.Tensor]) -> None:
        """Copies theta (parameters,) into parameters by name, of this module or of a copy."""
        with torch.no_grad():
            for place in self.places:
                part = torch.tensor(theta[place.start : place.start + place.size])
                values = part.reshape(place.shape[::-1]).T if place.turned else part.reshape(place.shape)
                parameters[place.name].copy_(values)
