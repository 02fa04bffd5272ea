"""Observations, rewards and flags of any array type and API, in and out of an adapter."""

from __future__ import annotations

import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from ember_ml import envs
from ember_ml.envs.adapters import Adapter
from ember_ml.envs.arrays import EnvMistake, to_numpy, to_scalar, to_vector


class ArrayLike:
    """What jax's arrays look like to numpy."""

    def __init__(self, values):
        self.values = np.asarray(values, np.float32)

    def __array__(self, dtype=None, copy=None):
        return self.values if dtype is None else self.values.astype(dtype)


class OnDevice:
    """What cupy's arrays do: refuse numpy, and give a copy when asked."""

    __cuda_array_interface__ = None

    def __init__(self, values):
        self.values = np.asarray(values, np.float32)

    def __array__(self, dtype=None, copy=None):
        raise TypeError("implicit conversion to numpy is not allowed")

    def get(self):
        return self.values


def torch_with(**arguments):
    def convert(values):
        torch = pytest.importorskip("torch")
        dtype = getattr(torch, arguments.get("dtype", "float32"))
        return torch.tensor(values, dtype=dtype).requires_grad_(arguments.get("grad", False)) * 1

    return convert


def mlx_with(dtype):
    def convert(values):
        mx = pytest.importorskip("mlx.core")
        return mx.array(values, getattr(mx, dtype))

    return convert


KINDS = {
    "list": lambda v: v,
    "tuple": lambda v: tuple(v) if isinstance(v, list) else v,
    "numpy": np.array,
    "array like": ArrayLike,
    "on a device": OnDevice,
    "torch": torch_with(),
    "torch gradient": torch_with(grad=True),
    "torch bfloat16": torch_with(dtype="bfloat16", grad=True),
    "torch float16": torch_with(dtype="float16"),
    "mlx": mlx_with("float32"),
    "mlx bfloat16": mlx_with("bfloat16"),
    "list of torch": lambda v: [torch_with(grad=True)(x) for x in v] if isinstance(v, list) else v,
    "list of mlx": lambda v: [mlx_with("float32")(x) for x in v] if isinstance(v, list) else v,
    "nested": lambda v: [[torch_with(grad=True)(x)] for x in v] if isinstance(v, list) else v,
    "decimals": lambda v: [Decimal(x) for x in v] if isinstance(v, list) else Fraction(v),
}


@pytest.mark.parametrize("info", [True, False])
@pytest.mark.parametrize("values", [4, 5])
@pytest.mark.parametrize("kind", KINDS)
def test_arrays_of_any_library_through_an_adapter(kind, values, info):
    convert = KINDS[kind]

    class Env:
        def reset(self):
            return (convert([0.5, 2.0]), {}) if info else convert([0.5, 2.0])

        def step(self, action):
            flags = (convert(0.0), convert(1.0))[: values - 3]
            return (convert([1.0, -2.0]), convert(0.25), *flags, {})

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        adapter = envs.make(Env).factory()
        first = adapter.reset(0)
        observation, reward, terminated, truncated = adapter.step(np.zeros(1, np.float32))
    assert first.dtype == observation.dtype == np.float32
    assert first.tolist() == [0.5, 2.0] and observation.tolist() == [1.0, -2.0]
    assert (reward, terminated, truncated) == (0.25, False, values == 5)
    assert type(reward) is float and type(terminated) is type(truncated) is bool


def test_an_observation_is_a_copy():
    held = np.zeros(3, np.float32)
    for value in (held, held.reshape(1, 3), held[::1]):
        vector = to_vector(value)
        vector += 1
    assert (held == 0).all()


@pytest.mark.parametrize(
    "wrong",
    ["3", b"3", None, ["3"], [None], {"a": 1}, [1, [2, 3]], 1 + 2j, np.datetime64("2020-01-01"), object()],
)
def test_what_is_no_number_is_refused_and_not_converted(wrong):
    with pytest.raises(EnvMistake, match=r"the observation is .*not an array of numbers"):
        to_vector(wrong)
    with pytest.raises(EnvMistake, match=r"the reward is .*not one number"):
        to_scalar(wrong, "reward")


@pytest.mark.parametrize(
    "one", [1, True, 1.0, np.float32(1), np.array(1), np.array([[1]]), [1], Fraction(1), Decimal(1), np.True_]
)
def test_one_number_in_any_dress(one):
    number = to_scalar(one, "reward")
    assert number == 1.0 and type(number) is float


class Huge:
    def __init__(self, observation=0.0, reward=0.0):
        self.observation, self.reward = observation, reward

    def reset(self):
        return np.zeros(1)

    def step(self, action):
        return np.array([self.observation]), self.reward, True, {}


def test_numbers_beyond_float32_pass_as_rewards_and_are_named_as_observations():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Adapter(Huge(reward=1e300)).step(0)[1] == 1e300
        assert Adapter(Huge(reward=np.float64(-1e300))).step(0)[1] == -1e300
        with pytest.raises(EnvMistake, match=r"observation that holds 1e\+300, which is beyond float32"):
            Adapter(Huge(1e300)).step(0)
        with pytest.raises(EnvMistake, match="holds infinity"):
            Adapter(Huge(np.inf)).step(0)
        with pytest.raises(EnvMistake, match="holds NaN"):
            Adapter(Huge(np.nan)).step(0)
        with pytest.raises(EnvMistake, match="reward that is NaN"):
            Adapter(Huge(reward=np.nan)).step(0)


def test_to_numpy_leaves_numpy_alone():
    array = np.zeros(3)
    assert to_numpy(array) is array


@pytest.mark.parametrize("cut", [True, np.False_, np.True_])
def test_four_values_that_end_in_a_flag_are_gymnasiums_without_the_info(cut):
    class Env(Huge):
        def step(self, action):
            return np.zeros(1), 0.0, False, cut

    assert Adapter(Env()).step(0)[2:] == (False, bool(cut))
