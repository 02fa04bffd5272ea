"""What a backend's table holds: the names of its functions. Each table defines every one with the same
signature.
"""

from __future__ import annotations

from ember_ml.backend.activations import PLAIN

ELEMENTWISE = [
    "abs",
    "add",
    "ceil",
    "clip",
    "cos",
    "cosh",
    "divide",
    "exp",
    "floor",
    "floor_divide",
    "log",
    "log10",
    "log1p",
    "log2",
    "maximum",
    "minimum",
    "mod",
    "multiply",
    "negative",
    "power",
    "round",
    "sign",
    "sin",
    "sinh",
    "sqrt",
    "square",
    "subtract",
    "tan",
    "tanh",
]
ACTIVATIONS = ["elu", "leaky_relu", "relu", "softmax", *PLAIN]
REDUCTIONS = [
    "all",
    "any",
    "argmax",
    "argmin",
    "argsort",
    "cumsum",
    "max",
    "mean",
    "min",
    "prod",
    "sort",
    "std",
    "sum",
    "var",
]
COMPARISONS = [
    "equal",
    "greater",
    "greater_equal",
    "isfinite",
    "isnan",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "not_equal",
    "where",
]
CREATION = ["arange", "convert_to_tensor", "eye", "full", "linspace", "zeros_like"]
SHAPE = [
    "broadcast_to",
    "cast",
    "concatenate",
    "copy",
    "expand_dims",
    "nonzero",
    "pad",
    "reshape",
    "scatter",
    "shape",
    "slice_update",
    "split",
    "squeeze",
    "stack",
    "take",
    "tile",
    "transpose",
]
PRODUCTS = ["cell", "dense", "dot", "einsum", "matmul"]
LINEAR_ALGEBRA = ["cholesky", "det", "eigh", "inv", "lstsq", "norm", "qr", "solve", "svd"]
HOST = ["dtype_name", "is_native", "item", "to_device", "to_numpy"]

NAMES = tuple(
    ELEMENTWISE + ACTIVATIONS + REDUCTIONS + COMPARISONS + CREATION + SHAPE + PRODUCTS + LINEAR_ALGEBRA + HOST
)
