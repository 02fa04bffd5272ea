"""One torch module, run for many members at once: its forward under vmap, with each member's parameters."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import nn
from torch.func import functional_call
from torch.utils._pytree import tree_leaves

from ember_ml.policy.torch_modules.batchable import Batchable
from ember_ml.policy.torch_modules.low_rank import LowRankMembers
from ember_ml.policy.torch_modules.policy import TorchPolicy
from ember_ml.policy.torch_modules.recording import recorded

#: A forward is recorded as a chain of operations when it has been called so often with the same shapes, for
#: at most so many shapes. Recording takes some 0.1 s; a call is then about half as long.
CALLS_BEFORE_RECORDING = 20
MOST_GRAPHS = 32

#: Values of weights and inputs from which on a call is worth more than one thread.
VALUES_FOR_THREADS = 2**20


def prepared(policy: TorchPolicy) -> nn.Module:
    """A copy of the module as it is run: in eval mode, float32, on the cpu.

    Raises:
        ValueError: the module cannot be copied.
    """
    try:
        copied = copy.deepcopy(policy.module)
    except Exception as error:
        raise ValueError(
            f"policy: {policy.name} cannot be copied: {type(error).__name__}: {error}"
        ) from error
    return copied.eval().float().cpu()


class MemberForward:
    """The forward of `policy`'s module for a chunk of members, in eval mode and without gradients.

    Args:
        policy: the module and where its parameters are in theta. A copy of the module is run.
        device: where it runs.

    Raises:
        ValueError: the module cannot be copied.
    """

    def __init__(self, policy: TorchPolicy, device: str = "cpu") -> None:
        self.policy = policy
        self.device = torch.device(device)
        self.module: Any = prepared(policy).to(self.device)
        for parameter in self.module.parameters():
            parameter.requires_grad_(False)
        self._mode, self._low_rank = Batchable(), LowRankMembers(policy)
        self._calls: dict[Any, int] = {}
        self._graphs: dict[Any, Callable[..., Any]] = {}

    def largest(self) -> int:
        """Values of the largest tensor that the module made for one member, in calls since this was asked."""
        found = max(self._mode.largest, self._low_rank.largest)
        self._mode.largest = self._low_rank.largest = 1
        return found

    def weights(self, rows: Any) -> dict[str, Any]:
        """Views of rows (members, parameters) by the parameters' names, each (members, *its shape)."""
        found = {}
        for place in self.policy.places:
            part = rows[:, place.start : place.start + place.size]
            if place.turned:
                found[place.name] = part.reshape(-1, *place.shape[::-1]).transpose(1, 2)
            else:
                found[place.name] = part.reshape(-1, *place.shape)
        return found

    def __call__(
        self,
        weights: dict[str, Any],
        inputs: Sequence[Any],
        shared: bool = False,
        base: dict[str, Any] | None = None,
    ) -> Any:
        """What the module gives.

        Args:
            weights: of the members (`weights`), or with a `base` of `LowRankRows`.
            base: weights that the members share but for their noise of low rank.
            inputs: the forward's arguments, each a tensor or a dict or tuple of them; the leading axis is the
                members', unless all members get the same (`shared`).
        """
        key = (
            base is None,
            shared,
            *(_shape(leaf) for leaf in tree_leaves((list(weights.values()), inputs))),
        )
        arguments = (base or {}, weights, *inputs)
        with torch.no_grad(), _threads(self.device, weights, inputs):
            run = self._graphs.get(key)
            if run is not None:
                return run(*arguments)
            dims = (None, 0, *([None if shared else 0] * len(inputs)))
            one = self._one if base is None else self._one_of_low_rank
            mapped = torch.vmap(one, in_dims=dims)
            self._calls[key] = self._calls.get(key, 0) + 1
            if self._calls[key] == CALLS_BEFORE_RECORDING and len(self._graphs) < MOST_GRAPHS:
                self._graphs[key] = recorded(one, dims, arguments)
            return mapped(*arguments)

    def _one(self, base: dict[str, Any], weights: dict[str, Any], *inputs: Any) -> Any:
        with self._mode:
            return functional_call(self.module, weights, inputs)

    def _one_of_low_rank(self, base: dict[str, Any], weights: dict[str, Any], *inputs: Any) -> Any:
        factors = {name: (weights[f"{name}/u"], weights[f"{name}/v"]) for name in base}
        own = {name: value for name, value in weights.items() if "/" not in name}
        with self._low_rank.bound(base, factors, own):
            return functional_call(self.module, {**base, **own}, inputs)


def _shape(leaf: Any) -> Any:
    return (tuple(leaf.shape), leaf.dtype) if isinstance(leaf, torch.Tensor) else leaf


@contextlib.contextmanager
def _threads(device: torch.device, weights: dict[str, Any], inputs: Any) -> Iterator[None]:
    """One thread of torch's for small work on the cpu, which more of them only slow down."""
    own = torch.get_num_threads()
    size = sum(leaf.numel() for leaf in tree_leaves((weights, inputs)) if isinstance(leaf, torch.Tensor))
    few = device.type == "cpu" and own > 1 and size < VALUES_FOR_THREADS
    if few:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        if few:
            torch.set_num_threads(own)
