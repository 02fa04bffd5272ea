"""The models of many members, as a batched objective is handed them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class BatchedModel:
    """The models of `members` members: ``model(x)`` gives (members, ...), each member's answer to the same x.

    ``model(x, each=True)`` takes x (members, ...), one for each member.
    """

    def __init__(self, members: int, call: Callable[[tuple[Any, ...], bool], Any]) -> None:
        self.members = members
        self._call = call

    def __call__(self, *inputs: Any, each: bool = False) -> Any:
        return self._call(inputs, each)

    def __repr__(self) -> str:
        return f"BatchedModel({self.members} members)"
