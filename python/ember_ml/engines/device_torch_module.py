"""A torch module as the policy of the torch engine: its forward for all members and their episodes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch.utils._pytree import tree_flatten, tree_leaves, tree_unflatten

from ember_ml.policy.handing import leaves_of
from ember_ml.policy.torch_modules.low_rank import LowRankRows, low_rank_chunks
from ember_ml.policy.torch_modules.members import MemberForward
from ember_ml.policy.torch_modules.policy import TorchPolicy
from ember_ml.rollout import Population


class TorchModulePolicy:
    """`DevicePolicy` of a torch module (engines/device_policy.py)."""

    inputs: int | None = None
    outputs: int | None = None

    def __init__(self, policy: TorchPolicy, device: str) -> None:
        self.policy = policy
        self._members = MemberForward(policy, device)

    def low_rank(self, population: Population) -> Iterator[tuple[int, LowRankRows]]:
        """(first member, what `weights` takes) of a population of low rank."""
        return low_rank_chunks(self.policy, population, self._members.device)

    def weights(self, rows: Any) -> list[Any]:
        self._base: dict[str, Any] | None = None
        if isinstance(rows, LowRankRows):
            self._base, found = rows.shared, rows.weights
        else:
            found = self._members.weights(rows)
        self._names = list(found)
        return list(found.values())

    def memory(self, weights: list[Any], x: Any) -> list[Any]:
        if not self.policy.stateful:
            return []
        start = self._members.module.initial_state(x.shape[1])
        leaves, self._state = tree_flatten(start)
        return [leaf.expand(x.shape[0], *leaf.shape) for leaf in leaves]

    def forward(self, weights: list[Any], x: Any, memory: list[Any]) -> Any:
        members, episodes, size = x.shape
        given = self.policy.handing(x.reshape(members * episodes, size))
        inputs = [leaves_of(given, lambda part: part.reshape(members, episodes, *part.shape[1:]))]
        if self.policy.stateful:
            inputs.append(tree_unflatten(memory, self._state))
        y = self._members(dict(zip(self._names, weights)), inputs, base=self._base)
        if self.policy.stateful:
            y, after = y
            memory[:] = tree_leaves(after)
        return y.reshape(members, episodes, -1)

    def explain(self) -> str:
        return f"{self.policy.name}.forward mapped over members (torch.vmap)"
