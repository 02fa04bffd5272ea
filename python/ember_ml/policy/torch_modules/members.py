"""One torch module, run for many members at once: its forward under vmap, with each member's parameters."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

from ember_ml.policy.torch_modules import attention, recurrent
from ember_ml.policy.torch_modules.policy import TorchPolicy

#: A forward is recorded as a chain of operations when it has been called so often with the same shapes, for
#: at most so many shapes. Recording takes some 0.1 s; a call is then about half as long.
CALLS_BEFORE_RECORDING = 20
MOST_GRAPHS = 32

#: Values of weights and inputs from which on a call is worth more than one thread.
VALUES_FOR_THREADS = 2**20


class Batchable(TorchFunctionMode):
    """Does recurrent layers and attention by operations that vmap can batch."""

    def __init__(self) -> None:
        super().__init__()
        self.rewritten: dict[Any, Callable[..., Any]] = {
            functional.scaled_dot_product_attention: attention.scaled_dot_product,
            functional.multi_head_attention_forward: partial(attention.multi_head, self.linear),
            **{
                function: partial(recurrent.step, cell, self.linear)
                for function, cell in recurrent.CELLS.items()
            },
            **{
                function: partial(recurrent.layers, cell, self.linear)
                for function, cell in recurrent.LAYERS.items()
            },
        }

    def linear(self, x: Any, weight: Any, bias: Any = None) -> Any:
        return functional.linear(x, weight, bias)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return self.rewritten.get(func, func)(*args, **(kwargs or {}))


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
        self._mode = Batchable()
        self._calls: dict[Any, int] = {}
        self._graphs: dict[Any, Callable[..., Any]] = {}

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

    def __call__(self, weights: dict[str, Any], inputs: Sequence[Any], shared: bool = False) -> Any:
        """What the module gives.

        Args:
            weights: of the members (`weights`).
            inputs: the forward's arguments, each a tensor or a dict or tuple of them; the leading axis is the
                members', unless all members get the same (`shared`).
        """
        key = (shared, *(_shape(leaf) for leaf in tree_leaves((list(weights.values()), inputs))))
        with torch.no_grad(), self._mode, _threads(self.device, weights, inputs):
            run = self._graphs.get(key)
            if run is not None:
                return run(weights, *inputs)
            dims = (0, *([None if shared else 0] * len(inputs)))
            mapped = torch.vmap(self._one, in_dims=dims)
            self._calls[key] = self._calls.get(key, 0) + 1
            if self._calls[key] == CALLS_BEFORE_RECORDING and len(self._graphs) < MOST_GRAPHS:
                self._graphs[key] = _recorded(mapped, weights, inputs)
            return mapped(weights, *inputs)

    def _one(self, weights: dict[str, Any], *inputs: Any) -> Any:
        return functional_call(self.module, weights, inputs)


def _shape(leaf: Any) -> Any:
    return (tuple(leaf.shape), leaf.dtype) if isinstance(leaf, torch.Tensor) else leaf


def _recorded(mapped: Callable[..., Any], weights: Any, inputs: Any) -> Callable[..., Any]:
    """The operations that `mapped` does for arguments of these shapes, without what vmap and calling a module
    cost each time; `mapped` itself where they cannot be recorded.
    """
    from torch.fx.experimental.proxy_tensor import make_fx

    try:
        graph: Callable[..., Any] = make_fx(mapped)(weights, *inputs)
        pairs = zip(tree_leaves(graph(weights, *inputs)), tree_leaves(mapped(weights, *inputs)))
        if not all(torch.equal(recorded, own) for recorded, own in pairs):
            return mapped
    except Exception:  # whatever of a forward a recorder does not know
        return mapped
    return graph


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
