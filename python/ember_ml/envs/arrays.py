"""What environments return, whatever library made it, as numpy arrays and plain numbers, checked."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class EnvMistake(ValueError):
    """An environment returned something that it must not: the message says what and what was wanted."""


class NotFinite(EnvMistake):
    """A reward or an observation that is NaN or infinite."""


def to_numpy(value: Any) -> NDArray[Any]:
    """An array of any library (numpy, torch with or without a gradient, mlx, jax, ...) as a numpy array.

    Lists and tuples of such arrays are stacked. Numbers of 16 bits that numpy lacks become float32.

    Raises:
        Exception: whatever numpy or the library raises where `value` is no array.
    """
    if isinstance(value, np.ndarray):
        return value
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        return np.asarray(value.float() if str(value.dtype) == "torch.bfloat16" else value)
    if isinstance(value, (list, tuple)) and any(_holds_arrays(item) for item in value):
        return np.asarray([to_numpy(item) for item in value])
    if type(value).__module__.partition(".")[0] == "mlx" and str(value.dtype) == "mlx.core.bfloat16":
        import mlx.core

        value = value.astype(mlx.core.float32)
    if hasattr(value, "__cuda_array_interface__") and callable(getattr(value, "get", None)):
        value = value.get()  # cupy, which refuses to be copied to the host unasked
    return np.asarray(value)


def _holds_arrays(item: Any) -> bool:
    return isinstance(item, (list, tuple)) or (
        not isinstance(item, np.generic) and (hasattr(item, "__array__") or hasattr(item, "detach"))
    )


def _holds_numbers(array: NDArray[Any]) -> bool:
    # numpy makes NaN of None, and numbers of text.
    if array.dtype.kind == "O":
        return not any(item is None or isinstance(item, (str, bytes)) for item in array.flat)
    return array.dtype.kind in "biuf"


def to_vector(value: Any, what: str = "observation") -> NDArray[np.float32]:
    """An array of numbers as a new float32 vector, row by row. Numbers beyond float32 become infinite.

    Raises:
        EnvMistake: not an array of real numbers.
    """
    if type(value) is np.ndarray and value.dtype == np.float32:
        return value.reshape(-1).copy()
    try:
        array = to_numpy(value)
        if _holds_numbers(array):
            with np.errstate(over="ignore"):
                return np.array(array, dtype=np.float32).reshape(-1)
    except Exception:  # each library has its own for what it cannot convert
        pass
    raise EnvMistake(f"the {what} is {describe(value)}, not an array of numbers")


def to_scalar(value: Any, what: str) -> float:
    """One number of any library, or an array that holds one.

    Raises:
        EnvMistake: anything else.
    """
    if type(value) is float:
        return value
    try:
        array = to_numpy(value)
        if array.size == 1 and _holds_numbers(array):
            return float(array.reshape(()))
    except Exception:
        pass
    raise EnvMistake(f"the {what} is {describe(value)}, not one number")


def describe(value: Any) -> str:
    """A value in a few words, for messages."""
    shape = getattr(value, "shape", None)
    try:
        if shape is not None and len(shape):
            return f"{type(value).__name__} of shape {tuple(shape)}"
    except TypeError:
        pass
    text = repr(value)
    return f"{type(value).__name__} {text[:57] + '...' if len(text) > 60 else text}"


def why_not_finite(vector: NDArray[np.float32], value: Any) -> str:
    """What a vector that is not finite holds: "NaN", "infinity", or a number that float32 cannot hold.

    Args:
        vector: float32, what `value` became.
        value: as it came from the environment.
    """
    if np.isnan(vector).any():
        return "NaN"
    try:
        given = np.asarray(to_numpy(value), np.float64).reshape(-1)
    except Exception:
        return "infinity"
    beyond = given[np.isfinite(given) & (np.abs(given) > np.finfo(np.float32).max)]
    return f"{beyond[0]:g}, which is beyond float32" if beyond.size else "infinity"
