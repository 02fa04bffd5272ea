"""Which parameters of a torch module are matrices for noise of low rank, and which it does not know."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from torch import nn

from ember_ml.perturbation import Matrix, ThetaShape

if TYPE_CHECKING:
    from ember_ml.policy.torch_modules.policy import TorchPolicy

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_PRODUCTS = (nn.Linear, *_CONVOLUTIONS, nn.RNNBase, nn.RNNCellBase, nn.MultiheadAttention)
KNOWN = "Linear, Conv1d to Conv3d, Embedding, MultiheadAttention, and the recurrent layers and cells"


def theta_shape(policy: TorchPolicy) -> ThetaShape:
    """Matrices are the weights of the layers that are `KNOWN`: (outputs, inputs), a kernel's inputs being
    inputs x height x width; an embedding's are (rows, features). All else counts as vectors, a module's own
    parameters too.
    """
    found = []
    for place in policy.places:
        owner = _owner(policy, place.name)
        if len(place.shape) < 2:
            continue
        if isinstance(owner, nn.Embedding):
            found.append(Matrix(place.start, place.shape[0], place.shape[1]))
        elif isinstance(owner, _PRODUCTS):
            inputs = math.prod(place.shape[1:])
            found.append(Matrix(place.start, inputs, place.shape[0], not place.turned))
    return ThetaShape(policy.parameters, tuple(found))


def check_layers(policy: TorchPolicy) -> None:
    """Raises ValueError: a layer of torch's whose weights noise of low rank does not know, naming it."""
    for place in policy.places:
        owner = _owner(policy, place.name)
        known = isinstance(owner, (*_PRODUCTS, nn.Embedding))
        if len(place.shape) > 1 and not known and type(owner).__module__.startswith("torch.nn."):
            raise ValueError(
                f"perturbation: {policy.name} has {place.name} of {type(owner).__name__}, a layer that noise"
                f" of low rank does not know; it knows {KNOWN}. perturbation=None is full noise"
            )


def _owner(policy: TorchPolicy, name: str) -> Any:
    return policy.module.get_submodule(name.rpartition(".")[0])
