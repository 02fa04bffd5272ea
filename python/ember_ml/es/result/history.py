"""What happened in training: one record per generation."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

#: Fields of a record, in order. Counts are of that generation alone; `wall_time` is seconds since training
#: began.
FIELDS: tuple[tuple[str, type], ...] = (
    ("generation", np.int64),
    ("policy_return", np.float64),
    ("population_mean", np.float64),
    ("population_std", np.float64),
    ("population_max", np.float64),
    ("episodes", np.int64),
    ("steps", np.int64),
    ("failed", np.int64),
    ("sigma", np.float64),
    ("update_norm", np.float64),
    ("wall_time", np.float64),
)
NAMES = tuple(name for name, _ in FIELDS)
DTYPE = np.dtype([(name, kind) for name, kind in FIELDS])

#: A record as bytes, which is how records are kept: numpy copies structured arrays field by field, ten times
#: slower.
_BYTES = np.dtype((np.void, DTYPE.itemsize))
_NONE = np.empty(0, _BYTES)

#: Native runs that are kept unread.
_MOST_LOGS = 64


class History:
    """Records of training, oldest first.

    ``history["policy_return"]`` is a float64 array over generations, ``history[3]`` the record of generation
    3 as a dict, ``len(history)`` the number of generations, and iterating yields records. `to_numpy` gives
    all of it.

    A record describes the policy *before* that generation's update: record 0 the untrained one, and the last
    record not the one that a run gives back (`Run.evaluation` does), unless `until` was reached.

    Fields: ``generation`` from 0; ``policy_return`` of the unperturbed policy before that generation's
    update, mean over its episodes; ``population_mean``, ``population_std``, ``population_max`` of the
    members' raw returns, failed members left out; ``episodes`` and ``steps`` (environment steps) of that
    generation, with the unperturbed policy's and, in the first record, the warm-up's counted in;
    ``failed``, the members' episodes whose simulation diverged; ``sigma`` of the search distribution (its
    mean where it has many); ``update_norm``, the Euclidean length of the change of the mean;
    ``wall_time`` in seconds since training began, over all resumes.
    """

    def __init__(self, records: NDArray[Any] | None = None) -> None:
        self._bytes = _NONE if records is None else np.array(records, DTYPE).view(_BYTES)
        self._count = len(self._bytes)
        self._logs: list[Any] = []  # native runs after those, not read yet
        self._lock = threading.RLock()  # who reads them, or adds
        self._length = self._count

    def append(self, **record: float) -> None:
        """Adds one record; every field of `FIELDS` is given by name."""
        self.extend(np.array([tuple(record[name] for name in NAMES)], DTYPE))

    def extend(self, records: NDArray[Any]) -> None:
        """Adds many records, a structured array (generations,) as `to_numpy` gives it."""
        if getattr(records, "dtype", None) != DTYPE:
            raise TypeError(f"records: got {type(records).__name__}, wanted an array like to_numpy()'s")
        with self._lock:
            self._read_logs()
            self._add(records)
            self._length = self._count

    def extend_from(self, log: Any) -> None:
        """Adds what a native run recorded (`_core.RunLog`, which must not be run again), to be read when
        somebody looks.
        """
        with self._lock:
            if len(self._logs) >= _MOST_LOGS:
                self._read_logs()
            self._logs.append(log)
            self._length += log.generations

    def frozen(self) -> History:
        """The records up to now. What is added here later is not in it; nothing is copied, because a record
        never changes.
        """
        other = History.__new__(History)
        other._lock = threading.RLock()
        with self._lock:
            other._bytes, other._count = self._bytes[: self._count], self._count
            other._logs, other._length = self._logs.copy(), self._length
        return other

    def _read_logs(self) -> None:
        with self._lock:
            logs, self._logs = self._logs, []
            for log in logs:
                self._add(log.records())

    def _add(self, records: NDArray[Any]) -> None:
        count = len(records)
        self._reserve(count)
        self._bytes[self._count : self._count + count] = np.ascontiguousarray(records, DTYPE).view(_BYTES)
        self._count += count

    def _reserve(self, count: int) -> None:
        if self._count + count > len(self._bytes):
            grown = np.empty(max(64, 2 * len(self._bytes), self._count + count), _BYTES)
            grown[: self._count] = self._bytes[: self._count]
            self._bytes = grown

    @property
    def _records(self) -> NDArray[Any]:
        with self._lock:
            self._read_logs()
            return self._bytes[: self._count].view(DTYPE)

    def to_numpy(self) -> NDArray[Any]:
        """A structured array (generations,) with one named field per entry of a record; a copy."""
        return self._records.copy()

    def last(self) -> Any:
        """The last record as a numpy record (to_numpy's fields); a copy."""
        return self._records[-1].copy()

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, key: str) -> NDArray[Any]: ...
    @overload
    def __getitem__(self, key: slice) -> History: ...
    @overload
    def __getitem__(self, key: int) -> dict[str, int | float]: ...
    def __getitem__(self, key: str | int | slice) -> NDArray[Any] | dict[str, int | float] | History:
        if isinstance(key, str):
            if key not in NAMES:
                raise KeyError(f"history has no field {key!r}; its fields are {', '.join(NAMES)}")
            return self._records[key].copy()
        if isinstance(key, slice):
            return History(self._records[key])
        if not hasattr(key, "__index__"):
            raise TypeError(f"history: got {key!r}, wanted a field's name, a generation or a slice")
        index = range(self._length)[key]  # IndexError when out of range; negative counts from the end
        return dict(zip(NAMES, self._records[index].item()))

    def __iter__(self) -> Iterator[dict[str, int | float]]:
        return (self[index] for index in range(self._length))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, History) and bool(np.array_equal(self.to_numpy(), other.to_numpy()))

    def __getstate__(self) -> dict[str, Any]:
        with self._lock:
            self._read_logs()  # a native log cannot be pickled or copied
            state = {**self.__dict__, "_bytes": self._bytes[: self._count].copy()}
        del state["_lock"]  # nor a lock
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.RLock()

    __hash__ = None  # type: ignore[assignment]

    def _shown(self) -> list[dict[str, int | float] | None]:
        """The records that are printed; None stands for those left out."""
        if self._length <= 8:
            return list(self)
        return [*(self[i] for i in range(3)), None, *(self[i] for i in range(-3, 0))]

    def __repr__(self) -> str:
        if not self._length:
            return "History(no generations yet)"
        widths = {"generation": 10, "policy_return": 13, "mean": 10, "std": 9, "max": 10}
        widths.update(steps=9, sigma=8)
        head = " ".join(f"{name:>{width}}" for name, width in widths.items())
        lines = [f"History of {self._length} generations", head]
        for r in self._shown():
            if r is None:
                lines.append(f"{'...':>10}")
                continue
            lines.append(
                f"{r['generation']:>10d} {r['policy_return']:>13.2f} {r['population_mean']:>10.2f}"
                f" {r['population_std']:>9.2f} {r['population_max']:>10.2f} {r['steps']:>9d}"
                f" {r['sigma']:>8.4f}"
            )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """A table for notebooks, of the first and the last generations where there are many."""
        names = [name for name in NAMES if name not in ("episodes", "failed", "update_norm")]
        lines = ["<table><tr>" + "".join(f"<th>{name}</th>" for name in names) + "</tr>"]
        for r in self._shown():
            cells = ["..."] + [""] * (len(names) - 1) if r is None else [f"{r[name]:.6g}" for name in names]
            lines.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
        return f"<p>{self._length} generations</p>" + "\n".join(lines) + "</table>"
