"""Recording a forward with memory: ``forward(x, state) -> (y, state)``.

It adds one kind of entry to tracing.py's:

- ("cell", kind, weights, biases, places): one of `cells.GATES`; its two weights, its two biases (Parameters
  or None), and which parts of the state, by number, are its h (and c).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ember_ml.backend.cells import check
from ember_ml.backend.holder import ArrayHolder
from ember_ml.backend.traced import RECORDED, Entry, NotTraceable, Traced
from ember_ml.backend.tracing import recording


def record_with_state(
    function: Callable[[Any, Any], Any],
    inputs: int,
    shapes: Sequence[tuple[int, ...]],
    pack: Callable[[list[Any]], Any],
    unpack: Callable[[Any], list[Any]],
) -> list[Entry]:
    """The entries of `function`, given one observation of `inputs` values as (1, inputs) and a state whose
    parts have `shapes`. pack(parts) makes of parts a state as the function takes it; unpack(state) gives its
    parts.

    Raises:
        NotTraceable: it does something that cannot be recorded, or gives a state that is not its cells' next
        one.
    """
    given = [Traced(shape, (("state", place),)) for place, shape in enumerate(shapes)]
    with recording():
        result = function(Traced((1, inputs)), pack(list(given)))
    y, state = result
    if not isinstance(y, Traced) or _is_state(y):
        raise NotTraceable("a result that does not come from the input")
    cells = [entry for entry in y.entries if entry[0] == "cell"]
    next_parts: dict[int, Entry] = {place: entry for entry in cells for place in entry[4]}
    for place, part in enumerate(unpack(state)):
        entry = next_parts.get(place)
        if entry is None:
            raise NotTraceable("a state that no cell between input and output has")
        if not isinstance(part, Traced) or part.entries[-1:] != (_ending(entry, place),):
            raise NotTraceable("a next state that is not the cells' own")
    return list(y.entries)


def _ending(entry: Entry, place: int) -> Entry:
    """The last entry of a cell's h, or of its c."""
    return entry if entry[4][0] == place else ("c", entry)


def _is_state(x: Traced) -> bool:
    return bool(x.entries) and x.entries[0][0] in ("state", "c")


def _cell(kind: str, x: Any, state: Any, weights: Any, biases: Any) -> tuple[Traced, ...]:
    if not all(isinstance(weight, ArrayHolder) for weight in weights) or not all(
        bias is None or isinstance(bias, ArrayHolder) for bias in biases
    ):
        raise NotTraceable("a cell with weights that are no Parameters")
    if not isinstance(x, Traced) or _is_state(x):
        raise NotTraceable("a cell of something that does not come from the input")
    if not all(isinstance(part, Traced) and [e[0] for e in part.entries] == ["state"] for part in state):
        raise NotTraceable("a cell whose state is not what forward was given")
    check(kind, x.shape, [part.shape for part in state], [tuple(weight.data.shape) for weight in weights])
    entry = ("cell", kind, tuple(weights), tuple(biases), tuple(part.entries[0][1] for part in state))
    h = Traced((*x.shape[:-1], int(weights[1].data.shape[1])), (*x.entries, entry))
    return (h, Traced(h.shape, (("c", entry),))) if len(state) == 2 else (h,)


RECORDED["cell"] = _cell
