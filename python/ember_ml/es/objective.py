"""A user's plain function, evaluated for the members of a generation."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ember_ml.errors import EvaluationError
from ember_ml.rollout import Float64


class Objective:
    """Calls f and turns what it gives into fitness, which is maximised.

    Args:
        f: of one vector, float64 (parameters,), or where `vectorized` of several, (n, parameters) -> (n,).
        minimize: smaller values of f are better.
        keep_going: an exception or NaN makes a failed member, which ranks last, instead of an error.

    Attributes:
        evaluations: points evaluated so far, failed ones included.
        failed: points that gave an exception, NaN, or the infinity of the worse side.
    """

    def __init__(self, f: Callable[..., Any], vectorized: bool, minimize: bool, keep_going: bool) -> None:
        if not callable(f):
            raise TypeError(f"f: got {f!r}, wanted a function of a vector")
        self.f, self.vectorized, self.keep_going = f, vectorized, keep_going
        self.sign = -1.0 if minimize else 1.0
        self.evaluations = self.failed = 0

    def __call__(self, points: Float64, generation: int) -> Float64:
        """Fitness (n,) of `points` (n, parameters): -inf where it failed.

        Raises:
            EvaluationError: f raised, or gave NaN or the better infinity, and `keep_going` is off.
            TypeError, ValueError: what f gives is no number, or not one a point.
        """
        values = self._batch(points, generation) if self.vectorized else self._one_by_one(points, generation)
        fitness: Float64 = self.sign * values
        wrong = np.isnan(fitness) | (fitness == np.inf)
        if wrong.any() and not self.keep_going:
            member = int(np.argmax(wrong))
            what = f"gave {values[member]}"
            if np.isinf(fitness[member]):
                what += f": it has no {'minimum' if self.sign < 0 else 'maximum'} there"
            raise self._error(what, points, generation, member)
        fitness[wrong] = -np.inf
        self.evaluations += len(points)
        self.failed += int(np.isneginf(fitness).sum())
        return fitness

    def _one_by_one(self, points: Float64, generation: int) -> Float64:
        values = np.empty(len(points))
        for member, point in enumerate(points):
            try:
                answer = self.f(point.copy())
            except Exception as error:
                if not self.keep_going:
                    what = f"raised {type(error).__name__}: {error}"
                    raise self._error(what, points, generation, member) from error
                answer = math.nan
            values[member] = _number(answer)
        return values

    def _batch(self, points: Float64, generation: int) -> Float64:
        try:
            answer = self.f(points.copy())
        except Exception as error:  # nobody knows of which point
            what = f"raised {type(error).__name__}: {error}"
            raise EvaluationError(f"f {what}, in generation {generation}", generation) from error
        values = _real(answer)
        if values.shape != (len(points),):
            raise ValueError(
                f"f: got values of shape {values.shape} for {len(points)} points, wanted ({len(points)},)"
            )
        return values

    def _error(self, what: str, points: Float64, generation: int, member: int) -> EvaluationError:
        shown = np.array2string(points[member], precision=6, threshold=8)
        number = self.evaluations + member + 1
        return EvaluationError(f"f {what}, at evaluation {number}, x = {shown}", generation, member)


def _number(answer: Any) -> float:
    values = _real(answer)
    if values.size != 1:
        raise ValueError(f"f: got an array of shape {values.shape}, wanted one number (or vectorized=True)")
    return float(values.reshape(()))


def _real(answer: Any) -> Float64:
    try:
        values = np.asarray(answer.detach().cpu() if hasattr(answer, "detach") else answer)
        if values.dtype.kind not in "fiub":
            raise TypeError
        return values.astype(np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"f: got {answer!r}, wanted a real number") from None
