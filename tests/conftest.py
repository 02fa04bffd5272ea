"""What several rooms' tests share: optional packages, and the backend put back after each test."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ember_ml import backend
from walk_env import Walk

PACKAGES = {"numpy": "numpy", "torch": "torch", "mlx": "mlx"}


def _required() -> set[str]:
    return {name.strip() for name in os.environ.get("EMBER_REQUIRE", "").split(",") if name.strip()}


def skip_without(package: str, name: str | None = None) -> None:
    """Skips the test where `package` is not installed, unless EMBER_REQUIRE names it: then it fails."""
    name = name or package
    if importlib.util.find_spec(package) is None:
        if name in _required():
            pytest.fail(f"{name} is not installed, and EMBER_REQUIRE names it")
        pytest.skip(f"{name} is not installed")


@pytest.fixture
def backend_or_skip() -> Iterator[Callable[[str], None]]:
    """A function that switches to a backend, or skips where its package is missing (see `skip_without`)."""

    def switch(name: str) -> None:
        skip_without(PACKAGES[name], name)
        backend.set_backend(name)

    yield switch


@pytest.fixture(params=list(PACKAGES))
def any_backend(request: pytest.FixtureRequest, backend_or_skip: Callable[[str], None]) -> str:
    """Runs the test once on each backend."""
    backend_or_skip(request.param)
    return str(request.param)


@pytest.fixture(autouse=True)
def _restore_backend() -> Iterator[None]:
    """A test may switch backends; the next one starts on the former."""
    former = backend.get_backend()
    yield
    backend.set_backend(former)


@pytest.fixture
def data() -> Path:
    """The directory of test data."""
    return Path(__file__).parent / "data"


@pytest.fixture
def walk() -> type[Walk]:
    """A small environment class written in Python, as a user would."""
    return Walk
