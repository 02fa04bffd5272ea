"""Whether an optional package is there, asked without importing it."""

import sys

import pytest
from ember_ml.errors import MissingExtra, is_installed, need


def test_what_is_installed():
    assert is_installed("numpy")
    assert is_installed("numpy.linalg")


@pytest.mark.parametrize("name", ["no_such_package", "no_such_package.core", "numpy.no_such_module"])
def test_what_is_not_installed_is_said_not_raised(name):
    assert not is_installed(name)


@pytest.mark.parametrize("name", ["hidden", "hidden.core"])
def test_a_package_that_was_put_out_of_reach_is_not_installed(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "hidden", None)
    assert not is_installed(name)


def test_a_missing_package_names_the_extra():
    with pytest.raises(MissingExtra, match=r"no_such_package is not installed: pip install 'ember-ml\[x\]'"):
        need("no_such_package.core", "x")
