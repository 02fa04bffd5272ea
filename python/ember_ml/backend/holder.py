"""What every backend recognises as a box around an array."""

from __future__ import annotations

from typing import Any


class ArrayHolder:
    """Stands for its `data` wherever an operation takes an array. Its subclass is `nn.modules.Parameter`."""

    __slots__ = ("data",)

    data: Any
