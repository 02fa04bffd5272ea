"""math.h and simd.h: the stated errors and ranges, special values, and the same bits on every SIMD level."""

import math
from fractions import Fraction

import numpy as np
import pytest
from ember_ml import _core

LEVELS = _core.simd_levels()
INFINITY = np.float32(np.inf)


def _erf(x):
    return np.array([math.erf(v) for v in x])


def _gelu(x):
    return np.array([0.5 * v * math.erfc(-v / math.sqrt(2)) for v in x])


def _sigmoid(x):
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, 1.0) / (1.0 + e)


def _softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


# name: float64 function, maximum error in ULP (math.h states it), range of |x|
FUNCTIONS = {
    "exp": (np.exp, 1.0, np.inf),
    "expm1": (np.expm1, 1.5, np.inf),
    "log": (np.log, 1.0, np.inf),
    "log1p": (np.log1p, 2.0, np.inf),
    "relu": (lambda x: np.maximum(x, 0), 0.0, np.inf),
    "tanh": (np.tanh, 5.5, np.inf),
    "erf": (_erf, 6.0, np.inf),
    "sigmoid": (_sigmoid, 2.5, np.inf),
    "softplus": (_softplus, 2.5, np.inf),
    "elu": (lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))), 1.5, np.inf),
    "sin": (np.sin, 1.6, 2.0**18),
    "cos": (np.cos, 1.6, 2.0**18),
    "sqrt": (np.sqrt, 0.5, np.inf),
    "abs": (np.abs, 0.0, np.inf),
    "floor": (np.floor, 0.0, np.inf),
}


def samples(stride=20011):
    """Every stride-th bit pattern (all exponents, NaN, subnormals), usual ranges densely, special ones."""
    patterns = np.arange(0, 2**32, stride, dtype=np.uint64).astype(np.uint32).view(np.float32)
    special = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 1e-45, -1e-45, 88.72284, -87.4, -103.98]
    grids = [np.linspace(-r, r, 40001) for r in (0.01, 1.2, 12.0, 110.0)]
    return np.concatenate([patterns, np.concatenate([*grids, special]).astype(np.float32)])


def same_bits(a, b):
    return np.all((a.view(np.uint32) == b.view(np.uint32)) | (np.isnan(a) & np.isnan(b)))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_stated_error_and_special_values(name):
    function, most, reach = FUNCTIONS[name]
    x = samples()
    x = x[np.isnan(x) | (np.abs(x) <= reach)]
    with np.errstate(all="ignore"):
        exact = function(x.astype(np.float64))
        rounded = exact.astype(np.float32)
    finite = np.isfinite(rounded)
    ulp = np.spacing(np.maximum(np.abs(rounded[finite]), np.float32(2.0**-126))).astype(np.float64)
    for level in LEVELS:
        y = _core.math_apply(name, x, level)
        assert np.isfinite(y[finite]).all()
        assert (np.abs(y[finite].astype(np.float64) - exact[finite]) / ulp).max() <= most
        assert same_bits(y[~finite], rounded[~finite])


@pytest.mark.parametrize("level", LEVELS)
def test_gelu_is_exact_to_its_absolute_error(level):
    x = samples(200003)
    x = x[np.isfinite(x)]
    wide = x.astype(np.float64)
    error = np.abs(_core.math_apply("gelu", x, level) - _gelu(wide)) / np.maximum(1.0, np.abs(wide))
    assert error.max() <= 2.5e-7
    special = _core.math_apply("gelu", np.array([np.inf, -np.inf, np.nan], np.float32), level)
    assert special[0] == np.inf and np.isnan(special[2])
    assert special[1] == 0.0


@pytest.mark.parametrize("name", _core.testing.math_names())
def test_every_level_gives_the_same_bits(name):
    x = samples()
    results = [_core.math_apply(name, x, level) for level in LEVELS]
    for other in results[1:]:
        assert same_bits(results[0], other)


@pytest.mark.parametrize("level", LEVELS)
def test_bounds_signs_and_ranges(level):
    x = samples()
    for name in ("tanh", "erf", "sin", "cos"):
        y = _core.math_apply(name, x, level)
        assert np.nanmax(np.abs(y)) <= 1.0
    zeros = np.array([0.0, -0.0], np.float32)
    for name in ("tanh", "erf", "sin", "expm1", "log1p", "elu", "sqrt", "floor"):
        assert same_bits(_core.math_apply(name, zeros, level), zeros), name
    for name in ("sin", "cos"):
        assert np.isnan(_core.math_apply(name, np.array([3e5, -3e5, np.inf], np.float32), level)).all()
    for name in _core.testing.math_names():
        assert np.isnan(_core.math_apply(name, np.array([np.nan] * 9, np.float32), level)).all()
    odd = np.abs(x[np.isfinite(x)])
    for name in ("tanh", "erf", "sin"):
        assert same_bits(_core.math_apply(name, -odd, level), -_core.math_apply(name, odd, level))


def test_shapes_and_bad_input():
    assert _core.math_apply("tanh", np.zeros((3, 0, 2), np.float32)).shape == (3, 0, 2)
    for size in range(1, 20):
        x = np.linspace(-1, 1, size, dtype=np.float32)
        assert same_bits(_core.math_apply("exp", x), _core.math_apply("exp", np.tile(x, 3))[:size])
    with pytest.raises(ValueError, match="'sinus'"):
        _core.math_apply("sinus", np.zeros(3, np.float32))
    with pytest.raises(TypeError):
        _core.math_apply("sin", "abc")


NASTY = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    np.inf,
    -np.inf,
    np.nan,
    1e-45,
    -1e-45,
    1.1754944e-38,
    1.1754942e-38,
    3.4028235e38,
]
NASTY += [-3.4028235e38, 16777216.0, 16777215.0, 1.0000001, 0.99999994, 5.9604645e-08]


def fma_cases(count, seed):
    """Random bit patterns, cancelling and tying sums, and every triple of nasty values."""
    rng = np.random.default_rng(seed)
    a, b, c = rng.integers(0, 2**32, (3, count), dtype=np.uint64).astype(np.uint32).view(np.float32)
    near = rng.integers(0, 2**23, (2, count)).astype(np.uint32)
    half = count // 2
    for x, bits in zip((a, b), near):  # middling exponents, some with short significands, so that ties happen
        exponent = rng.integers(110, 140, half).astype(np.uint32)
        mask = np.where(rng.random(half) < 0.5, 0xFFFFF000, 0xFFFFFFFF).astype(np.uint32)
        x[:half] = ((bits[:half] | exponent << np.uint32(23)) & mask).view(np.float32)
    with np.errstate(all="ignore"):
        factor = rng.choice(np.float32([1, 1, 2**24, 2**-24, 2**23, 0.5]), half)
        c[:half] = -(a[:half].astype(np.float64) * b[:half]).astype(np.float32) * factor
    grid = np.array(np.meshgrid(NASTY, NASTY, NASTY), np.float32).reshape(3, -1)
    return [np.concatenate([x, g]) for x, g in zip((a, b, c), grid)]


@pytest.mark.parametrize("level", LEVELS)
def test_fma_rounds_once(level):
    # Exact rational arithmetic judges a small sample; the levels judge each other on a large one.
    a, b, c = fma_cases(3000, seed=1)
    y = _core.testing.math_fma(a, b, c, level)
    for i in np.flatnonzero(np.isfinite(a) & np.isfinite(b) & np.isfinite(c)):
        exact = Fraction(float(a[i])) * Fraction(float(b[i])) + Fraction(float(c[i]))
        got = y[i]
        if not np.isfinite(got):
            assert abs(exact) >= Fraction(float(np.finfo(np.float32).max))
            continue
        below, above = (
            Fraction(float(np.nextafter(got, np.float32(s * INFINITY)))) if abs(got) < 3.4e38 else None
            for s in (-1, 1)
        )
        error = abs(Fraction(float(got)) - exact)
        for other in (below, above):
            if other is not None:
                assert error < abs(other - exact) or (
                    error == abs(other - exact) and got.view(np.uint32) % 2 == 0
                )
        if exact == 0 and c[i] != 0:
            assert not np.signbit(got)


@pytest.mark.skipif(len(LEVELS) < 2, reason="this machine has one SIMD level")
def test_exact_fma_of_base_is_the_instruction():
    a, b, c = fma_cases(2_000_000, seed=2)
    results = [_core.testing.math_fma(a, b, c, level) for level in LEVELS]
    for other in results[1:]:
        assert same_bits(results[0], other)


@pytest.mark.parametrize("level", LEVELS)
def test_lanes_choose_as_stated(level):
    a, b = np.meshgrid(np.float32(NASTY), np.float32(NASTY))
    a, b = a.ravel(), b.ravel()
    # a < b ? a : b, so that the second is the answer for NaN and for two zeros
    assert same_bits(_core.testing.math_binary("min", a, b, level), np.where(a < b, a, b))
    assert same_bits(_core.testing.math_binary("max", a, b, level), np.where(a > b, a, b))
    signs = _core.testing.math_binary("copysign", a, b, level)
    known = ~np.isnan(a)
    assert same_bits(signs[known], np.copysign(a, b)[known])
    with np.errstate(all="ignore"):
        sums = np.where(a < b, (a.astype(np.float64) + b).astype(np.float32), np.float32(0))
    assert same_bits(_core.testing.math_binary("smaller_sum", a, b, level), sums)
