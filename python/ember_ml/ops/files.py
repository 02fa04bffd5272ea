"""Saving and loading nested data as npz: plain arrays and a JSON description, never a pickle."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from ember_ml.atomic_file import as_path, replacing
from ember_ml.backend import active as _active
from ember_ml.backend.holder import ArrayHolder
from ember_ml.npz import Damaged, read_npz

_FORMAT = "ember-ml data 1"


def _describe(obj: Any, arrays: dict[str, Any], where: str) -> Any:
    """`obj` as JSON; its arrays go to `arrays`."""
    if obj is None or isinstance(obj, bool | str):
        return obj
    if type(obj) in (int, float):
        # JSON has no NaN and no infinities: floats travel as text that float() reads back exactly.
        return {"float": repr(obj)} if isinstance(obj, float) else obj
    if isinstance(obj, list | tuple):
        items = [_describe(value, arrays, f"{where}[{i}]") for i, value in enumerate(obj)]
        return {"tuple": items} if isinstance(obj, tuple) else {"list": items}
    if isinstance(obj, dict):
        for key in obj:
            if not isinstance(key, str):
                raise TypeError(f"{where}: keys must be str, got {type(key).__name__}")
        return {"dict": {key: _describe(value, arrays, f"{where}[{key!r}]") for key, value in obj.items()}}
    if isinstance(obj, ArrayHolder | np.generic) or hasattr(obj, "__array__"):
        name = f"array{len(arrays)}"
        array = np.asarray(_active.to_numpy(obj))
        if array.dtype.hasobject:
            raise TypeError(f"{where}: arrays of objects cannot be saved")
        arrays[name] = array
        return {"host" if isinstance(obj, np.generic) else "array": name}
    raise TypeError(
        f"{where}: cannot save {type(obj).__name__}: use dicts, lists, tuples, arrays, numbers and str"
    )


def _restore(node: Any, arrays: Any) -> Any:
    if not isinstance(node, dict):
        return node
    ((kind, value),) = node.items()
    if kind == "float":
        return float(value)
    if kind == "list":
        return [_restore(item, arrays) for item in value]
    if kind == "tuple":
        return tuple(_restore(item, arrays) for item in value)
    if kind == "dict":
        return {key: _restore(item, arrays) for key, item in value.items()}
    if kind == "host":
        return arrays[value][()]
    return _active.convert_to_tensor(arrays[value])


def save(path: str | os.PathLike[str], obj: Any) -> None:
    """Writes nested dicts (keys are str), lists, tuples, arrays, Parameters, numbers, str and None to an npz
    file.

    The file appears whole or not at all. The name is taken as it is (no ".npz" is added).

    Raises:
        TypeError: something in `obj` cannot be saved; nothing is written.
        OSError: the folder is missing, not writable or full; what was at `path` before stands.
    """
    arrays: dict[str, Any] = {}
    text = json.dumps({"format": _FORMAT, "data": _describe(obj, arrays, "obj")})
    with replacing(path) as file:
        np.savez(file, description=np.frombuffer(text.encode(), np.uint8), **arrays)


def load(path: str | os.PathLike[str]) -> Any:
    """What `save` wrote; arrays become the active backend's.

    Raises:
        ValueError: the file is damaged, is not one of `save`'s, or holds a pickle (which is never loaded).
    """
    file = as_path(path)
    try:
        arrays = read_npz(file)
        if "description" not in arrays:
            raise Damaged("it has no description")
        document = json.loads(arrays.pop("description").tobytes())
        if document.get("format") != _FORMAT:
            raise Damaged(f"its format is {document.get('format')!r}")
        return _restore(document["data"], arrays)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"{os.fspath(path)!r} is not a file that ember_ml.ops.save wrote: {error}"
        ) from error
