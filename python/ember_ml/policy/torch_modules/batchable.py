"""What vmap cannot batch by itself, done by operations that it can."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from ember_ml.policy.torch_modules import attention, recurrent


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
        flat = x.reshape(-1, x.shape[-1])  # for two dimensions vmap makes one product, and copies no weight
        y = torch.mm(flat, weight.t()) if bias is None else torch.addmm(bias, flat, weight.t())
        self.look(y)
        return y.reshape(*x.shape[:-1], weight.shape[0])

    def look(self, result: Any) -> None:
        """Counts the values of what a function gave for one member."""
        for one in result if isinstance(result, tuple) else (result,):
            if isinstance(one, torch.Tensor):
                self.largest = max(self.largest, one.numel())

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = self.rewritten.get(func, func)(*args, **(kwargs or {}))
        self.look(result)
        return result
