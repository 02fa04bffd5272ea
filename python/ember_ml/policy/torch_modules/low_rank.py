"""Members of low rank of a torch module: shared weights and a few vectors each, no member's matrix is made.

With the definition of `ember_ml.perturbation` a weight W of shape (p, q, ...) is W + c sum_j u_j v_j^T for a
member, u_j its p values and v_j the others, laid out flat. Layers add what that makes of their input to the
shared product (Sarkar et al. 2025, arXiv 2511.16652).
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch.nn import functional

from ember_ml.perturbation import Perturbation
from ember_ml.policy.torch_modules.batchable import Batchable, flat_sum
from ember_ml.policy.torch_modules.policy import TorchPolicy
from ember_ml.policy.torch_modules.products import affine, outer
from ember_ml.rollout import CHUNK_BYTES, Population, own_numbers

#: Attributes of a weight that may be read without computing with it.
_HARMLESS = {"shape", "dtype", "device", "ndim", "requires_grad", "is_cuda", "is_nested", "layout", "is_mps"}
_HARMLESS |= {"size", "dim", "numel", "is_floating_point", "stride", "is_contiguous", "is_complex", "__len__"}

#: Products, which a module's own parameters may not go into: their layer is not known.
_PRODUCTS = {"matmul", "__matmul__", "__rmatmul__", "mm", "bmm", "einsum", "addmm", "baddbmm", "tensordot"}
_PRODUCTS |= {"linear", "bilinear", "conv1d", "conv2d", "conv3d", "embedding", "dot", "mv", "inner"}


class LowRankMembers(Batchable):
    """Layers of one member inside `torch.vmap`: `bound` says which tensors are shared weights."""

    def __init__(self, policy: TorchPolicy) -> None:
        super().__init__()
        self._name = policy.name
        known = {matrix.offset for matrix in policy.theta_shape.matrices}
        self._unlayered = {
            place.name for place in policy.places if len(place.shape) > 1 and place.start not in known
        }
        self._shared: dict[int, tuple[str, Any, Any]] = {}
        self._own: dict[int, str] = {}
        self.rewritten.update(
            {
                functional.linear: self.linear,
                functional.embedding: self._embedding,
                torch.conv1d: self._convolution(torch.conv1d),
                torch.conv2d: self._convolution(torch.conv2d),
                torch.conv3d: self._convolution(torch.conv3d),
            }
        )

    @contextlib.contextmanager
    def bound(
        self, shared: Mapping[str, Any], factors: Mapping[str, Any], own: Mapping[str, Any]
    ) -> Iterator[None]:
        """Layers as of one member, whose forward is run inside.

        Args: shared weights by name; of each (u, v), float32 (rank, p) and (rank, q); the member's own.
        """
        self._shared = {id(shared[name]): (name, u, v) for name, (u, v) in factors.items()}
        self._own = {id(own[name]): name for name in self._unlayered}
        try:
            with self:
                yield
        finally:
            self._shared, self._own = {}, {}

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func not in self.rewritten:
            self._look(func, (*args, *(kwargs or {}).values()))
        elif func in (functional.linear, functional.embedding, torch.conv1d, torch.conv2d, torch.conv3d):
            self._refuse_own(func, args)
        return super().__torch_function__(func, types, args, kwargs)

    def _look(self, func: Any, args: Any) -> None:
        """Raises where a shared weight goes into what would not see the member's noise."""
        name = getattr(func, "__name__", str(func))
        if name == "__get__":
            name = getattr(getattr(func, "__self__", None), "__name__", name)
        if name in _HARMLESS:
            return
        for argument in args:
            for one in argument if isinstance(argument, (tuple, list)) else (argument,):
                if id(one) in self._shared:
                    raise self._unknown(self._shared[id(one)][0], name)
        if name in _PRODUCTS:
            self._refuse_own(func, args)

    def _refuse_own(self, func: Any, args: Any) -> None:
        for argument in args:
            for one in argument if isinstance(argument, (tuple, list)) else (argument,):
                if id(one) in self._own:
                    raise self._unknown(self._own[id(one)], getattr(func, "__name__", str(func)))

    def _unknown(self, name: str, func: str) -> ValueError:
        return ValueError(
            f"perturbation: {self._name} uses {name} in {func}, a layer that noise of low rank does not know;"
            " perturbation=None is full noise"
        )

    def linear(self, x: Any, weight: Any, bias: Any = None, onto: Any = None) -> Any:
        found = self._shared.get(id(weight))
        if found is None:
            return super().linear(x, weight, bias, onto)
        _, u, v = found
        y = affine(x.reshape(-1, x.shape[-1]), weight, flat_sum(bias, onto), v, u)
        self.look(y)
        return y.reshape(*x.shape[:-1], -1)

    def gates(self, x: Any, w_ih: Any, w_hh: Any, bias: Any) -> Callable[[int, Any], Any]:
        found = [self._shared.get(id(w)) for w in (w_ih, w_hh)]
        if None in found:
            return super().gates(x, w_ih, w_hh, bias)
        (_, u_x, v_x), (_, u_h, v_h) = found  # type: ignore[misc]
        flat = x.reshape(-1, x.shape[-1])
        a, ahead = torch.mm(flat, w_ih.t()), torch.mm(flat, v_x.t())
        if bias is not None:
            ahead, u_x = functional.pad(ahead, (0, 1), value=1.0), torch.cat([u_x, bias[None]])
        u, each = torch.cat([u_x, u_h]), (len(x), -1)
        a, ahead = a.reshape(*each, a.shape[-1]), ahead.reshape(*each, ahead.shape[-1])

        def step(time: int, h: Any) -> Any:
            y = affine(h.reshape(-1, h.shape[-1]), w_hh, a[time], v_h, u, ahead[time])
            return y.reshape(*h.shape[:-1], -1)

        self.look(a)
        return step

    def _embedding(self, x: Any, weight: Any, *args: Any, **kwargs: Any) -> Any:
        y = functional.embedding(x, weight, *args, **kwargs)
        found = self._shared.get(id(weight))
        if found is None:
            return y
        _, u, v = found
        t = functional.embedding(x, u.transpose(0, 1)).reshape(-1, u.shape[0])
        return affine(t, v.t(), y.reshape(-1, y.shape[-1])).reshape(y.shape)

    def _convolution(self, convolve: Callable[..., Any]) -> Callable[..., Any]:
        def run(
            x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
            groups: int = 1,
        ) -> Any:  # fmt: skip
            found = self._shared.get(id(weight))
            if found is None:
                return convolve(x, weight, bias, stride, padding, dilation, groups)
            _, u, v = found
            rank, outputs = u.shape
            y = convolve(x, weight, None, stride, padding, dilation, groups)
            if groups == 1 and not isinstance(padding, str):
                t = _correlated(x, v.reshape(rank, *weight.shape[1:]), stride, padding, dilation)
                t = t.reshape(-1, rank, t.shape[2 - weight.dim() :].numel())
                if bias is not None:
                    t, u = functional.pad(t, (0, 0, 0, 1), value=1.0), torch.cat([u, bias[None]])
                return outer(y.reshape(len(t), outputs, -1), t, u).reshape(y.shape)
            kernels = v.reshape(rank, *weight.shape[1:]).repeat(groups, *[1] * (weight.dim() - 1))
            t = convolve(x, kernels, None, stride, padding, dilation, groups)
            sides = weight.dim() - 2
            batch = t.shape[: t.dim() - sides - 1]
            t = t.reshape(*batch, groups, rank, -1)
            mixed = u.reshape(rank, groups, outputs // groups).permute(1, 2, 0) @ t
            y = y + mixed.reshape(y.shape)
            return y if bias is None else y + bias.reshape(-1, *[1] * sides)

        return run


def _correlated(x: Any, kernels: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    """A convolution of few outputs: a product over the channels for each place in the kernel, and the sum of
    those, shifted. A library's own takes longer where each member has its kernels.
    """
    rank, sides = kernels.shape[0], kernels.dim() - 2
    steps, pads, gaps = (_each(value, sides) for value in (stride, padding, dilation))
    places = list(itertools.product(*(range(side) for side in kernels.shape[2:])))
    flat = kernels.reshape(rank, kernels.shape[1], -1).permute(2, 0, 1).reshape(-1, kernels.shape[1])
    lengths = x.shape[-sides:]
    products = flat @ x.reshape(*x.shape[:-sides], -1)
    products = products.reshape(*x.shape[: -sides - 1], len(places), rank, *lengths)
    around = [pad for pad in reversed(pads) for _ in range(2)]
    products = functional.pad(products, around) if any(pads) else products
    total = None
    for number, place in enumerate(places):
        part = products.select(-sides - 2, number)
        for side, at in enumerate(place):
            reach = gaps[side] * (kernels.shape[2 + side] - 1)
            count = (lengths[side] + 2 * pads[side] - reach - 1) // steps[side] + 1
            first = at * gaps[side]
            index: list[Any] = [slice(None)] * (part.dim() - sides + side)
            index.append(slice(first, first + steps[side] * (count - 1) + 1, steps[side]))
            part = part[tuple(index)]
        total = part if total is None else total + part
    return total


def _each(value: Any, count: int) -> list[int]:
    return [int(value)] * count if isinstance(value, int) else [int(v) for v in value] * (count // len(value))


class LowRankRows:
    """Members first .. first + count - 1 of a population of low rank: shared weights, and factors.

    Attributes:
        shared: the mean's matrices by name.
        weights: of each member, tensors (count, ...): a matrix's "u", which has the member's factor, and "v";
            and whole parameters.
    """

    def __init__(
        self, policy: TorchPolicy, population: Population, first: int, count: int, device: torch.device
    ) -> None:
        perturbation = population.perturbation
        assert perturbation is not None
        self.shape = (count,)
        numbers = torch.from_numpy(own_numbers(population, first, count)).to(device)
        mean = torch.tensor(population.mean, device=device)
        low = {matrix.offset: matrix for matrix in perturbation.matrices}
        self.shared: dict[str, Any] = {}
        self.weights: dict[str, Any] = {}
        for place in policy.places:
            matrix = low.get(place.start)
            if matrix is None:
                at = _at(perturbation, place.start)
                values = numbers[:, at : at + place.size]
                self.weights[place.name] = values.reshape(count, *place.shape)
                continue
            self.shared[place.name] = mean[place.start : place.start + place.size].reshape(place.shape)
            a, b = matrix.factors(numbers, perturbation.rank)
            u, v = (b, a) if matrix.outputs_first else (a, b)
            self.weights[f"{place.name}/u"] = u.mul_(numbers[:, -1].reshape(-1, 1, 1))
            self.weights[f"{place.name}/v"] = v

    def __len__(self) -> int:
        return self.shape[0]


def low_rank_chunks(
    policy: TorchPolicy, population: Population, device: torch.device
) -> Iterator[tuple[int, LowRankRows]]:
    """(first member, rows) of whole pairs whose noise takes at most 16 MB."""
    assert population.perturbation is not None
    for first, count in population.parts(population.perturbation.compact + 1, CHUNK_BYTES // 4):
        yield first, LowRankRows(policy, population, first, count, device)


def _at(perturbation: Perturbation, offset: int) -> int:
    """Where what is no matrix of low rank begins in the compact noise."""
    stretch = next(s for s in perturbation.stretches if s.offset <= offset < s.offset + s.size)
    return stretch.at + offset - stretch.offset
