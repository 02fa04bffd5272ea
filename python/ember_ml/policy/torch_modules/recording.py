"""A forward of many members as a chain of operations, without what vmap and a module cost each time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves, tree_map

#: What takes a number out of a tensor.
_READERS = {getattr(torch.Tensor, name) for name in ("__bool__", "__int__", "__float__", "__index__", "item")}


def recorded(
    one: Callable[..., Any], dims: tuple[int | None, ...], arguments: tuple[Any, ...]
) -> Callable[..., Any]:
    """The operations of ``torch.vmap(one, in_dims=dims)`` for arguments of these shapes, as a function that
    gives the same bits; vmap's itself where they cannot be recorded.
    """
    from torch.fx.experimental.proxy_tensor import make_fx

    mapped: Callable[..., Any] = torch.vmap(one, in_dims=dims)
    wanted = tree_leaves(mapped(*arguments))

    def read_constants(*given: Any) -> Any:
        with _Constants():
            return mapped(*given)

    try:
        _must_not_read(one, dims, arguments)
        graph: Callable[..., Any] = make_fx(read_constants)(*arguments)
        for node in graph.graph.nodes:  # type: ignore[attr-defined]
            node.meta.clear()  # where each came from, which is much
        again = (tree_leaves(graph(*arguments)) for _ in range(2))  # twice: nothing is kept in between
        same = all(torch.equal(a, b) for found in again for a, b in zip(found, wanted))
    except Exception:  # whatever of a forward a recorder does not know
        return mapped
    return graph if same else mapped


def _must_not_read(one: Callable[..., Any], dims: tuple[int | None, ...], arguments: tuple[Any, ...]) -> None:
    """Raises where the forward decides by values of inputs that members share: vmap itself tells, if each
    member has its own.
    """
    if None not in dims[2:]:
        return
    members = tree_leaves(arguments[1])[0].shape[0]
    own = tree_map(lambda x: x.expand(members, *x.shape) if isinstance(x, torch.Tensor) else x, arguments[2:])
    torch.vmap(one, in_dims=(None, 0, *[0] * len(own)))(*arguments[:2], *own)


class _Constants(TorchFunctionMode):
    """Numbers are taken out of tensors that no argument went into, a mask that the forward made, say."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        from torch.fx.experimental.proxy_tensor import disable_proxy_modes_tracing

        if func in _READERS:
            with disable_proxy_modes_tracing():
                return func(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))
