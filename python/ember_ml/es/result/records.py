"""Evaluations along a training: how good its policy truly was, at some of its generations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from ember_ml.es.result.evaluation import EvaluationResult

_FIELDS: list[tuple[str, type]] = [
    ("generation", np.int64),
    ("mean", np.float64),
    ("low", np.float64),
    ("high", np.float64),
    ("std", np.float64),
    ("episodes", np.int64),
    ("steps", np.int64),
]
EVALUATION = np.dtype(_FIELDS)
CONFIRMATION = np.dtype([*_FIELDS, ("confirmed", np.bool_)])


class Evaluations:
    """Evaluations of the unperturbed policy, oldest first, on starts that the training itself never uses.

    ``evaluations["mean"]`` is an array over evaluations, ``evaluations[-1]`` one record as a dict; `to_numpy`
    gives all of it. Fields: ``generation``, the updates made before, so that the policy is that of
    ``history[generation]``; ``mean`` of its return over ``episodes``, ``low`` and ``high`` of the mean's 95%
    interval, ``std`` of an episode; ``steps`` that they took, which no history counts. Confirmations have
    ``confirmed`` besides.
    """

    def __init__(self, dtype: Any = EVALUATION, records: NDArray[Any] | None = None) -> None:
        self.dtype = np.dtype(dtype)
        if records is not None and records.dtype != self.dtype:
            raise ValueError(f"records: got fields {records.dtype.names}, wanted {self.dtype.names}")
        self._rows: tuple[tuple[Any, ...], ...] = () if records is None else tuple(records.tolist())

    def append(self, generation: int, result: EvaluationResult, *more: bool) -> None:
        """Adds one evaluation, and a confirmation's outcome."""
        low, high = result.confidence_interval
        row = (generation, result.mean, low, high, result.std, len(result.returns), result.steps, *more)
        self._rows = (*self._rows, row)

    def frozen(self) -> Evaluations:
        """The records up to now."""
        other = Evaluations(self.dtype)
        other._rows = self._rows
        return other

    def total(self, name: str) -> int:
        """Sum of a field of counts."""
        return int(self[name].sum()) if self._rows else 0

    def to_numpy(self) -> NDArray[Any]:
        """A structured array (evaluations,); a copy."""
        return np.array(list(self._rows), self.dtype)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, key: str) -> NDArray[Any]: ...
    @overload
    def __getitem__(self, key: int) -> dict[str, Any]: ...
    def __getitem__(self, key: str | int) -> NDArray[Any] | dict[str, Any]:
        names = self.dtype.names or ()
        if isinstance(key, str):
            if key not in names:
                raise KeyError(f"evaluations have no field {key!r}; their fields are {', '.join(names)}")
            return self.to_numpy()[key].copy()
        return dict(zip(names, self._rows[key]))

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self[index] for index in range(len(self._rows)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Evaluations) and (self.dtype, self._rows) == (other.dtype, other._rows)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        lines = [f"{len(self)} evaluations"]
        lines += [
            f"{r['generation']:>8d} {r['mean']:>12.2f} [{r['low']:.2f}, {r['high']:.2f}]"
            f" {r['episodes']:>6d} episodes"
            for r in self
        ]
        return "\n".join(lines)
