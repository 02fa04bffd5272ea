"""What several rooms' tests share: optional packages, and the backend put back after each test."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ember_ml import backend
from ember_ml.errors import is_installed
from thermostat_folder import folder
from walk_env import Walk

__all__ = ["folder"]

# A shell's background jobs start with Ctrl-C ignored, and so would they and all their children stay: the
# tests of interruption would wait for ever.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

PACKAGES = {"numpy": "numpy", "torch": "torch", "mlx": "mlx"}


def _required() -> set[str]:
    return {name.strip() for name in os.environ.get("EMBER_REQUIRE", "").split(",") if name.strip()}


def skip_without(package: str, name: str | None = None) -> None:
    """Skips the test or module where `package` is not installed (a failure if EMBER_REQUIRE names it)."""
    if not is_installed(package):
        pytest.skip(f"{name or package} is not installed", allow_module_level=True)


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


def _fail_if_required(report: pytest.TestReport | pytest.CollectReport) -> None:
    """A skip for want of a package that EMBER_REQUIRE names (importorskip's too) is a failure."""
    if not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
    for name in _required():
        if re.search(rf"could not import '{name}\b|(?<![\w-]){name} is not installed", reason):
            report.outcome = "failed"
            report.longrepr = f"{reason}: EMBER_REQUIRE names {name}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    outcome = yield
    _fail_if_required(outcome.get_result())  # type: ignore[attr-defined]


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    outcome = yield
    _fail_if_required(outcome.get_result())  # type: ignore[attr-defined]
