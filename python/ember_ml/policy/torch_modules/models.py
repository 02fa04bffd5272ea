"""What an objective is handed of a torch module."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
from torch.utils._pytree import tree_leaves, tree_map

from ember_ml.policy.batched_model import BatchedModel
from ember_ml.policy.torch_modules.low_rank import LowRankRows, low_rank_chunks
from ember_ml.policy.torch_modules.members import MemberForward
from ember_ml.policy.torch_modules.policy import TorchPolicy
from ember_ml.rollout import CHUNK_BYTES, Float32, Population

#: As many members are evaluated at a time as make the largest tensor of a layer's so large: little of the
#: 64 MB, and a few of these lie in the second cache.
LARGEST_BYTES = 2 * 2**20


class TorchModels:
    """Models of a torch module: a copy of it with one member's parameters; or its forward for many members.

    Args:
        device: where it runs; what an objective gives it must be there too.
    """

    def __init__(self, policy: TorchPolicy, device: str | None = None) -> None:
        self.members = MemberForward(policy, device or "cpu")
        self._policy = policy
        self._at_once: dict[Any, int] = {}
        self._single = copy.deepcopy(self.members.module)
        self._parameters = dict(self._single.named_parameters())

    def chunks(self, population: Population) -> Iterator[tuple[int, Any]]:
        """(first member, rows or `LowRankRows`), in a quarter of the 64 MB; layers have the rest."""
        if population.low_rank:
            return low_rank_chunks(self._policy, population, self.members.device)
        return population.chunks(CHUNK_BYTES // 4)

    def one(self, theta: Float32) -> Any:
        """The module itself, in eval mode, with these parameters; they take no gradients."""
        self._policy.write(theta, self._parameters)
        return self._single

    def many(self, rows: Float32 | LowRankRows) -> BatchedModel:
        base: dict[str, Any] | None = None
        if isinstance(rows, LowRankRows):
            base, weights = rows.shared, rows.weights
        else:
            weights = self.members.weights(torch.from_numpy(rows).to(self.members.device))
        return BatchedModel(len(rows), partial(self._call, weights, base, len(rows)))

    def _call(
        self,
        weights: dict[str, Any],
        base: dict[str, Any] | None,
        members: int,
        inputs: tuple[Any, ...],
        each: bool,
    ) -> Any:
        """The answers of all members, a few at a time where a layer's would be large."""
        key = (base is None, each, *(tuple(x.shape) for x in tree_leaves(inputs) if hasattr(x, "shape")))
        if key not in self._at_once:
            few = slice(0, min(2, members))
            self._answers(weights, base, few, inputs, each)
            self._at_once[key] = max(1, LARGEST_BYTES // (4 * self.members.largest()))
        parts = -(-members // self._at_once[key])
        size = -(-members // parts)
        answers = [
            self._answers(weights, base, slice(first, min(first + size, members)), inputs, each)
            for first in range(0, members, size)
        ]
        if len(answers) == 1:
            return answers[0]
        return tree_map(lambda *parts: torch.cat(parts), *answers)

    def _answers(
        self, weights: dict[str, Any], base: dict[str, Any] | None, some: slice, inputs: Any, each: bool
    ) -> Any:
        own = tuple(tree_map(lambda x: x[some], x) for x in inputs) if each else inputs
        return self.members({name: value[some] for name, value in weights.items()}, own, not each, base)
