"""Shape, indexing, conversion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ember_ml.backend import active as _active
from ember_ml.ops.creation import Shape, as_shape

Axis = int | Sequence[int] | None


def shape(x: Any) -> tuple[int, ...]:
    """The lengths of x's axes, as a tuple of ints."""
    return _active.shape(x)  # type: ignore[no-any-return]


def to_numpy(x: Any) -> Any:
    """x as a numpy array on the host; takes scalars, lists and Parameters too. On numpy no copy."""
    return _active.to_numpy(x)


def item(x: Any) -> bool | int | float:
    """The one element of x as a Python number.

    Raises:
        ValueError: x holds more or fewer than one.
    """
    return _active.item(x)  # type: ignore[no-any-return]


def tolist(x: Any) -> Any:
    """x as nested lists of Python numbers; a Python number if x is 0-d."""
    return _active.to_numpy(x).tolist()


def cast(x: Any, dtype: Any) -> Any:
    """x in another dtype; float to integer cuts towards zero."""
    return _active.cast(x, dtype)


def copy(x: Any) -> Any:
    """A copy that shares nothing with x."""
    return _active.copy(x)


def to_device(x: Any, device: str) -> Any:
    """x on another device: "cpu", and with torch "cuda", "mps"..., with mlx "gpu".

    Raises:
        ValueError: the backend has no such device.
    """
    return _active.to_device(x, device)


def reshape(x: Any, shape: Shape) -> Any:
    """x's elements in another shape; one length may be -1.

    Raises:
        ValueError: the sizes differ.
    """
    lengths = (shape,) if isinstance(shape, int) else tuple(shape)
    return _active.reshape(x, lengths)


def transpose(x: Any, axes: Sequence[int] | None = None) -> Any:
    """x with its axes in the given order, reversed if None."""
    return _active.transpose(x, axes)


def broadcast_to(x: Any, shape: Shape) -> Any:
    """x repeated along axes of length 1 and new leading ones."""
    return _active.broadcast_to(x, as_shape(shape))


def concatenate(arrays: Sequence[Any], axis: int = 0) -> Any:
    """Arrays joined along an axis they have.

    Raises:
        ValueError: there are none, or their other axes differ.
    """
    return _active.concatenate(arrays, axis)


def stack(arrays: Sequence[Any], axis: int = 0) -> Any:
    """Arrays of one shape joined along a new axis.

    Raises:
        ValueError: there are none, or their shapes differ.
    """
    return _active.stack(arrays, axis)


def vstack(arrays: Sequence[Any]) -> Any:
    """Arrays on top of each other; 1-D ones are rows."""
    rows = [x if len(_active.shape(x)) > 1 else _active.reshape(x, (1, -1)) for x in arrays]
    return _active.concatenate(rows, 0)


def hstack(arrays: Sequence[Any]) -> Any:
    """Arrays beside each other: along the second axis, or the only one."""
    columns = [x if len(_active.shape(x)) > 0 else _active.reshape(x, (1,)) for x in arrays]
    return _active.concatenate(columns, 1 if columns and len(_active.shape(columns[0])) > 1 else 0)


def split(x: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Any]:
    """x in equal parts (a number of them), or cut before each of the given indices.

    Raises:
        ValueError: the axis cannot be cut into so many equal parts.
    """
    return _active.split(x, indices_or_sections, axis)  # type: ignore[no-any-return]


def expand_dims(x: Any, axis: int) -> Any:
    """x with a new axis of length 1 at `axis`."""
    return _active.expand_dims(x, axis)


def squeeze(x: Any, axis: Axis = None) -> Any:
    """x without its axes of length 1, or without the given ones.

    Raises:
        ValueError: a given axis has another length.
    """
    return _active.squeeze(x, axis)


def tile(x: Any, reps: Shape) -> Any:
    """x repeated `reps` times along each axis."""
    return _active.tile(x, (reps,) if isinstance(reps, int) else tuple(reps))


def pad(x: Any, paddings: int | Sequence[Any], constant_values: Any = 0) -> Any:
    """x with `constant_values` around it: (before, after) for each axis, one pair for all, or one number."""
    axes = len(_active.shape(x))
    if isinstance(paddings, int):
        pairs = [(paddings, paddings)] * axes
    elif len(paddings) == 2 and all(isinstance(n, int) for n in paddings):
        pairs = [(int(paddings[0]), int(paddings[1]))] * axes
    else:
        pairs = [(int(before), int(after)) for before, after in paddings]
    if len(pairs) != axes or any(n < 0 for pair in pairs for n in pair):
        raise ValueError(f"paddings must be {axes} pairs of lengths that are not negative, got {paddings!r}")
    return _active.pad(x, pairs, constant_values)


def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """Elements of x at integer `indices` along an axis, or of the flat array. Negative ones count from the
    end.

    Raises:
        IndexError: an index is out of range (not checked by mlx, nor on a GPU).
    """
    return _active.take(x, indices, axis)


def gather(x: Any, indices: Any, axis: int = 0) -> Any:
    """`take` along an axis, the first by default."""
    return _active.take(x, indices, axis)


def scatter(data: Any, indices: Any, dim_size: int | None = None, aggr: str = "add", axis: int = 0) -> Any:
    """Slices of `data` along `axis` gathered in `dim_size` places: slice i goes to place indices[i].

    Args:
        indices: (n,) integers in [0, dim_size), n being the length of data's axis.
        dim_size: length of that axis in the result, by default the largest index + 1.
        aggr: how slices with the same place combine: "add", "mean", "max" or "min". Places without one are 0.

    Raises:
        ValueError: a length does not fit, or `aggr` is unknown.
        IndexError: an index is out of range.
    """
    if aggr not in ("add", "mean", "max", "min"):
        raise ValueError(f"aggr must be 'add', 'mean', 'max' or 'min', got {aggr!r}")
    places = _active.to_numpy(indices)
    data = _active.convert_to_tensor(data)
    lengths = _active.shape(data)
    if places.ndim != 1 or places.dtype.kind not in "iu" or not lengths or len(places) != lengths[axis]:
        raise ValueError(
            f"indices must be ({lengths[axis] if lengths else 'n'},) integers, "
            f"got {places.dtype} {places.shape}"
        )
    size = (int(places.max()) + 1 if places.size else 0) if dim_size is None else int(dim_size)
    if places.size and not (int(places.min()) >= 0 and int(places.max()) < size):
        raise IndexError(f"indices must lie in [0, {size}), got {int(places.min())} to {int(places.max())}")
    order = [axis % len(lengths)] + [i for i in range(len(lengths)) if i != axis % len(lengths)]
    back = [order.index(i) for i in range(len(lengths))]
    rows = _active.transpose(data, order)
    counts = [0] * size
    for place in places.tolist():
        counts[place] += 1
    column = (size,) + (1,) * (len(lengths) - 1)
    result = _active.scatter(rows, indices, size, "add" if aggr == "mean" else aggr)
    if aggr == "mean":
        result = _active.divide(
            result, _active.convert_to_tensor([max(n, 1) for n in counts], "float32").reshape(column)
        )
    elif aggr != "add":
        filled = _active.convert_to_tensor([n > 0 for n in counts], "bool").reshape(column)
        result = _active.where(filled, result, 0)
    return _active.transpose(result, back)


def slice_update(x: Any, slices: Any, updates: Any) -> Any:
    """A copy of x in which ``x[slices]`` holds `updates`; `slices` is what stands in the brackets."""
    return _active.slice_update(x, slices, updates)


def nonzero(x: Any) -> tuple[Any, ...]:
    """Indices of the elements that are not zero, an int32 array for each axis, in row-major order."""
    return _active.nonzero(x)  # type: ignore[no-any-return]


def one_hot(indices: Any, num_classes: int, dtype: Any = "float32") -> Any:
    """A new last axis of `num_classes` with a one at the index; an index out of range gives zeros."""
    column = _active.expand_dims(indices, -1)
    return _active.cast(_active.equal(column, _active.arange(0, num_classes, 1, "int32")), dtype)
