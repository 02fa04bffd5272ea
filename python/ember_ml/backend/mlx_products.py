"""Matrix products, dense layers and linear algebra on mlx."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mlx.core as mx

from ember_ml.backend import numpy_backend as _host
from ember_ml.backend.activations import ACTIVATIONS as _NAMES
from ember_ml.backend.cells import check as _check_cell
from ember_ml.backend.cells import step as _step
from ember_ml.backend.dense_numpy import check_dense as _check_dense
from ember_ml.backend.holder import ArrayHolder as _Holder
from ember_ml.backend.mlx_arrays import to_numpy
from ember_ml.backend.mlx_convert import Array
from ember_ml.backend.mlx_convert import common as _common
from ember_ml.backend.mlx_convert import is_float as _is_float
from ember_ml.backend.mlx_convert import to_array as _array

# ------------------------------------------------------------------------------------------------ products


def _product(function: Callable[..., Array], host: Callable[..., Any]) -> Callable[..., Array]:
    """mlx multiplies matrices of floats only: whole numbers are multiplied on the host."""

    def product(*operands: Any) -> Array:
        arrays = _common(*operands)
        return function(*arrays) if _is_float(arrays[0]) else _array(host(*map(to_numpy, arrays)))

    return product


def _dot(x: Array, y: Array) -> Array:
    if x.ndim == 0 or y.ndim == 0:
        return x * y
    return mx.matmul(x, y) if y.ndim <= 2 else mx.tensordot(x, y, axes=[[x.ndim - 1], [y.ndim - 2]])


matmul = _product(mx.matmul, _host.matmul)
dot = _product(_dot, _host.dot)


def einsum(equation: str, *operands: Any) -> Array:
    return _product(
        lambda *arrays: mx.einsum(equation, *arrays), lambda *arrays: _host.einsum(equation, *arrays)
    )(*operands)


_ACTIVATIONS = {name: None if name == "identity" else activation.mlx for name, activation in _NAMES.items()}


def dense(x: Any, weight: Any, bias: Any, activation: str) -> Array:
    w = _array(weight)
    b = None if bias is None else _array(bias)
    x = _array(x)
    if x.dtype != w.dtype:
        x = x.astype(w.dtype)
    _check_dense(x.shape, w.shape, None if b is None else b.shape)
    y = mx.matmul(x, w) if b is None else mx.addmm(b, x, w)
    function = _ACTIVATIONS[activation]
    return y if function is None else function(mx, y)


def cell(kind: str, x: Any, state: Any, weights: Any, biases: Any) -> tuple[Array, ...]:
    w = [_array(weight) for weight in weights]
    x, *state = (part.astype(w[0].dtype) for part in map(_array, (x, *state)))
    _check_cell(kind, x.shape, [part.shape for part in state], [weight.shape for weight in w])
    a, b = (
        value @ weight.T if bias is None else mx.addmm(_array(bias), value, weight.T)
        for value, weight, bias in zip((x, state[0]), w, biases)
    )
    return _step(kind, tuple(state), a, b, _GATE_FUNCTIONS)


_GATE_FUNCTIONS = (mx.sigmoid, mx.tanh, lambda x: mx.maximum(x, 0))

# ------------------------------------------------------------------------------------------ linear algebra


def _on_host(function: Callable[..., Any]) -> Callable[..., Any]:
    """mlx has most decompositions on the CPU only and lacks lstsq: numpy's are used."""

    def call(*args: Any, **options: Any) -> Any:
        result = function(*(to_numpy(x) if isinstance(x, mx.array | _Holder) else x for x in args), **options)
        return tuple(_array(part) for part in result) if isinstance(result, tuple) else _array(result)

    return call


solve = _on_host(_host.solve)
lstsq = _on_host(_host.lstsq)
inv = _on_host(_host.inv)
det = _on_host(_host.det)
norm = _on_host(_host.norm)
svd = _on_host(_host.svd)
eigh = _on_host(_host.eigh)
qr = _on_host(_host.qr)
cholesky = _on_host(_host.cholesky)
