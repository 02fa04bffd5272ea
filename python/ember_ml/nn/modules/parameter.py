"""A trainable array."""

from __future__ import annotations

from typing import Any

import numpy as np

from ember_ml.backend import active as _active
from ember_ml.backend.holder import ArrayHolder


class Parameter(ArrayHolder):
    """A box around an array that a Module owns and an optimiser changes.

    Args:
        data: an array, number or list; what is no array becomes the active backend's.
        requires_grad: whether it counts among `trainable_variables`.

    `data` may be set at any time; the next forward sees it. It stands for its data in every function of
    `ops`. Equality and hash go by identity.
    """

    __slots__ = ("__weakref__", "grad", "requires_grad")

    def __init__(self, data: Any, requires_grad: bool = True) -> None:
        self.data = data
        self.requires_grad = requires_grad
        self.grad: Any = None

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "data" and type(value) is not np.ndarray and not _active.is_native(value):
            value = _active.convert_to_tensor(value)
        object.__setattr__(self, name, value)

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.data.shape)

    @property
    def dtype(self) -> Any:
        return self.data.dtype

    @property
    def size(self) -> int:
        """Number of elements."""
        n = 1
        for length in self.data.shape:
            n *= int(length)
        return n

    def numpy(self) -> Any:
        """The values as a numpy array."""
        return _active.to_numpy(self.data)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        array = _active.to_numpy(self.data)
        return np.array(array, dtype) if copy else np.asarray(array, dtype)

    def __repr__(self) -> str:
        return f"Parameter(shape={self.shape}, requires_grad={self.requires_grad})"
