"""Names of number types, the same for every backend."""

from __future__ import annotations

import functools

import numpy as np


class DType(str):
    """A number type by name: a str that numpy takes as a dtype and that equals torch's and mlx's of that
    name.
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            return str.__eq__(self, other)
        return str.__eq__(self, name_of(other))

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__

    def __repr__(self) -> str:
        return f"ember_ml.{self!s}"


def name_of(dtype: object) -> str:
    """The plain name of anything that stands for a dtype: "float32" for np.float32, torch.float32,
    mx.float32...

    Returns an empty string for what is no dtype.
    """
    if isinstance(dtype, str):
        name = str(dtype)
    elif dtype is float:
        return "float32"
    elif dtype is int:
        return "int32"
    elif dtype is bool:
        return "bool"
    elif type(dtype).__module__.partition(".")[0] in ("torch", "mlx"):
        name = str(dtype)
    else:
        try:
            name = np.dtype(dtype).name  # type: ignore[call-overload]
        except TypeError:
            return ""
    name = name.rpartition(".")[2]
    return "bool" if name == "bool_" else name


float16: DType = DType("float16")
float32: DType = DType("float32")
float64: DType = DType("float64")
int8: DType = DType("int8")
int16: DType = DType("int16")
int32: DType = DType("int32")
int64: DType = DType("int64")
uint8: DType = DType("uint8")
bool_: DType = DType("bool")

ALL = (float16, float32, float64, int8, int16, int32, int64, uint8, bool_)
KIND: dict[str, int] = {
    str(name): 0 if name == "bool" else 2 if name.startswith("float") else 1 for name in ALL
}


def promote(names: list[str]) -> str:
    """The dtype of a result of these: floats win over integers, then the wider one wins.

    Within a kind numpy's rules hold: int8 with uint8 is int16.
    """
    return names[0] if names.count(names[0]) == len(names) else _promote(frozenset(names))


@functools.cache
def _promote(names: frozenset[str]) -> str:
    kind = max(KIND[name] for name in names)
    return np.result_type(*{name for name in names if KIND[name] == kind}).name


def unknown(dtype: object) -> ValueError:
    return ValueError(f"dtype {dtype!r} is unknown: use one of {', '.join(ALL)}")
