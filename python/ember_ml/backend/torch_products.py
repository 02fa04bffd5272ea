"""Matrix products, dense layers and linear algebra on torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ember_ml.backend.activations import ACTIVATIONS as _NAMES
from ember_ml.backend.activations import of_torch as _of_torch
from ember_ml.backend.cells import check as _check_cell
from ember_ml.backend.cells import step as _step
from ember_ml.backend.dense_numpy import check_dense as _check_dense
from ember_ml.backend.torch_convert import common as _common
from ember_ml.backend.torch_convert import real as _real
from ember_ml.backend.torch_convert import to_tensor as _tensor

_f = torch.nn.functional

# ------------------------------------------------------------------------------------------------ products


def matmul(x: Any, y: Any) -> Tensor:
    return torch.matmul(*_common(x, y))


def dot(x: Any, y: Any) -> Tensor:
    x, y = _common(x, y)
    if x.ndim == 0 or y.ndim == 0:
        product: Tensor = x * y
        return product
    return torch.matmul(x, y) if y.ndim <= 2 else torch.tensordot(x, y, dims=([-1], [y.ndim - 2]))


def einsum(equation: str, *operands: Any) -> Tensor:
    return torch.einsum(equation, *_common(*operands))


_ACTIVATIONS = {name: None if name == "identity" else _of_torch(name) for name in _NAMES}


def dense(x: Any, weight: Any, bias: Any, activation: str) -> Tensor:
    w = _tensor(weight)
    b = None if bias is None else _tensor(bias)
    x = _tensor(x)
    if x.dtype is not w.dtype:
        x = x.to(w.dtype)
    _check_dense(x.shape, w.shape, None if b is None else b.shape)
    y = torch.addmm(b, x, w) if b is not None and x.ndim == 2 else torch.matmul(x, w)
    if b is not None and x.ndim != 2:
        y = y + b
    function = _ACTIVATIONS[activation]
    return y if function is None else function(y)


def cell(kind: str, x: Any, state: Any, weights: Any, biases: Any) -> tuple[Tensor, ...]:
    w = [_tensor(weight) for weight in weights]
    x, *state = (part.to(w[0].dtype) for part in map(_tensor, (x, *state)))
    _check_cell(kind, x.shape, [part.shape for part in state], [weight.shape for weight in w])
    a, b = (
        _f.linear(value, weight, None if bias is None else _tensor(bias))
        for value, weight, bias in zip((x, state[0]), w, biases)
    )
    return _step(kind, tuple(state), a, b, _GATE_FUNCTIONS)


_GATE_FUNCTIONS = (torch.sigmoid, torch.tanh, torch.relu)

# ------------------------------------------------------------------------------------------ linear algebra


_LinAlgError: type[Exception] = vars(torch.linalg)["LinAlgError"]  # no part of its types


def _linear_algebra(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **options: Any) -> Any:
        try:
            return function(*args, **options)
        except _LinAlgError as error:
            raise np.linalg.LinAlgError(str(error)) from error

    return call


@_linear_algebra
def solve(a: Any, b: Any) -> Tensor:
    a, b = _common(_real(a), _real(b))
    solution: Tensor = torch.linalg.solve(a, b[:, None] if b.ndim == 1 else b)
    return solution[..., 0] if b.ndim == 1 else solution


@_linear_algebra
def lstsq(a: Any, b: Any) -> Tensor:
    a, b = _common(_real(a), _real(b))
    driver = "gelsd" if a.device.type == "cpu" else None
    columns = b[:, None] if b.ndim == 1 else b
    solution: Tensor = torch.linalg.lstsq(a, columns, driver=driver).solution
    return solution[..., 0] if b.ndim == 1 else solution


@_linear_algebra
def inv(x: Any) -> Tensor:
    found: Tensor = torch.linalg.inv(_real(x))
    return found


@_linear_algebra
def det(x: Any) -> Tensor:
    found: Tensor = torch.linalg.det(_real(x))
    return found


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Tensor:
    found: Tensor = torch.linalg.norm(_real(x), ord=ord, dim=axis, keepdim=keepdims)
    return found


@_linear_algebra
def svd(x: Any, full_matrices: bool = True) -> tuple[Tensor, Tensor, Tensor]:
    u, s, vh = torch.linalg.svd(_real(x), full_matrices=full_matrices)
    return u, s, vh


@_linear_algebra
def eigh(x: Any) -> tuple[Tensor, Tensor]:
    values, vectors = torch.linalg.eigh(_real(x))
    return values, vectors


@_linear_algebra
def qr(x: Any) -> tuple[Tensor, Tensor]:
    q, r = torch.linalg.qr(_real(x))
    return q, r


@_linear_algebra
def cholesky(x: Any) -> Tensor:
    found: Tensor = torch.linalg.cholesky(_real(x))
    return found
