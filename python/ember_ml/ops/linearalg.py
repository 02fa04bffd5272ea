"""Linear algebra on the last two axes; leading axes are a batch. Integers give float32.

A matrix that cannot be treated (singular, not positive definite) raises `numpy.linalg.LinAlgError`, a
ValueError, on every backend.
"""

from __future__ import annotations

from typing import Any

from ember_ml.backend import active as _active


def solve(a: Any, b: Any) -> Any:
    """x with a @ x = b, for a (..., n, n) and b (n,) or (..., n, k)."""
    return _active.solve(a, b)


def lstsq(a: Any, b: Any) -> Any:
    """The x of least norm(x) among those of least norm(a @ x - b), for a (m, n) and b (m,) or (m, k)."""
    return _active.lstsq(a, b)


def inv(x: Any) -> Any:
    """The inverse of (..., n, n)."""
    return _active.inv(x)


def det(x: Any) -> Any:
    """The determinant of (..., n, n)."""
    return _active.det(x)


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The norm of a vector or matrix: Euclidean or Frobenius by default, else numpy.linalg.norm's `ord`."""
    return _active.norm(x, ord, axis, keepdims)


def svd(x: Any, full_matrices: bool = True) -> tuple[Any, Any, Any]:
    """u, s, vh with x = u @ diag(s) @ vh, s falling."""
    return _active.svd(x, full_matrices)  # type: ignore[no-any-return]


def eigh(x: Any) -> tuple[Any, Any]:
    """Eigenvalues, rising, and eigenvectors (columns) of a symmetric matrix."""
    return _active.eigh(x)  # type: ignore[no-any-return]


def qr(x: Any) -> tuple[Any, Any]:
    """q with orthonormal columns and upper triangular r, x = q @ r, the reduced form."""
    return _active.qr(x)  # type: ignore[no-any-return]


def cholesky(x: Any) -> Any:
    """The lower triangular l with l @ l.T = x, for a symmetric positive definite x."""
    return _active.cholesky(x)
