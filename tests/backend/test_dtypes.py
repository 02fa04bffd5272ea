"""What stands for a dtype."""

import numpy as np
import pytest
from ember_ml import ops
from ember_ml.backend.dtypes import name_of


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (float, "float32"),
        (int, "int32"),
        (bool, "bool"),
        ("numpy.float64", "float64"),
        (np.float16, "float16"),
        (np.bool_, "bool"),
        (np.dtype("int64"), "int64"),
        (object(), ""),
        ("no dtype", "no dtype"),
    ],
)
def test_names(given, name):
    assert name_of(given) == name


def test_pythons_numbers_are_taken_where_a_dtype_is():
    ones = ops.cast(np.ones(3), int)
    assert ones.dtype == np.int32 and ops.cast(ones, float).dtype == np.float32
    with pytest.raises(ValueError, match="dtype"):
        ops.cast(ones, object())
