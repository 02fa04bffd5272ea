"""What the functions promise beyond agreement: known answers, on every backend."""

from __future__ import annotations

import math

import numpy as np
import pytest
from ember_ml import ops
from ember_ml.nn import tensor
from ember_ml.nn.modules import Parameter


def dtype(x):
    return tensor.to_numpy(x).dtype.name


def values(x):
    return tensor.to_numpy(x).tolist()


@pytest.mark.parametrize(
    ("data", "name", "shape"),
    [
        (1, "int32", ()),
        (1.5, "float32", ()),
        (True, "bool", ()),
        ([1, 2], "int32", (2,)),
        ([1, 2.5], "float32", (2,)),
        ([[True], [False]], "bool", (2, 1)),
        ([], "float32", (0,)),
        (2**40, "int64", ()),
        (range(3), "int32", (3,)),
        (np.float64(1), "float64", ()),
        (np.ones(2, np.int8), "int8", (2,)),
        (np.ones(2, np.uint16), "int32", (2,)),
        ([np.float32(1), 2.0], "float32", (2,)),
        ([np.int64(1), 2.5], "float32", (2,)),
        ([np.ones(2, np.float64), np.ones(2, np.float32)], "float64", (2, 2)),
        (Parameter([1.0]), "float32", (1,)),
        ([Parameter([1.0])], "float32", (1, 1)),
    ],
)
def test_conversion(any_backend, data, name, shape):
    result = tensor.convert_to_tensor(data)
    assert (dtype(result), tensor.shape(result)) == (name, shape)
    assert type(tensor.shape(result)) is tuple


def test_conversion_of_lists_of_native_arrays(any_backend):
    row = tensor.convert_to_tensor([1.0])
    batch = tensor.convert_to_tensor([row], dtype=tensor.float32)
    assert tensor.shape(batch) == (1, 1)
    assert tensor.shape(tensor.convert_to_tensor([row, row])) == (2, 1)
    assert tensor.shape(tensor.convert_to_tensor([[row, row]], dtype="float32")) == (1, 2, 1)
    assert tensor.convert_to_tensor(row, dtype=tensor.float32) is row
    assert tensor.convert_to_tensor(row) is row
    assert f"{row[0]:.2f}" == "1.00"
    total = 0
    total += ops.abs(row[0])
    assert f"{total:.2f}" == "1.00"


@pytest.mark.parametrize("data", ["text", {"a": 1}, None, object(), 1j, np.array(["a"]), np.array([None])])
def test_conversion_refuses(any_backend, data):
    with pytest.raises(TypeError):
        tensor.convert_to_tensor(data)


@pytest.mark.parametrize("data", [[[1, 2], [3]], [np.ones(2), np.ones(3)]])
def test_conversion_refuses_ragged(any_backend, data):
    with pytest.raises(ValueError):
        tensor.convert_to_tensor(data)
    with pytest.raises(ValueError):
        tensor.convert_to_tensor(data, dtype="float32")


def test_dtypes(any_backend):
    for one in (tensor.float32, "float32", np.float32, np.dtype("float32"), tensor.ones(()).dtype):
        assert dtype(tensor.zeros((2,), dtype=one)) == "float32"
    for name in ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool_"):
        made = getattr(tensor, name)
        x = tensor.ones((1,), dtype=made)
        assert made == x.dtype
        assert dtype(x) == str(made)
    assert tensor.float32 != tensor.float64
    assert repr(tensor.float32) == "ember_ml.float32"
    assert np.zeros(1, tensor.int8).dtype == np.int8
    with pytest.raises(ValueError, match=r"complex64.*float32"):
        tensor.zeros((1,), dtype="complex64")


def test_python_scalars_are_weak(any_backend):
    x = tensor.ones((2,), dtype="float16")
    assert dtype(ops.add(x, 2.0)) == "float16"
    assert dtype(ops.multiply(2, x)) == "float16"
    whole = tensor.ones((2,), dtype="int8")
    assert dtype(ops.add(whole, 1)) == "int8"
    assert dtype(ops.add(whole, 1.5)) == "float32"
    assert dtype(ops.add(1, 2)) == "int32"
    assert dtype(ops.add(1, 2.0)) == "float32"
    assert dtype(ops.add(tensor.convert_to_tensor([1]), tensor.ones((1,)))) == "float32"
    assert dtype(ops.maximum(x, 2.0)) == "float16"
    assert dtype(ops.where(True, x, 0.0)) == "float16"


def test_real_functions_of_integers_give_float32(any_backend):
    x = tensor.convert_to_tensor([1, 2])
    for function in (ops.exp, ops.sqrt, ops.sin, ops.tanh, ops.sigmoid, ops.mean, ops.std, ops.median):
        assert dtype(function(x)) == "float32", function.__name__
    assert dtype(ops.divide(x, x)) == "float32"
    assert dtype(ops.softmax(x)) == "float32"
    assert dtype(ops.linearalg.norm(x)) == "float32"


def test_sums_of_integers(any_backend):
    assert dtype(ops.sum(tensor.ones((3,), dtype="int64"))) == "int64"
    assert dtype(ops.sum(tensor.ones((3,), dtype="uint8"))) == "int32"
    assert values(ops.sum(tensor.full((300,), 100, dtype="uint8"))) == 30000
    assert values(ops.sum(tensor.ones((3,), dtype="bool"))) == 3
    assert dtype(ops.argmax(tensor.ones((3,)))) == "int32"


def test_signs_and_halves(any_backend):
    x = tensor.convert_to_tensor([-7, 7, -7, 7])
    y = tensor.convert_to_tensor([3, 3, -3, -3])
    assert values(ops.mod(x, y)) == [2, 1, -1, -2]
    assert values(ops.floor_divide(x, y)) == [-3, 2, 2, -3]
    half = tensor.convert_to_tensor([-7.5, 7.5])
    assert values(ops.mod(half, 2)) == [0.5, 1.5]
    assert values(ops.floor_divide(half, 2)) == [-4, 3]
    assert values(ops.round(tensor.convert_to_tensor([0.5, 1.5, 2.5, -0.5]))) == [0, 2, 2, 0]
    np.testing.assert_allclose(
        values(ops.round(tensor.convert_to_tensor([1.234, -5.678]), 1)), [1.2, -5.7], rtol=1e-6
    )
    assert values(ops.sign(tensor.convert_to_tensor([-2.0, 0.0, 3.0]))) == [-1, 0, 1]


def test_not_a_number_is_passed_on(any_backend):
    x = tensor.convert_to_tensor([1.0, math.nan, 3.0])
    for function in (ops.max, ops.min, ops.sum, ops.mean):
        assert math.isnan(ops.item(function(x))), function.__name__
    assert [math.isnan(v) for v in values(ops.maximum(x, 2.0))] == [False, True, False]
    for function in (ops.relu, ops.tanh, ops.sigmoid, ops.elu, ops.gelu, ops.softplus, ops.leaky_relu):
        assert math.isnan(values(function(x))[1]), function.__name__
    assert values(ops.isnan(x)) == [False, True, False]
    assert values(ops.isfinite(tensor.convert_to_tensor([1.0, math.inf, math.nan]))) == [True, False, False]


def test_nothing(any_backend):
    empty = tensor.zeros((0, 3))
    assert values(ops.sum(empty)) == 0
    assert values(ops.prod(empty)) == 1
    assert values(ops.all(empty)) is True
    assert values(ops.any(empty)) is False
    assert math.isnan(ops.item(ops.mean(empty)))
    assert values(ops.sum(empty, axis=0)) == [0, 0, 0]
    for function in (ops.max, ops.min, ops.argmax, ops.argmin, ops.median):
        with pytest.raises(ValueError):
            function(empty, axis=0)
        with pytest.raises(ValueError):
            function(empty)


def test_ties(any_backend):
    x = tensor.convert_to_tensor([2.0, 5.0, 5.0, 2.0])
    assert values(ops.argmax(x)) == 1
    assert values(ops.argmin(x)) == 0
    assert values(ops.argsort(x)) == [0, 3, 1, 2]
    assert values(ops.argsort(x, descending=True)) == [1, 2, 0, 3]


def test_close(any_backend):
    x = tensor.convert_to_tensor([1.0, math.inf, math.nan, 1.0])
    y = tensor.convert_to_tensor([1.0 + 1e-6, math.inf, math.nan, 1.1])
    assert values(ops.isclose(x, y)) == [True, True, False, False]
    assert values(ops.isclose(x, y, equal_nan=True)) == [True, True, True, False]
    assert ops.allclose(x, x) is False
    assert ops.allclose(x, x, equal_nan=True) is True
    assert values(ops.isclose(tensor.convert_to_tensor([1.0]), math.inf)) == [False]


def test_indices(any_backend):
    x = tensor.convert_to_tensor([[1.0, 2.0], [3.0, 4.0]])
    assert values(ops.take(x, [1, -2], axis=1)) == [[2, 1], [4, 3]]
    assert values(ops.gather(x, [1])) == [[3, 4]]
    assert values(ops.one_hot([0, 2, 5], 3)) == [[1, 0, 0], [0, 0, 1], [0, 0, 0]]
    rows, columns = ops.nonzero(tensor.convert_to_tensor([[0, 1], [2, 0]]))
    assert (values(rows), values(columns)) == ([0, 1], [1, 0])
    assert values(ops.scatter(tensor.convert_to_tensor([1.0, 2.0, 3.0]), [2, 0, 2])) == [2, 0, 4]
    assert values(ops.scatter(tensor.convert_to_tensor([1, 2, 3]), [2, 0, 2], 4, aggr="max")) == [2, 0, 3, 0]
    assert dtype(ops.scatter(tensor.convert_to_tensor([1, 2]), [0, 0], aggr="mean")) == "float32"
    changed = ops.slice_update(x, (slice(None), 0), 9.0)
    assert values(changed) == [[9, 2], [9, 4]]
    assert values(x) == [[1, 2], [3, 4]]


def test_bad_arguments(any_backend):
    x = tensor.ones((2, 3))
    for call in (
        lambda: tensor.zeros((2, -1)),
        lambda: tensor.reshape(x, (4,)),
        lambda: tensor.split(x, 2, axis=1),
        lambda: tensor.squeeze(x, 0),
        lambda: tensor.stack([]),
        lambda: tensor.concatenate([]),
        lambda: tensor.concatenate([x, tensor.ones((2, 2))]),
        lambda: tensor.pad(x, [(1, 1)]),
        lambda: tensor.scatter(x, [0, 1], aggr="median"),
        lambda: tensor.scatter(x, [0, 1, 2]),
        lambda: tensor.arange(0, 3, 0),
        lambda: tensor.linspace(0, 1, -1),
        lambda: tensor.meshgrid([1], indexing="ab"),
        lambda: tensor.meshgrid([[1]]),
        lambda: ops.percentile(x, 101),
        lambda: ops.item(x),
        lambda: ops.linearalg.inv(tensor.zeros((2, 2))),
        lambda: ops.linearalg.cholesky(tensor.convert_to_tensor([[0.0, 1.0], [1.0, 0.0]])),
    ):
        with pytest.raises(ValueError):
            call()
    with pytest.raises(IndexError):
        tensor.scatter(x, [0, 5], dim_size=2)
    for make in (tensor.ones, tensor.eye, tensor.arange, tensor.random_normal, tensor.convert_to_tensor):
        for device in ("nowhere", "cuda:99"):
            with pytest.raises(ValueError, match=f"device='{device}'"):
                make(2, device=device)


def test_softmax_of_one_number(any_backend):
    assert tensor.to_numpy(ops.softmax(2.0)) == 1.0


def test_pi():
    assert ops.pi == math.pi
