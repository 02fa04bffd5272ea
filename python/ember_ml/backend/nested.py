"""The state of a Module with memory: arrays in tuples, lists and dicts, as `initial_state` makes them."""

from __future__ import annotations

from typing import Any


def parts(state: Any) -> list[Any]:
    """The arrays of a state, in order, those of a dict in the order of its keys."""
    if isinstance(state, (tuple, list)):
        return [part for one in state for part in parts(one)]
    if isinstance(state, dict):
        return [part for key in sorted(state, key=str) for part in parts(state[key])]
    return [] if state is None else [state]


def rebuilt(like: Any, arrays: list[Any]) -> Any:
    """A state made like `like` of other arrays, as many as it has."""
    left = iter(arrays)

    def build(one: Any) -> Any:
        if isinstance(one, tuple) and hasattr(one, "_fields"):
            return type(one)(*(build(inner) for inner in one))
        if isinstance(one, (tuple, list)):
            return type(one)(build(inner) for inner in one)
        if isinstance(one, dict):
            return {key: build(one[key]) for key in sorted(one, key=str)}
        return None if one is None else next(left)

    return build(like)
