"""What vmap cannot batch by itself, done by operations that it can."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch._C._functorch import is_batchedtensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from ember_ml.policy.torch_modules import attention, recurrent
from ember_ml.policy.torch_modules.products import affine, scaled


class Batchable(TorchFunctionMode):
    """Does recurrent layers and attention by operations that vmap can batch.

    Attributes:
        largest: values of the largest tensor that a function gave for one member.
    """

    def __init__(self) -> None:
        super().__init__()
        self.largest = 1
        self.rewritten: dict[Any, Callable[..., Any]] = {
            functional.scaled_dot_product_attention: attention.scaled_dot_product,
            functional.linear: self.linear,
            functional.layer_norm: _layer_norm,
            functional.batch_norm: _batch_norm,
            functional.multi_head_attention_forward: partial(attention.multi_head, self.linear),
            **{function: partial(recurrent.step, cell, self) for function, cell in recurrent.CELLS.items()},
            **{
                function: partial(recurrent.layers, cell, self) for function, cell in recurrent.LAYERS.items()
            },
        }

    def linear(self, x: Any, weight: Any, bias: Any = None, onto: Any = None) -> Any:
        """x weight^T + bias, or in place of the bias `onto` (..., outputs), what it is added to."""
        flat = x.reshape(-1, x.shape[-1])
        y = affine(flat, weight, flat_sum(bias, onto))
        self.look(y)
        return y.reshape(*x.shape[:-1], weight.shape[0])

    def gates(self, x: Any, w_ih: Any, w_hh: Any, bias: Any) -> Callable[[int, Any], Any]:
        """What makes of a time and a state h the sums of gates, x[time] w_ih^T + h w_hh^T + bias."""
        a = self.linear(x, w_ih, bias)
        return lambda time, h: self.linear(h, w_hh, None, a[time])

    def look(self, result: Any) -> None:
        """Counts the values of what a function gave for one member."""
        for one in result if isinstance(result, tuple) else (result,):
            if isinstance(one, torch.Tensor) and is_batchedtensor(one):
                self.largest = max(self.largest, one.numel())

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = self.rewritten.get(func, func)(*args, **(kwargs or {}))
        self.look(result)
        return result


def flat_sum(bias: Any, onto: Any) -> Any:
    """What a product is added to: (outputs,), (n, outputs) or None."""
    if onto is None:
        return bias
    return onto.reshape(-1, onto.shape[-1]) if bias is None else (onto + bias).reshape(-1, onto.shape[-1])


def _layer_norm(x: Any, shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    if weight is None or bias is None:
        return functional.layer_norm(x, shape, weight, bias, eps)
    return scaled(functional.layer_norm(x, shape, eps=eps), weight, bias)


def _batch_norm(
    x: Any, mean: Any, variance: Any, weight: Any = None, bias: Any = None, training: bool = False,
    momentum: Any = 0.1, eps: float = 1e-5,
) -> Any:  # fmt: skip
    if training or weight is None or bias is None or mean is None:
        return functional.batch_norm(x, mean, variance, weight, bias, training, momentum, eps)
    scale = weight * torch.rsqrt(variance + eps)
    sides = (-1, *[1] * (x.dim() - 2))
    return scaled(x, scale.reshape(sides), (bias - mean * scale).reshape(sides))
