"""A value that records what is done with it, and the operations that it can record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ember_ml.backend.activations import ACTIVATIONS
from ember_ml.backend.convert import to_host
from ember_ml.backend.holder import ArrayHolder

#: What is recorded; `ember_ml.backend.tracing` lists the kinds.
Entry = tuple[Any, ...]


class NotTraceable(TypeError):
    """A forward does something that no chain of dense layers and element-wise operations can express.

    Attributes:
        operation: what it does, such as "softmax" or "add of two computed values".
    """

    def __init__(self, operation: str) -> None:
        super().__init__(f"forward cannot be compiled: it uses {operation}")
        self.operation = operation


class Traced:
    """A value that depends on the input: its shape and the entries that lead to it. Python's operators record
    too.
    """

    __slots__ = ("entries", "shape")

    def __init__(self, shape: tuple[int, ...], entries: tuple[Entry, ...] = ()) -> None:
        self.shape = shape
        self.entries = entries

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def then(self, *entry: Any) -> Traced:
        """This value with one more element-wise entry."""
        return Traced(self.shape, (*self.entries, entry))

    def __add__(self, other: Any) -> Traced:
        return _add(self, other)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Traced:
        return _subtract(self, other)

    def __rsub__(self, other: Any) -> Traced:
        return _subtract(other, self)

    def __mul__(self, other: Any) -> Traced:
        return _multiply(self, other)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Traced:
        return _divide(self, other)

    def __neg__(self) -> Traced:
        return self.then("scale", (-1.0,))

    def __pos__(self) -> Traced:
        return self

    def __matmul__(self, other: Any) -> Traced:
        return _matmul(self, other)

    def __getitem__(self, index: Any) -> Traced:
        return _moved(self, "indexing", np.zeros(self.shape)[index])

    def reshape(self, *shape: Any) -> Traced:
        return _reshape(self, shape[0] if len(shape) == 1 else shape)

    def squeeze(self, axis: Any = None) -> Traced:
        return _squeeze(self, axis)

    def __len__(self) -> int:
        if not self.shape:
            raise NotTraceable("len() of a 0-d value")
        return self.shape[0]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            if name in ("__array__", "__float__", "__index__", "__int__"):
                raise NotTraceable("the value as a number or numpy array")
            raise AttributeError(name)
        raise NotTraceable(f"the array's own attribute .{name}")

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotTraceable("a numpy function of the value")

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Traced:
        if method != "__call__" or kwargs or ufunc.__name__ not in _UFUNCS:
            raise NotTraceable(f"numpy.{ufunc.__name__}")
        return RECORDED[_UFUNCS[ufunc.__name__]](*args)  # type: ignore[no-any-return]

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        raise NotTraceable(f"numpy.{function.__name__}")

    def __float__(self) -> float:
        raise NotTraceable("float() of the value")

    def __bool__(self) -> bool:
        raise NotTraceable("a branch on the value")

    def __iter__(self) -> Iterator[Any]:
        raise NotTraceable("iteration over the value")

    def __eq__(self, other: object) -> bool:
        raise NotTraceable("a comparison")

    __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __eq__
    __hash__ = None  # type: ignore[assignment]

    def __pow__(self, other: Any) -> Traced:
        raise NotTraceable("power")

    __rpow__ = __pow__

    def __rtruediv__(self, other: Any) -> Traced:
        raise NotTraceable("division by the value")

    def __rmatmul__(self, other: Any) -> Traced:
        raise NotTraceable("matmul with the value on the right")

    def __mod__(self, other: Any) -> Traced:
        raise NotTraceable("mod")

    def __floordiv__(self, other: Any) -> Traced:
        raise NotTraceable("floor_divide")

    def __abs__(self) -> Traced:
        raise NotTraceable("abs")


# ---------------------------------------------------------------------------------- what can be recorded


def _constant(operation: str, x: Traced, other: Any) -> tuple[float, ...]:
    """`other` as float32 values that apply to x element by element: one number, or one for each."""
    if isinstance(other, Traced):
        raise NotTraceable(f"{operation} of two computed values")
    if isinstance(other, ArrayHolder):
        raise NotTraceable(f"{operation} with a Parameter (it is trained, so it is no constant)")
    values = to_host(other).astype(np.float32)
    if values.size == 1 and values.ndim <= len(x.shape):
        return (float(values.reshape(())),)
    width = x.shape[-1] if x.shape else 1
    if x.size != width or values.shape[-1:] != (width,) or values.size != width or values.ndim > len(x.shape):
        raise NotTraceable(f"{operation} of shape {x.shape} with a constant of shape {values.shape}")
    return tuple(float(value) for value in values.reshape(-1))


def _add(x: Any, y: Any) -> Traced:
    if not isinstance(x, Traced):
        x, y = y, x
    last: Entry = x.entries[-1] if x.entries else ("input",)
    if isinstance(y, ArrayHolder) and last[0] == "dense" and last[2] is None:  # x @ W + b, written out
        if tuple(y.data.shape) != x.shape[-1:]:
            raise NotTraceable(f"add of shape {x.shape} with a Parameter of shape {tuple(y.data.shape)}")
        return Traced(x.shape, (*x.entries[:-1], ("dense", last[1], y)))
    traced: Traced = x.then("shift", _constant("add", x, y))
    return traced


def _subtract(x: Any, y: Any) -> Traced:
    if isinstance(x, Traced):
        return x.then("shift", tuple(-value for value in _constant("subtract", x, y)))
    negative: Traced = -y
    return negative.then("shift", _constant("subtract", y, x))


def _multiply(x: Any, y: Any) -> Traced:
    if not isinstance(x, Traced):
        x, y = y, x
    traced: Traced = x.then("scale", _constant("multiply", x, y))
    return traced


def _divide(x: Any, y: Any) -> Traced:
    if not isinstance(x, Traced):
        raise NotTraceable("division by the value")
    values = _constant("divide", x, y)
    if 0.0 in values:
        raise NotTraceable("divide by zero")
    # x * (1 / c) is within a rounding or two of x / c, and equal to it where c is a power of two
    return x.then("scale", tuple(float(np.float32(1) / np.float32(value)) for value in values))


def _matmul(x: Any, weight: Any) -> Traced:
    if not isinstance(x, Traced) or not isinstance(weight, ArrayHolder):
        raise NotTraceable("matmul with something that is no Parameter on the right")
    return _dense(x, weight, None, "identity")


def _dense(x: Any, weight: Any, bias: Any, activation: str) -> Traced:
    if not isinstance(weight, ArrayHolder) or not (bias is None or isinstance(bias, ArrayHolder)):
        raise NotTraceable("dense with weights that are no Parameters")
    shape = tuple(weight.data.shape)
    if len(shape) != 2 or x.shape[-1:] != shape[:1]:
        raise ValueError(f"dense: input of shape {x.shape} does not fit a weight of shape {shape}")
    result = Traced((*x.shape[:-1], shape[1]), (*x.entries, ("dense", weight, bias)))
    return result if activation == "identity" else result.then("activation", activation)


def _moved(x: Traced, operation: str, like: Any) -> Traced:
    """x in the shape of `like`, if nothing but axes of length 1 came or went."""
    shape = tuple(like.shape)
    if [n for n in shape if n != 1] != [n for n in x.shape if n != 1]:
        raise NotTraceable(f"{operation} from shape {x.shape} to {shape}")
    return Traced(shape, x.entries)


def _reshape(x: Any, shape: Any) -> Traced:
    return _moved(x, "reshape", np.zeros(x.shape).reshape(shape))


def _squeeze(x: Any, axis: Any = None) -> Traced:
    return _moved(
        x, "squeeze", np.squeeze(np.zeros(x.shape), tuple(axis) if isinstance(axis, list) else axis)
    )


def _expand_dims(x: Any, axis: int) -> Traced:
    return _moved(x, "expand_dims", np.expand_dims(np.zeros(x.shape), axis))


def _convert_to_tensor(x: Any, dtype: Any = None, device: Any = None) -> Traced:
    if isinstance(x, list | tuple):  # [x] is a batch of one
        if len(x) != 1:
            raise NotTraceable("a list of computed values")
        return _expand_dims(_convert_to_tensor(x[0], dtype), 0)
    return _cast(x, "float32" if dtype is None else dtype)


def _cast(x: Any, dtype: Any) -> Traced:
    from ember_ml.backend.dtypes import name_of

    if name_of(dtype) != "float32":
        raise NotTraceable(f"cast to {name_of(dtype)}")
    return x  # type: ignore[no-any-return]


def _maximum(x: Any, y: Any) -> Traced:
    if not isinstance(x, Traced):
        x, y = y, x
    if _constant("maximum", x, y) != (0.0,):
        raise NotTraceable("maximum with anything but 0")
    traced: Traced = x.then("activation", "relu")
    return traced


def _elu(x: Any, alpha: float = 1.0) -> Traced:
    if alpha != 1.0:
        raise NotTraceable(f"elu with alpha={alpha}")
    return x.then("activation", "elu")  # type: ignore[no-any-return]


def _activation(name: str) -> Callable[[Any], Traced]:
    return lambda x: x.then("activation", name)


RECORDED: dict[str, Callable[..., Any]] = {
    "add": _add,
    "subtract": _subtract,
    "multiply": _multiply,
    "divide": _divide,
    "negative": lambda x: -x,
    "maximum": _maximum,
    "dense": _dense,
    "matmul": _matmul,
    "dot": _matmul,
    "convert_to_tensor": _convert_to_tensor,
    "cast": _cast,
    "copy": lambda x: x,
    "to_device": lambda x, device: x,
    "reshape": _reshape,
    "squeeze": _squeeze,
    "expand_dims": _expand_dims,
    "shape": lambda x: x.shape,
    "dtype_name": lambda x: "float32",
    **{name: _activation(name) for name in ACTIVATIONS if name != "identity"},
    "elu": _elu,
}


#: numpy's functions that mean the same as a recorded one.
_UFUNCS = {name: name for name in ("add", "subtract", "multiply", "divide", "negative", "maximum", "tanh")}
_UFUNCS.update(true_divide="divide", matmul="matmul")
