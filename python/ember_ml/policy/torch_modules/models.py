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

#: A call evaluates so many members first, then as many at a time as make a layer's answers so large.
FIRST, LARGEST_BYTES = 16, 4 * 2**20


class TorchModels:
    """Models of a torch module: a copy of it with one member's parameters; or its forward for many members.

    Args:
        device: where it runs; what an objective gives it must be there too.
    """

    def __init__(self, policy: TorchPolicy, device: str | None = None) -> None:
        self.members = MemberForward(policy, device or "cpu")
        self._policy = policy
        self._largest: dict[Any, int] = {}
        self._single = copy.deepcopy(self.members.module)
        self._parameters = dict(self._single.named_parameters())

    def chunks(self, population: Population) -> Iterator[tuple[int, Any]]:
        """(first member, rows or `LowRankRows`), in half of the 64 MB, of which the rest is for answers."""
        if population.low_rank:
            return low_rank_chunks(self._policy, population, self.members.device)
        return population.chunks(CHUNK_BYTES // 2)

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
        answers, first = [], 0
        key = (base is None, each, *(tuple(x.shape) for x in tree_leaves(inputs) if hasattr(x, "shape")))
        while first < members:
            # The first few tell how large that is, the same for the same shapes.
            most = FIRST if not first else max(FIRST, LARGEST_BYTES // (4 * self._largest[key]))
            some = slice(first, min(members, first + most))
            own = tuple(tree_map(lambda x, some=some: x[some], x) for x in inputs) if each else inputs
            part = {name: value[some] for name, value in weights.items()}
            answers.append(self.members(part, own, not each, base))
            first = some.stop
            self._largest.setdefault(key, self.members.largest())
        if len(answers) == 1:
            return answers[0]
        return tree_map(lambda *parts: torch.cat(parts), *answers)
