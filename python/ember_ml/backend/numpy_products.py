"""Products and linear algebra on numpy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ember_ml.backend.guard import numpy_guard
from ember_ml.backend.numpy_convert import Array, axes_of, common, real


def _product(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return numpy_guard(function, lambda x, y: function(*common(x, y)), 2)


matmul = _product(np.matmul)
dot = _product(np.dot)


def einsum(equation: str, *operands: Any) -> Any:
    return np.einsum(equation, *common(*operands))


@contextmanager
def _as_value_error() -> Iterator[None]:
    """numpy 1.24's LinAlgError is no ValueError, as later ones' are."""
    try:
        yield
    except np.linalg.LinAlgError as error:
        raise ValueError(str(error)) from error


@_as_value_error()
def solve(a: Any, b: Any) -> Array:
    a, b = common(real(a), real(b))
    # numpy 1 and 2 read a stack of vectors differently: only a 1-D b is a vector (the array API's rule)
    return np.linalg.solve(a, b[:, None])[..., 0] if b.ndim == 1 else np.linalg.solve(a, b)


def lstsq(a: Any, b: Any) -> Array:
    a, b = common(real(a), real(b))
    solution: Array = np.linalg.lstsq(a, b, rcond=None)[0]
    return solution


@_as_value_error()
def inv(x: Any) -> Array:
    return np.linalg.inv(real(x))


def det(x: Any) -> Any:
    return np.linalg.det(real(x))


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    return np.linalg.norm(real(x), ord=ord, axis=axes_of(axis), keepdims=keepdims)


def svd(x: Any, full_matrices: bool = True) -> tuple[Array, Array, Array]:
    u, s, vh = np.linalg.svd(real(x), full_matrices=full_matrices)
    return u, s, vh


def eigh(x: Any) -> tuple[Array, Array]:
    values, vectors = np.linalg.eigh(real(x))
    return values, vectors


def qr(x: Any) -> tuple[Array, Array]:
    q, r = np.linalg.qr(real(x))
    return q, r


@_as_value_error()
def cholesky(x: Any) -> Array:
    return np.linalg.cholesky(real(x))
