"""The forward of a torch module for the episodes that the Python engine has under way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils._pytree import tree_map

from ember_ml.policy.handing import leaves_of
from ember_ml.policy.torch_modules.low_rank import LowRankRows, low_rank_chunks
from ember_ml.policy.torch_modules.members import MemberForward
from ember_ml.policy.torch_modules.policy import TorchPolicy
from ember_ml.rollout import CHUNK_BYTES, Float32, Population


class TorchForward:
    """All live episodes' forwards are one call under vmap, each with its member's parameters.

    Args:
        policy: a TorchPolicy whose `handing` is known.
        device: "cpu", "cuda", "cuda:N" or "mps".
    """

    inputs: int | None = None
    outputs: int | None = None

    def __init__(self, policy: TorchPolicy, device: str | None = None) -> None:
        self.policy = policy
        self.stateful = policy.stateful
        self._members = MemberForward(policy, device or "cpu")
        #: Half of what members may take is their rows, half those of the episodes under way.
        self.chunk_bytes = CHUNK_BYTES // 2
        self.lanes: int | None = max(1, self.chunk_bytes // (4 * policy.parameters))
        self._which: NDArray[np.intp] | None = None

    def low_rank(self, population: Population) -> Iterator[tuple[int, LowRankRows]]:
        """(first member, what `load` takes) of a population of low rank."""
        self.lanes = None  # where a lane is a few vectors
        return low_rank_chunks(self.policy, population, self._members.device)

    def load(self, rows: Float32 | LowRankRows) -> None:
        self._which = None
        self._base: dict[str, Any] | None = None
        if isinstance(rows, LowRankRows):
            self._base, self._low = rows.shared, rows.weights
            return
        self._rows = torch.tensor(rows) if not rows.flags.writeable else torch.from_numpy(rows)
        self._rows = self._rows.to(self._members.device)

    def __call__(
        self, members: NDArray[np.intp], inputs: Float32, memories: list[Any] | None = None
    ) -> Float32:
        count = len(members)
        padded = _padded(members)
        if self._which is None or not np.array_equal(self._which, padded):
            self._which = padded
            self._weights = self._taken(padded)
        x = np.zeros((len(padded), inputs.shape[1]), np.float32)
        x[:count] = inputs
        given = self.policy.handing(torch.from_numpy(x).to(self._members.device))
        arguments = [leaves_of(given, lambda part: part[:, None])]
        if self.stateful:
            arguments.append(self._stacked([*(memories or [None] * count)], len(padded)))
        outputs = self._members(self._weights, arguments, base=self._base)
        if self.stateful:
            outputs, after = outputs
            if memories is not None:
                memories[:] = [tree_map(lambda leaf, lane=lane: leaf[lane], after) for lane in range(count)]
        result: Float32 = outputs.reshape(len(padded), -1)[:count].cpu().numpy()
        return result

    def _stacked(self, memories: list[Any], count: int) -> Any:
        """What `count` lanes remember, lanes leading; None and lanes beyond `memories` start anew."""
        start = self._members.module.initial_state(1)
        memories += [None] * (count - len(memories))
        return tree_map(
            lambda *leaves: torch.stack(leaves), *(start if one is None else one for one in memories)
        )

    def _taken(self, members: NDArray[np.intp]) -> dict[str, Any]:
        """The weights of `members`, views where they follow one another."""
        first = int(members[0])
        index: Any = torch.from_numpy(members).to(self._members.device)
        if np.array_equal(members, np.arange(first, first + len(members))):
            index = slice(first, first + len(members))
        if self._base is not None:
            return {name: value[index] for name, value in self._low.items()}
        return self._members.weights(self._rows[index])

    def explain(self) -> str:
        where = (
            f"{self.policy.name}.forward for all live episodes at once (torch.vmap on {self._members.device})"
        )
        form = self.policy.handing.explain()
        return f"{where}; {form}" if form else where


def _padded(members: NDArray[np.intp]) -> NDArray[np.intp]:
    """The members with the last one again up to a power of two, so that forwards of few sizes are made."""
    more = 2 ** int(len(members) - 1).bit_length() - len(members)
    return np.concatenate([members, np.repeat(members[-1:], more)])
