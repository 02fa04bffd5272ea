"""Recording what a forward does, as a chain of dense layers and element-wise operations.

`record(module, inputs)` runs the module once on a stand-in for its input and returns the list of entries:

- ("dense", weight Parameter (in, out), bias Parameter (out,) or None)
- ("activation", name), one of `activations.ACTIVATIONS`
- ("scale", values): y = x * values; ("shift", values): y = x + values; float tuples of length 1 or the width

Anything else raises `NotTraceable` with the name of the operation. Recording swaps the active primitives for
recording ones while it lasts, so that ordinary calls pay nothing for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ember_ml.backend import random_state as _random_state
from ember_ml.backend import select as _select
from ember_ml.backend.primitives import NAMES
from ember_ml.backend.traced import RECORDED, Entry, NotTraceable, Traced


def _refuse_random() -> None:
    raise NotTraceable("random numbers")


def _holds_traced(x: Any) -> bool:
    return isinstance(x, Traced) or (isinstance(x, list | tuple) and any(_holds_traced(inner) for inner in x))


def _recording(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        if not any(_holds_traced(x) for x in (*args, *kwargs.values())):
            return function(*args, **kwargs)
        if name not in RECORDED:
            raise NotTraceable(name)
        return RECORDED[name](*args, **kwargs)

    return call


@contextmanager
def recording() -> Iterator[None]:
    """While it lasts, functions of `ops`, layers and activations record what they are asked to do with a
    `Traced`.
    """
    former = _select.primitives(_select.table(_select.get_backend()))
    _select.install({name: _recording(name, former[name]) for name in NAMES})
    _random_state.before_draw = _refuse_random
    try:
        yield
    finally:
        _random_state.before_draw = None
        _select.install(former)


def trace(function: Callable[[Any], Any], shape: Sequence[int]) -> Traced:
    """The result of `function` (a Module, say) on a stand-in of the given shape.

    Raises:
        NotTraceable: the function does something that cannot be recorded.
    """
    with recording():
        result = function(Traced(tuple(shape)))
    if not isinstance(result, Traced):
        raise NotTraceable(f"a result of type {type(result).__name__} that does not come from the input")
    return result


def record(function: Callable[[Any], Any], inputs: int) -> list[Entry]:
    """The entries of `function`, a Module or function of one observation of `inputs` values, given as (1,
    inputs).

    Raises:
        NotTraceable: the function does something that cannot be recorded.
    """
    return list(trace(function, (1, inputs)).entries)
