"""What the test of parity calls: arguments that hypothesis draws for a function of tier 2, and fixed ones."""

from __future__ import annotations

import numpy as np
from ember_ml.backend.activations import ACTIVATIONS
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

FLOATS = ("float32", "float64")
REALS = (*FLOATS, "int32", "int64", "uint8", "int8")
ALL = (*REALS, "bool")


def elements(dtype, low=-8, high=8):
    if dtype == "bool":
        return st.booleans()
    if dtype.startswith("float"):
        # Away from zero, or zero: ties and poles are tested by hand.
        return st.one_of(
            st.just(0.0),
            st.floats(max(low, 0.25), high, width=32),
            st.floats(low, min(high, -0.25), width=32) if low < 0 else st.nothing(),
        )
    return st.integers(max(low, 0) if dtype == "uint8" else low, high)


@st.composite
def arrays(draw, dtypes=REALS, min_dims=0, max_dims=3, min_side=0, low=-8, high=8, shape=None):
    dtype = draw(st.sampled_from(dtypes))
    shape = draw(
        hnp.array_shapes(min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=4)
        if shape is None
        else st.just(shape)
    )
    return draw(hnp.arrays(dtype, shape, elements=elements(dtype, low, high)))


@st.composite
def unary(draw, **options):
    return (draw(arrays(**options)),), {}


@st.composite
def binary(draw, low=-8, dtypes=REALS, scalars=True, min_second=None):
    shapes = draw(
        hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, min_side=0, max_side=4)
    ).input_shapes
    x = draw(arrays(dtypes, shape=shapes[0], low=low))
    second = low if min_second is None else min_second
    kind = draw(st.sampled_from(["array", "array", "float", "int"] if scalars else ["array"]))
    if kind == "array":
        y = draw(arrays(dtypes, shape=shapes[1], low=second))
    else:
        y = draw(elements("float32" if kind == "float" else "int32", max(second, 0), 8))
    return (x, y), {}


def axes_of(draw, x, many=True):
    options = [st.none()] if x.ndim == 0 else [st.none(), st.integers(-x.ndim, x.ndim - 1)]
    if many and x.ndim > 1:
        options.append(st.permutations(range(x.ndim)).map(lambda order: tuple(i - x.ndim for i in order[:2])))
    return draw(st.one_of(options))


@st.composite
def reduction(draw, dtypes=ALL, many=True, min_side=0, keepdims=True):
    x = draw(arrays(dtypes, min_side=min_side))
    options = {"axis": axes_of(draw, x, many)}
    if keepdims:
        options["keepdims"] = draw(st.booleans())
    return (x,), options


@st.composite
def sorting(draw):
    x = draw(arrays(REALS, min_dims=1))
    return (x,), {"axis": draw(st.integers(-x.ndim, x.ndim - 1)), "descending": draw(st.booleans())}


@st.composite
def where_case(draw):
    shapes = draw(
        hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, min_side=0, max_side=4)
    ).input_shapes
    return tuple(
        draw(arrays(dtypes, shape=shape)) for dtypes, shape in zip((("bool",), ALL, ALL), shapes)
    ), {}


@st.composite
def clip_case(draw):
    (x,), _ = draw(unary())
    low, high = sorted(draw(st.tuples(st.integers(-4, 4), st.integers(-4, 4))))
    scale = draw(st.sampled_from([1, 0.5]))
    return (x, draw(st.sampled_from([None, low * scale])), draw(st.sampled_from([None, high * scale]))), {}


@st.composite
def matmul_case(draw):
    n, k, m = draw(st.tuples(*[st.integers(0, 4)] * 3))
    left = draw(st.sampled_from([(k,), (n, k), (2, n, k)]))
    right = draw(st.sampled_from([(k,), (k, m), (2, k, m)]))
    return (
        draw(arrays(("float32", "int32"), shape=left)),
        draw(arrays(("float32", "int32"), shape=right)),
    ), {}


@st.composite
def dot_case(draw):
    k = draw(st.integers(1, 4))
    left = draw(st.sampled_from([(), (k,), (3, k), (2, 3, k)]))
    right = draw(st.sampled_from([(), (k,), (k, 2), (2, k, 3)]))
    return (
        draw(arrays(("float32", "int32"), shape=left)),
        draw(arrays(("float32", "int32"), shape=right)),
    ), {}


@st.composite
def joined(draw, new_axis):
    x = draw(arrays(ALL, min_dims=0 if new_axis else 1))
    y = draw(arrays(ALL, shape=x.shape))
    n = x.ndim + new_axis
    return ([x, y],), {"axis": draw(st.integers(-n, n - 1))}


@st.composite
def with_axis(draw, new=False, **options):
    (x,), _ = draw(unary(min_dims=0 if new else 1, **options))
    n = x.ndim + new
    return (x, draw(st.integers(-n, n - 1))), {}


@st.composite
def reshape_case(draw):
    (x,), _ = draw(unary(dtypes=ALL))
    shapes = [(x.size,), (1, x.size), x.shape[::-1]] + ([(-1, 1), -1] if x.size else [])
    return (x, draw(st.sampled_from(shapes))), {}


@st.composite
def transpose_case(draw):
    (x,), _ = draw(unary(dtypes=ALL))
    return (x, draw(st.one_of(st.none(), st.permutations(range(x.ndim)).map(tuple)))), {}


@st.composite
def take_case(draw):
    x = draw(arrays(ALL, min_dims=1, min_side=1))
    axis = draw(st.one_of(st.none(), st.integers(-x.ndim, x.ndim - 1)))
    n = x.size if axis is None else x.shape[axis]
    shape = draw(st.sampled_from([(), (2,), (2, 3), (0,)]))
    return (x, draw(hnp.arrays("int32", shape, elements=st.integers(-n, n - 1)))), {"axis": axis}


@st.composite
def scatter_case(draw):
    x = draw(arrays(("float32", "int32"), min_dims=1))
    axis = draw(st.integers(-x.ndim, x.ndim - 1))
    places = draw(hnp.arrays("int32", x.shape[axis], elements=st.integers(0, 3)))
    return (x, places), {
        "dim_size": 4,
        "axis": axis,
        "aggr": draw(st.sampled_from(["add", "mean", "max", "min"])),
    }


@st.composite
def split_case(draw):
    x = draw(arrays(ALL, min_dims=1))
    axis = draw(st.integers(-x.ndim, x.ndim - 1))
    n = x.shape[axis]
    parts = draw(st.sampled_from([1, [1], [1, 2]] + ([2] if n % 2 == 0 and n else [])))
    return (x, parts), {"axis": axis}


@st.composite
def pad_case(draw):
    x = draw(arrays(REALS, max_dims=2))
    pairs = [(draw(st.integers(0, 2)), draw(st.integers(0, 2))) for _ in range(x.ndim)]
    return (x, draw(st.sampled_from([1, (0, 2), pairs]) if x.ndim != 2 else st.sampled_from([1, pairs]))), {
        "constant_values": draw(st.integers(0, 3))
    }


@st.composite
def squeeze_case(draw):
    x = draw(arrays(REALS))
    x = np.expand_dims(x, draw(st.integers(0, x.ndim)))
    ones = [i for i, n in enumerate(x.shape) if n == 1]
    return (x,), {"axis": draw(st.sampled_from([None, ones[0], ones[0] - x.ndim]))}


@st.composite
def percentile_case(draw, q=True):
    x = draw(arrays(("float32", "int32"), min_side=1))
    q = (draw(st.sampled_from([0, 12.5, 50, 100, [25, 75]])),) if q else ()
    return (x, *q), {"axis": axes_of(draw, x, many=False), "keepdims": draw(st.booleans())}


@st.composite
def symmetric(draw, batch=True):
    n = draw(st.integers(1, 4))
    shape = draw(st.sampled_from([(n, n), (2, n, n)] if batch else [(n, n)]))
    x = draw(hnp.arrays("float32", shape, elements=st.floats(-1, 1, width=32)))
    return (x @ np.swapaxes(x, -1, -2) + np.eye(n, dtype=np.float32) * 2,), {}


@st.composite
def linear(draw, tall=False):
    (a,), _ = draw(symmetric(batch=not tall))
    n = a.shape[-1]
    shape = draw(st.sampled_from([(n,), (n, 2)] if a.ndim == 2 else [(2, n, 1), (2, n, 2)]))
    b = draw(hnp.arrays("float32", shape, elements=st.floats(-1, 1, width=32)))
    if tall:
        a, b = np.concatenate([a, a]), np.concatenate([b, b])
    return (a, b), {}


@st.composite
def norm_case(draw):
    x = draw(arrays(("float32", "int32"), min_dims=1, max_dims=2, min_side=1))
    return (x,), {"axis": draw(st.sampled_from([None, -1, 0])), "keepdims": draw(st.booleans())}


POSITIVE = {"low": 0.25}
CASES = {
    **{name: unary() for name in ["exp", "sin", "cos", "tanh", "abs", "sign", "floor", "ceil", "round"]},
    **{
        name: unary(dtypes=("float32", "float64", "int32", "int64", "int8"))
        for name in ("negative", "square")
    },
    "sqrt": unary(low=0),
    **{name: unary(low=1) for name in ("log", "log10", "log2", "log1p")},
    **{name: unary(low=-1, high=1) for name in ("tan", "sinh", "cosh")},
    **{name: unary() for name in [*ACTIVATIONS, "leaky_relu"] if name != "tanh"},
    "softmax": with_axis(min_side=1),
    **{name: binary() for name in ["add", "subtract", "multiply", "minimum", "maximum"]},
    **{
        name: binary(dtypes=("float32", "int32", "int64"), low=1)
        for name in ("divide", "floor_divide", "mod")
    },
    "power": binary(dtypes=("float32", "int32"), low=0, min_second=1),
    **{name: binary(dtypes=ALL) for name in ("equal", "not_equal", "less")},
    **{name: binary(dtypes=ALL) for name in ("less_equal", "greater", "greater_equal")},
    **{name: binary(dtypes=ALL, scalars=False) for name in ("logical_and", "logical_or", "logical_xor")},
    "isclose": binary(dtypes=("float32", "int32")),
    "allclose": binary(dtypes=("float32", "int32")),
    **{name: unary(dtypes=ALL) for name in ("logical_not", "isnan", "isfinite")},
    "clip": clip_case(),
    "where": where_case(),
    **{name: reduction() for name in ("sum", "mean", "var", "std", "all", "any")},
    "prod": reduction(dtypes=("float32", "int32", "bool")),
    **{name: reduction(min_side=1, dtypes=REALS) for name in ("max", "min")},
    **{name: reduction(min_side=1, dtypes=ALL, many=False) for name in ("argmax", "argmin")},
    "cumsum": reduction(many=False, keepdims=False),
    "sort": sorting(),
    "argsort": sorting(),
    "percentile": percentile_case(),
    "median": percentile_case(q=False),
    "dot": dot_case(),
    "matmul": matmul_case(),
    "zeros_like": unary(dtypes=ALL),
    "ones_like": unary(dtypes=ALL),
    "full_like": unary(dtypes=ALL).map(lambda case: ((*case[0], 3), {})),
    "copy": unary(dtypes=ALL),
    "cast": st.tuples(arrays(ALL), st.sampled_from(["float32", "int32", "int64", "float16", "bool"])).map(
        lambda pair: (pair, {})
    ),
    "shape": unary(dtypes=ALL),
    "reshape": reshape_case(),
    "transpose": transpose_case(),
    "concatenate": joined(False),
    "stack": joined(True),
    "vstack": joined(False).map(lambda case: (case[0], {})),
    "hstack": joined(False).map(lambda case: (case[0], {})),
    "split": split_case(),
    "expand_dims": with_axis(new=True),
    "squeeze": squeeze_case(),
    "tile": st.tuples(arrays(ALL), st.sampled_from([2, (2,), (1, 2), (2, 1, 3)])).map(
        lambda pair: (pair, {})
    ),
    "pad": pad_case(),
    "take": take_case(),
    "gather": take_case()
    .map(lambda case: (case[0], {"axis": case[1]["axis"] or 0}))
    .filter(lambda case: (np.abs(case[0][1] + 0.5) < case[0][0].shape[case[1]["axis"]]).all()),
    "scatter": scatter_case(),
    "nonzero": unary(dtypes=ALL, min_dims=1),
    "one_hot": unary(dtypes=("int32", "int64"), low=-1, high=5).map(lambda case: ((*case[0], 4), {})),
    "tolist": unary(dtypes=ALL),
    "linearalg.solve": linear(),
    "linearalg.lstsq": linear(tall=True),
    "linearalg.inv": symmetric(),
    "linearalg.det": symmetric(),
    "linearalg.cholesky": symmetric(),
    "linearalg.norm": norm_case(),
}

FIXED = {
    "zeros": [((3, 0),), ((2,),), (4,), ((),)],
    "ones": [((3, 2),), ((),)],
    "full": [((2, 2), 7), ((2,), 1.5), ((), True), ((3,), 2, "int64")],
    "eye": [(3,), (2, 4), (3, 2, "int32")],
    "arange": [(5,), (1, 4), (0, 1, 0.25), (5, 0, -2), (3.0,), (0,)],
    "linspace": [(0, 1, 5), (1, 0, 3, False), (0, 1, 0), (0, 1, 1)],
    "meshgrid": [([1, 2], [3.0, 4.0, 5.0]), ([1, 2],), ([1, 2], [3], [4, 5])],
    "einsum": [
        ("bi,io->bo", np.ones((2, 3), np.float32), np.arange(12, dtype=np.float32).reshape(3, 4)),
        ("ii->i", np.arange(9, dtype=np.float32).reshape(3, 3)),
        ("i,i->", np.arange(3), np.arange(3)),
    ],
    "item": [(np.float32(2.5),), (np.ones((1, 1), np.int32),), (True,)],
    "broadcast_to": [(np.ones((3, 1), np.float32), (2, 3, 4))],
    "slice_update": [
        (np.zeros((3, 3), np.float32), (slice(None), 1), 5),
        (np.zeros((3, 3), np.float32), 0, [1, 2, 3]),
        (np.zeros((4,), np.int32), (slice(1, 3),), np.array([7, 8])),
        (np.zeros((4,), np.float32), ([0, 2],), 1.0),
    ],
    "convert_to_tensor": [
        (1,),
        (1.5,),
        (True,),
        ([1, 2.5],),
        ([],),
        ([[1], [2]],),
        ([True, False],),
        (2**40,),
    ],
    "to_numpy": [(1.5,), ([1, 2],), (np.float64(2),)],
}
