"""Products of many members at once, in as few passes over memory as they take.

`torch.vmap` makes of ``addmm`` with members' own factors a product, a multiplication by 1 and a sum, each a
pass over the answers. These functions say themselves how they are mapped.
"""

from __future__ import annotations

from typing import Any

import torch


class Affine(torch.autograd.Function):
    """x w^T + onto + t u: of a member x (n, inputs), w (outputs, inputs), and onto (outputs,), (n, outputs)
    or None. Gives (n, outputs).

    With noise of low rank t u is (x v^T) u of v (rank, inputs) and u (rank, outputs), else v and u are None.
    `ahead` (n, more) are values that t has besides, for the first rows of u.
    """

    generate_vmap_rule = False

    @staticmethod
    def forward(x: Any, w: Any, onto: Any, v: Any, u: Any, ahead: Any) -> Any:
        y = torch.mm(x, w.t()) if onto is None else torch.addmm(onto, x, w.t())
        if u is None:
            return y
        t = torch.mm(x, v.t())
        return y.addmm_(t if ahead is None else torch.cat([ahead, t], 1), u)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        """Nothing is kept: no gradient is ever taken."""

    @staticmethod
    def vmap(info: Any, in_dims: Any, x: Any, w: Any, onto: Any, v: Any, u: Any, ahead: Any) -> Any:
        members = info.batch_size
        own_x, own_w, own_onto = (dim is not None for dim in in_dims[:3])
        x, w, onto, v, u, ahead = (
            part if dim is None else part.movedim(dim, 0)
            for part, dim in zip((x, w, onto, v, u, ahead), in_dims)
        )
        if own_onto and onto.dim() == 2:
            onto = onto[:, None]
        if own_w:
            x = x if own_x else x.expand(members, *x.shape)
            w = w.transpose(1, 2)
            return (torch.bmm(x, w) if onto is None else torch.baddbmm(onto, x, w)), 0
        if own_x:
            y = torch.mm(x.reshape(-1, x.shape[-1]), w.t()).view(members, -1, w.shape[0])
        else:
            y = torch.mm(x, w.t())
            y = y.expand(members, *y.shape).clone()
        if u is None:
            return (y if onto is None else y.add_(onto)), 0
        t = [torch.matmul(x, v.transpose(1, 2))]
        if ahead is not None:
            t.insert(0, ahead.expand(members, *ahead.shape[-2:]))
        if onto is not None and onto.shape[-2:-1] == (1,):  # as one product more it takes no pass of its own
            t, u = [*t, t[-1].new_ones(()).expand(*t[-1].shape[:-1], 1)], torch.cat([u, onto], 1)
        elif onto is not None:
            y.add_(onto)
        return y.baddbmm_(torch.cat(t, -1) if len(t) > 1 else t[0], u), 0


class Outer(torch.autograd.Function):
    """y + u^T t, in the memory of y if it is the members' own: of a member y (n, outputs, values), t (n,
    rank, values), u (rank, outputs).
    """

    generate_vmap_rule = False

    @staticmethod
    def forward(y: Any, t: Any, u: Any) -> Any:
        return torch.baddbmm(y, u.t().expand(len(y), *u.t().shape), t)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        """Nothing is kept: no gradient is ever taken."""

    @staticmethod
    def vmap(info: Any, in_dims: Any, y: Any, t: Any, u: Any) -> Any:
        members = info.batch_size
        y = y.expand(members, *y.shape).clone() if in_dims[0] is None else y.movedim(in_dims[0], 0)
        t = t.movedim(in_dims[1], 0)
        u = u.movedim(in_dims[2], 0).transpose(1, 2)[:, None].expand(-1, t.shape[1], -1, -1)
        flat = y.reshape(-1, *y.shape[2:])
        return flat.baddbmm_(u.reshape(-1, *u.shape[2:]), t.reshape(-1, *t.shape[2:])).view(y.shape), 0


class Scaled(torch.autograd.Function):
    """x * weight + bias; of a member weight and bias have as many dimensions as x, or fewer."""

    generate_vmap_rule = False

    @staticmethod
    def forward(x: Any, weight: Any, bias: Any) -> Any:
        return torch.addcmul(bias, x, weight)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        """Nothing is kept: no gradient is ever taken."""

    @staticmethod
    def vmap(info: Any, in_dims: Any, x: Any, weight: Any, bias: Any) -> Any:
        dims = x.dim() - (in_dims[0] is not None)
        parts = []
        for part, dim in zip((x, weight, bias), in_dims):
            if dim is not None:
                part = part.movedim(dim, 0)
                part = part.reshape(info.batch_size, *[1] * (dims - part.dim() + 1), *part.shape[1:])
            parts.append(part)
        if parts[1].shape[-1] == 1:  # which addcmul is slow with
            return (parts[0] * parts[1]).add_(parts[2]), 0
        return torch.addcmul(parts[2], parts[0], parts[1]), 0


class LSTMGates(torch.autograd.Function):
    """The next (h, c) of the sums of an LSTM's gates i, f, g, o (..., 4 units) and of c (..., units); in the
    memory of the sums.
    """

    generate_vmap_rule = False

    @staticmethod
    def forward(sums: Any, c: Any) -> Any:
        i, f, g, o = sums.chunk(4, -1)
        sums[..., : 2 * c.shape[-1]].sigmoid_()
        c = (f * c).addcmul_(i, g.tanh_())
        return torch.tanh(c).mul_(o.sigmoid_()), c

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        """Nothing is kept: no gradient is ever taken."""

    @staticmethod
    def vmap(info: Any, in_dims: Any, sums: Any, c: Any) -> Any:
        if in_dims[0] is None:  # a state of the members' own, and nothing else
            sums = sums.expand(info.batch_size, *sums.shape).clone()
        else:
            sums = sums.movedim(in_dims[0], 0)
        return LSTMGates.forward(sums, c if in_dims[1] is None else c.movedim(in_dims[1], 0)), (0, 0)


def affine(x: Any, w: Any, onto: Any = None, v: Any = None, u: Any = None, ahead: Any = None) -> Any:
    """`Affine`, inside `torch.vmap` or not."""
    return Affine.apply(x, w, onto, v, u, ahead)  # type: ignore[no-untyped-call]


def outer(y: Any, t: Any, u: Any) -> Any:
    """`Outer`, inside `torch.vmap` or not."""
    return Outer.apply(y, t, u)  # type: ignore[no-untyped-call]


def scaled(x: Any, weight: Any, bias: Any) -> Any:
    """`Scaled`, inside `torch.vmap` or not."""
    return Scaled.apply(x, weight, bias)  # type: ignore[no-untyped-call]


def lstm_gates(sums: Any, c: Any) -> tuple[Any, Any]:
    """`LSTMGates`, inside `torch.vmap` or not."""
    return LSTMGates.apply(sums, c)  # type: ignore[no-any-return, no-untyped-call]
