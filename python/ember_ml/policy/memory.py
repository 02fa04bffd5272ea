"""Whether a Module remembers anything from one forward to the next: such a one is refused.

Members, episodes and threads share a Module, and a compiled one does not run its forward at all, so whatever
it remembers would leak between episodes or be lost.
"""

from __future__ import annotations

import copy
import random
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from ember_ml.backend.holder import ArrayHolder

#: What has no contents of interest: its identity is all there is to compare.
_OPAQUE = (type, ModuleType, FunctionType, MethodType, BuiltinFunctionType)


@contextmanager
def without_memory(module: Any) -> Iterator[Any]:
    """Gives a copy of the module to run forwards on (the module itself where it cannot be copied) and looks
    afterwards whether they left a trace.

    Raises:
        ValueError: they did; it names the attribute. The module that was given is as it was.
    """
    try:
        trial = copy.deepcopy(module)
    except Exception:
        trial = module
    before = _state(trial)
    classes = _class_arrays(trial)
    held = [(part, dict(vars(part))) for part in trial.modules()]
    failed: Exception | None = None
    try:
        yield trial
    except Exception as error:
        failed = error
    after = _state(trial)
    changed = next((name for name in (*before, *after) if before.get(name) != after.get(name)), None)
    if changed is None:
        if failed is not None:
            raise failed
        return
    for part, attributes in held:
        vars(part).clear()
        vars(part).update(attributes)
    for array, values in classes:
        array[...] = values
    raise ValueError(
        f"policy: the forward of {type(module).__name__} changes {changed}, and a policy must not remember"
        " anything from one observation to the next: members and episodes would share it"
    ) from failed


def _state(module: Any) -> dict[str, Any]:
    """Contents of every attribute of a Module and those inside, and of their classes, by name."""
    found: dict[str, Any] = {}
    for prefix, part in module.named_modules():
        for name, value in vars(part).items():
            found[f"{prefix}.{name}" if prefix else name] = _contents(value, set())
        for name, value in _class_attributes(part):
            found[f"{prefix}.{name} (of the class)" if prefix else f"{name} (of the class)"] = _contents(
                value, set()
            )
    return found


def _class_attributes(part: Any) -> Iterator[tuple[str, Any]]:
    for base in type(part).__mro__:
        if base.__module__.startswith("ember_ml.") or base is object:
            continue
        for name, value in vars(base).items():
            if not name.startswith("__") and not hasattr(value, "__get__"):
                yield name, value


def _class_arrays(module: Any) -> list[tuple[Any, Any]]:
    return [
        (value, value.copy())
        for part in module.modules()
        for _, value in _class_attributes(part)
        if isinstance(value, np.ndarray) and value.flags.writeable
    ]


def _contents(value: Any, seen: set[int]) -> Any:
    """Something that compares equal to what it was unless the value has changed."""
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes)):
        return type(value), repr(value)  # NaN is equal to itself
    if isinstance(value, _OPAQUE):
        return id(value)
    if id(value) in seen:
        return "seen"
    seen = {*seen, id(value)}
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype != object:
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, ArrayHolder):
        return _contents(value.data, seen)
    if isinstance(value, Mapping):
        return type(value), [(repr(key), _contents(one, seen)) for key, one in value.items()]
    if isinstance(value, (list, tuple, deque)):
        return type(value), [_contents(one, seen) for one in value]
    if isinstance(value, (set, frozenset)):
        return type(value), sorted(repr(_contents(one, seen)) for one in value)
    if isinstance(value, np.random.Generator):
        return repr(value.bit_generator.state)
    if isinstance(value, np.random.RandomState):
        return repr(value.get_state())
    if isinstance(value, random.Random):
        return value.getstate()
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        from ember_ml.backend import active

        return str(value.dtype), np.asarray(active.to_numpy(value)).tobytes()
    if hasattr(value, "__dict__"):
        if hasattr(value, "named_modules") and hasattr(value, "forward"):
            return id(value)  # a Module inside has names of its own
        return type(value), _contents(vars(value), seen)
    return id(value), repr(value)
