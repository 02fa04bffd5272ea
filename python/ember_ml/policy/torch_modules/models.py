"""What an objective is handed of a torch module."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import torch

from ember_ml.policy.batched_model import BatchedModel
from ember_ml.policy.torch_modules.low_rank import LowRankRows, low_rank_chunks
from ember_ml.policy.torch_modules.members import MemberForward
from ember_ml.policy.torch_modules.policy import TorchPolicy
from ember_ml.rollout import CHUNK_BYTES, Float32, Population


class TorchModels:
    """Models of a torch module: a copy of it with one member's parameters; or its forward for many members.

    Args:
        device: where it runs; what an objective gives it must be there too.
    """

    def __init__(self, policy: TorchPolicy, device: str | None = None) -> None:
        self.members = MemberForward(policy, device or "cpu")
        self._policy = policy
        self._single = copy.deepcopy(self.members.module)
        self._parameters = dict(self._single.named_parameters())

    def chunks(self, population: Population) -> Iterator[tuple[int, Any]]:
        """(first member, rows or `LowRankRows`), at most 64 MB of members at a time."""
        if population.low_rank:
            return low_rank_chunks(self._policy, population, self.members.device)
        return population.chunks(CHUNK_BYTES)

    def one(self, theta: Float32) -> Any:
        """The module itself, in eval mode, with these parameters; they take no gradients."""
        self._policy.write(theta, self._parameters)
        return self._single

    def many(self, rows: Float32 | LowRankRows) -> BatchedModel:
        base = None
        if isinstance(rows, LowRankRows):
            base, weights = rows.shared, rows.weights
        else:
            weights = self.members.weights(torch.from_numpy(rows).to(self.members.device))
        return BatchedModel(len(rows), lambda inputs, each: self.members(weights, inputs, not each, base))
