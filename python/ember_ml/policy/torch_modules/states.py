"""The state of a torch module while its graph is read: which cell takes which part, and what comes of it."""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch import nn

from ember_ml.backend.nested import parts, rebuilt
from ember_ml.policy.trace import NotCompiled

_CELLS = (nn.RNNCell, nn.GRUCell, nn.LSTMCell)


class States:
    """Parts of the state are numbered in order; a node of the graph is some of the given state, the next
    value of a part, or the pair that an LSTMCell gives.

    Raises:
        NotCompiled: the first state is not zero, or depends on parameters.
    """

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        state = module.initial_state(1)  # type: ignore[operator]
        first = parts(state)
        if not all(isinstance(part, torch.Tensor) for part in first) or any(part.any() for part in first):
            raise NotCompiled("its initial state is not zero")
        if any(part.requires_grad for part in first):
            raise NotCompiled("its initial state is trained")
        self.count = len(first)
        self._numbered = rebuilt(state, list(range(self.count)))
        self._given: dict[Any, Any] = {}  # node -> numbers, nested as the state
        self._next: dict[Any, list[int]] = {}  # node -> the parts of which it is the next value
        self._outputs: set[Any] = set()  # nodes that are an LSTMCell's h, so far taken out of its pair

    def begin(self, node: Any) -> bool:
        """Whether this input of the graph is the state."""
        if self._given:
            return False
        self._given[node] = self._numbered
        return True

    def look(self, node: Any) -> bool:
        """Whether the node only takes something out of the state or of a pair."""
        if node.op != "call_function" or node.target is not operator.getitem:
            return False
        whole, key = node.args
        if whole in self._given:
            try:
                self._given[node] = self._given[whole][key]
            except (TypeError, IndexError, KeyError):
                raise NotCompiled("it takes a part of its state apart") from None
            return True
        pair = self._next.get(whole, [])
        if len(pair) != 2 or key not in (0, 1):
            return False
        self._next[node] = [pair[key]]
        if key == 0:
            self._outputs.add(node)
        return True

    def is_output(self, node: Any, last: Any) -> bool:
        """Whether the node is the output of the cell `last`."""
        return node in self._outputs and node.args[0] is last

    def is_cell(self, node: Any) -> bool:
        return node.op == "call_module" and type(self.module.get_submodule(node.target)) in _CELLS

    def step(self, node: Any, cell: nn.Module) -> None:
        """The node steps the cell: from then on it is the next value of the part that it was given."""
        given = node.args[1] if len(node.args) > 1 else node.kwargs.get("hx")
        numbers = (
            [self._given.get(one) for one in given] if isinstance(given, tuple) else self._given.get(given)
        )
        taken = parts(numbers)
        if len(taken) != (2 if type(cell) is nn.LSTMCell else 1) or not all(type(n) is int for n in taken):
            raise NotCompiled(f"{node.target} is not given a part of the state")
        if any(number in known for known in self._next.values() for number in taken):
            raise NotCompiled(f"{node.target} is given a part of the state that another cell has")
        self._next[node] = taken

    def output(self, result: Any) -> Any:
        """The node of y where the graph gives (y, state) and the state is every part's next value, in
        order."""
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            raise NotCompiled("its forward does not give (y, state)")
        found = [number for one in parts(result[1]) for number in self._next.get(one, [-1])]
        if found != list(range(self.count)):
            raise NotCompiled("it gives a next state that is not the cells' own")
        return result[0]
