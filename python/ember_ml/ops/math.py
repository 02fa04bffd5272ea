"""Element-wise mathematics.

Operands are arrays of the active backend, numpy arrays and scalars, Parameters, Python numbers or lists;
they broadcast. Python numbers are weak: float32 + 2.0 stays float32. Floats win over integers (int32 with
float32 gives float32); booleans count as int32. Functions of real numbers turn integers into float32.

Two arrays of the backend's own go to it as they are, and there two of its own rules hold: on torch a 0-d
array follows the dtype of the other one if both are floats or both integers; on torch and mlx arithmetic on
two boolean arrays is the library's. Shapes that do not broadcast raise ValueError, on torch RuntimeError.
"""

from __future__ import annotations

import math as _math
from typing import Any

from ember_ml.backend import active as _active

#: The ratio of a circle's circumference to its diameter, a Python float.
pi = _math.pi


def add(x: Any, y: Any) -> Any:
    """x + y."""
    return _active.add(x, y)


def subtract(x: Any, y: Any) -> Any:
    """x - y."""
    return _active.subtract(x, y)


def multiply(x: Any, y: Any) -> Any:
    """x * y."""
    return _active.multiply(x, y)


def divide(x: Any, y: Any) -> Any:
    """x / y, a real number: integers give float32."""
    return _active.divide(x, y)


def floor_divide(x: Any, y: Any) -> Any:
    """The largest whole number not above x / y."""
    return _active.floor_divide(x, y)


def mod(x: Any, y: Any) -> Any:
    """The remainder of `floor_divide`: it has the sign of y."""
    return _active.mod(x, y)


def power(x: Any, y: Any) -> Any:
    """x to the power of y."""
    return _active.power(x, y)


def minimum(x: Any, y: Any) -> Any:
    """The smaller of x and y, element by element; NaN if one is NaN."""
    return _active.minimum(x, y)


def maximum(x: Any, y: Any) -> Any:
    """The larger of x and y, element by element; NaN if one is NaN."""
    return _active.maximum(x, y)


def clip(x: Any, min_val: Any = None, max_val: Any = None) -> Any:
    """x limited to [min_val, max_val]; None leaves that side open."""
    return _active.clip(x, min_val, max_val)


def abs(x: Any) -> Any:
    """The absolute value."""
    return _active.abs(x)


def negative(x: Any) -> Any:
    """-x."""
    return _active.negative(x)


def sign(x: Any) -> Any:
    """-1, 0 or 1, of x's dtype."""
    return _active.sign(x)


def square(x: Any) -> Any:
    """x * x."""
    return _active.square(x)


def sqrt(x: Any) -> Any:
    """The square root; NaN below zero."""
    return _active.sqrt(x)


def exp(x: Any) -> Any:
    """e to the power of x."""
    return _active.exp(x)


def log(x: Any) -> Any:
    """The natural logarithm."""
    return _active.log(x)


def log10(x: Any) -> Any:
    """The logarithm to base 10."""
    return _active.log10(x)


def log2(x: Any) -> Any:
    """The logarithm to base 2."""
    return _active.log2(x)


def log1p(x: Any) -> Any:
    """log(1 + x), accurate near zero."""
    return _active.log1p(x)


def sin(x: Any) -> Any:
    """The sine of x radians."""
    return _active.sin(x)


def cos(x: Any) -> Any:
    """The cosine of x radians."""
    return _active.cos(x)


def tan(x: Any) -> Any:
    """The tangent of x radians."""
    return _active.tan(x)


def sinh(x: Any) -> Any:
    """The hyperbolic sine."""
    return _active.sinh(x)


def cosh(x: Any) -> Any:
    """The hyperbolic cosine."""
    return _active.cosh(x)


def floor(x: Any) -> Any:
    """The largest whole number not above x, of x's dtype."""
    return _active.floor(x)


def ceil(x: Any) -> Any:
    """The smallest whole number not below x, of x's dtype."""
    return _active.ceil(x)


def round(x: Any, decimals: int = 0) -> Any:
    """The nearest whole number, halves to even; or with so many decimals. Integers are unchanged."""
    return _active.round(x, decimals)


def dot(x: Any, y: Any) -> Any:
    """Sum of products over the last axis of x and the last but one of y (the only one if y is 1-D)."""
    return _active.dot(x, y)


def matmul(x: Any, y: Any) -> Any:
    """The matrix product over the last two axes; leading axes broadcast; 1-D operands are row and column."""
    return _active.matmul(x, y)


def einsum(equation: str, *operands: Any) -> Any:
    """A sum of products in Einstein's notation, such as ``einsum("bi,io->bo", x, weight)``."""
    return _active.einsum(equation, *operands)
