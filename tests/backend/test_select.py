"""Switching backends: one place, whole process, survives imports made before."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import ember_ml
import numpy as np
import pytest
from ember_ml import backend, ops
from ember_ml.backend import primitives
from ember_ml.errors import MissingExtra, need
from ember_ml.nn import tensor
from ember_ml.nn.modules import Dense, Parameter
from ember_ml.ops import add

#: What an editable install of the build puts into every process.
BUILD = {name for name in sys.modules if name.startswith(("__editable__", "_ember_ml_editable"))}


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    import os

    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **environment}
    )


def test_unknown_name_lists_what_is_installed():
    with pytest.raises(ValueError, match=r"'jax'.*numpy"):
        ops.set_backend("jax")
    assert ops.get_backend() == "numpy"


def test_tables_are_complete(any_backend):
    table = backend.table(any_backend)
    assert [name for name in primitives.NAMES if not callable(getattr(table, name, None))] == []


def test_a_function_imported_before_a_switch_reaches_the_new_backend(any_backend):
    native = type(tensor.convert_to_tensor([1.0]))
    result = add(tensor.ones((2,)), tensor.ones((2,)))
    assert type(result) is native
    assert type(result).__module__.partition(".")[0] in (any_backend, "mlx")
    assert tensor.tolist(result) == [2.0, 2.0]


def test_using_backend_comes_back_also_after_an_error(any_backend):
    ops.set_backend("numpy")
    with backend.using_backend(any_backend):
        assert ops.get_backend() == any_backend
        with backend.using_backend("numpy"):
            assert isinstance(ops.add(1, 2), np.generic | np.ndarray)
        assert ops.get_backend() == any_backend
    with pytest.raises(KeyError), backend.using_backend(any_backend):
        raise KeyError
    assert ops.get_backend() == "numpy"


def test_a_network_goes_on_after_a_switch(any_backend):
    ops.set_backend("numpy")
    layer = Dense(3, 2, "tanh")
    x = np.array([[1.0, 2.0, 3.0]], np.float32)
    expected = layer(x)
    ops.set_backend(any_backend)
    result = layer(tensor.convert_to_tensor(x))
    assert type(result) is type(tensor.convert_to_tensor(x))
    np.testing.assert_allclose(tensor.to_numpy(result), expected, atol=1e-6)


@pytest.mark.parametrize(
    "value", [np.float32(-2), np.float64(-2), np.int32(-2), np.array(-2.0), np.array([-2, 3])]
)
def test_numpy_scalars_and_arrays_are_taken(any_backend, value):
    native = type(tensor.convert_to_tensor([1.0]))
    result = ops.abs(value)
    np.testing.assert_array_equal(tensor.to_numpy(result), np.abs(value))
    assert tensor.to_numpy(result).dtype == value.dtype
    if any_backend != "numpy":
        assert type(result) is native
    for x, y in ((tensor.ones((2,)), value), (value, tensor.ones((2,)))):
        np.testing.assert_array_equal(tensor.to_numpy(ops.multiply(x, y)), np.broadcast_to(value, 2))


def test_torch_and_mlx_do_not_mix(backend_or_skip):
    backend_or_skip("mlx")
    array = tensor.ones((2,))
    backend_or_skip("torch")
    other = tensor.ones((2,))
    for call in (lambda: ops.add(other, array), lambda: ops.add(array, other), lambda: ops.exp(array)):
        with pytest.raises(TypeError, match=r"mlx array cannot be mixed with torch's: .*convert_to_tensor"):
            call()
    assert tensor.tolist(ops.add(other, tensor.convert_to_tensor(array))) == [2.0, 2.0]
    ops.set_backend("mlx")
    with pytest.raises(TypeError, match="torch tensor cannot be mixed with mlx's"):
        ops.add(array, other)
    assert tensor.tolist(ops.add(array, tensor.convert_to_tensor(other))) == [2.0, 2.0]


@pytest.mark.parametrize("name", ["torch", "mlx"])
def test_a_missing_package_names_its_extra(name, monkeypatch):
    found = importlib.util.find_spec
    without = lambda package: None if package == name else found(package)  # noqa: E731
    monkeypatch.setattr(importlib.util, "find_spec", without)
    assert name not in backend.get_available_backends()
    with pytest.raises(MissingExtra, match=rf"{name} is not installed: pip install 'ember-ml\[{name}\]'"):
        ops.set_backend(name)
    assert ops.get_backend() == "numpy"


def test_a_blocked_import_is_a_missing_package():
    blocked = "import sys; sys.modules['torch'] = None\n"
    result = run(blocked + "from ember_ml import ops; ops.set_backend('torch')")
    assert "MissingExtra: torch is not installed: pip install 'ember-ml[torch]'" in result.stderr


def test_need_tells_a_missing_package_from_a_broken_one(tmp_path, monkeypatch):
    (tmp_path / "broken_package.py").write_text("import package_that_it_lacks\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="package_that_it_lacks"):
        need("broken_package", "plot")
    with pytest.raises(MissingExtra, match=r"absent_package is not installed: pip .*\[plot\]"):
        need("absent_package.inner", "plot")
    assert need("json", "plot").__name__ == "json"


def test_the_environment_names_the_default():
    code = "from ember_ml import ops; print(ops.get_backend()); print(ops.add(1, 2))"
    assert run(code, EMBER_BACKEND="").stdout.split() == ["numpy", "3"]
    wrong = run("from ember_ml.ops import add; print('imported'); add(1, 2)", EMBER_BACKEND="jax")
    assert wrong.stdout.split() == ["imported"]
    assert "ValueError: EMBER_BACKEND is 'jax', an unknown backend: installed here are numpy" in wrong.stderr


def test_the_environment_names_torch(backend_or_skip):
    backend_or_skip("torch")
    code = "from ember_ml.ops import add; print(type(add(1, 2)).__module__)"
    assert run(code, EMBER_BACKEND="torch").stdout.split() == ["torch"]


def test_import_brings_nothing_but_numpy():
    """Also everything of this layer, down to available backends, without importing one."""
    code = (
        "import sys; before = set(sys.modules)\n"
        "import ember_ml\n"
        "first = set(sys.modules) - before\n"
        "from ember_ml import ops, nn, tensor, training\n"
        "from ember_ml.nn import tensor as same; assert same is tensor\n"
        "ops.get_available_backends(); ops.add(1, 2)\n"
        "print(sorted({name.partition('.')[0] for name in first}))\n"
        "print(sorted({name.partition('.')[0] for name in set(sys.modules) - before}))\n"
    )
    first, whole = map(eval, run(code).stdout.splitlines())
    assert not {"torch", "mlx", "gymnasium", "matplotlib", "mujoco", "numba", "tqdm"} & {*first, *whole}
    foreign = {name for name in whole if name not in sys.stdlib_module_names and "cython" not in name}
    assert foreign - BUILD <= {"ember_ml", "numpy"}


def test_auto_select_names_something_installed():
    name, device = ops.auto_select_backend()
    assert name in ops.get_available_backends()
    assert isinstance(device, str)
    assert ops.get_backend() == "numpy"


def test_devices(any_backend):
    x = tensor.ones((2,), device="cpu")
    assert tensor.tolist(ops.to_device(x, "cpu")) == [1.0, 1.0]
    with pytest.raises(ValueError, match="nowhere"):
        ops.to_device(x, "nowhere")


def test_parameter_stands_for_its_data(any_backend):
    parameter = Parameter([1.0, 2.0])
    assert tensor.tolist(ops.add(parameter, 1)) == [2.0, 3.0]
    assert tensor.tolist(ops.multiply(parameter, parameter)) == [1.0, 4.0]
    assert tensor.tolist(tensor.convert_to_tensor(parameter)) == [1.0, 2.0]
    assert tensor.tolist(ops.sum(parameter)) == 3.0
    np.testing.assert_array_equal(np.asarray(parameter), [1, 2])


def test_version_and_submodules_are_there():
    assert ember_ml.__version__
    assert {"ops", "nn", "training", "tensor", "backend"} <= set(dir(ember_ml))
    with pytest.raises(AttributeError, match="nothing_of_that_name"):
        _ = ember_ml.nothing_of_that_name
