"""Errors and warnings that name what is wrong and what to do."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import warnings
from types import ModuleType


class EvaluationError(RuntimeError):
    """A user's environment or policy failed: raised an exception, or gave NaN.

    Attributes:
        generation: number of the generation that was being evaluated, or None.
        member: index of the member in the population, or None (the unperturbed policy).
    """

    def __init__(self, message: str, generation: int | None = None, member: int | None = None) -> None:
        super().__init__(message)
        self.generation = generation
        self.member = member

    def __reduce__(self) -> tuple[type[EvaluationError], tuple[str, int | None, int | None]]:
        return type(self), (str(self), self.generation, self.member)


class Infeasible(Exception):
    """For an environment to raise in `reset` or `step`: what the policy asked for cannot be simulated.

    With ``on_error="rank_last"`` the episode fails and its member ranks last; otherwise it ends the training
    like any other exception.
    """


def pip_install(extra: str) -> str:
    """The command that brings an extra, with the name under which this package was installed."""
    import importlib.metadata

    found = importlib.metadata.packages_distributions().get("ember_ml") or ["ember-ml"]
    return f"pip install '{found[0]}[{extra}]'"


class MissingExtra(ImportError):
    """An optional package is not installed; the message names the extra that brings it."""


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warns of the line, outside this package, that called into it."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "ember_ml":
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def is_installed(module: str) -> bool:
    """Whether a package, or a module of one, is there. Imports at most the packages around it."""
    try:
        return importlib.util.find_spec(module) is not None
    except (ModuleNotFoundError, ValueError):  # no such parent; None, or no spec, in sys.modules
        return False


def need(module: str, extra: str) -> ModuleType:
    """Imports an optional package.

    Raises:
        MissingExtra: "torch is not installed: pip install 'ember-ml[torch]'".
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        root = module.partition(".")[0]
        # A package that is there but fails on one of its own imports is another fault: leave it as it is.
        if error.name is not None and error.name.partition(".")[0] != root:
            raise
        raise MissingExtra(f"{root} is not installed: {pip_install(extra)}", name=root) from error
