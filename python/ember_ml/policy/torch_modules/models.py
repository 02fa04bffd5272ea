"""What an objective is handed of a torch module."""

from __future__ import annotations

import copy
from typing import Any

import torch

from ember_ml.policy.batched_model import BatchedModel
from ember_ml.policy.torch_modules.members import MemberForward
from ember_ml.policy.torch_modules.policy import TorchPolicy
from ember_ml.rollout import CHUNK_BYTES, Float32


class TorchModels:
    """Models of a torch module: a copy of it with one member's parameters; or its forward for many members.

    Args:
        device: where it runs; what an objective gives it must be there too.
    """

    def __init__(self, policy: TorchPolicy, device: str | None = None) -> None:
        self.members = MemberForward(policy, device or "cpu")
        self.chunk_bytes = CHUNK_BYTES
        self._policy = policy
        self._single = copy.deepcopy(self.members.module)
        self._parameters = dict(self._single.named_parameters())

    def one(self, theta: Float32) -> Any:
        """The module itself, in eval mode, with these parameters; they take no gradients."""
        self._policy.write(theta, self._parameters)
        return self._single

    def many(self, rows: Float32) -> BatchedModel:
        weights = self.members.weights(torch.from_numpy(rows).to(self.members.device))
        return BatchedModel(len(rows), lambda inputs, each: self.members(weights, inputs, not each))
