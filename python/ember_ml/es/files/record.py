"""What an update was made of, as bytes: enough to make it again without an environment.

It is what a log of a training holds for each generation (es/files/log.py), and what workers on other
machines are sent instead of parameters (engines/sharded).
"""

from __future__ import annotations

import struct
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ember_ml.es.result.history import DTYPE
from ember_ml.rollout import Float64, ObservationSums

#: What a record does: fills the observation statistics; updates; or counts a generation without an update
#: (of a policy that was confirmed to have reached `until`).
Kind = Literal["warmup", "update", "count"]
KINDS: tuple[Kind, ...] = ("warmup", "update", "count")

#: kind, members, values of the sums, digest of the state after; little-endian, as all that follows it: the
#: history's record, fitness float64 (members,), sums float64 (values,).
_HEAD = struct.Struct("<IIIIQ")
_ROW = DTYPE.newbyteorder("<")


class Record(NamedTuple):
    """
    Attributes:
        row: the generation's record in the history, a numpy record; of a warm-up, its episodes and steps.
        fitness: float64 (members,), what the strategy was told; empty for a warm-up.
        sums: float64 (1 + 2 * observation values,): count, sums and sums of squares of the observations about
            the frozen mean, merged; empty where observations are not normalised.
        digest: of the state after it (`strategies.digest.state_digest`).
    """

    kind: Kind
    row: Any
    fitness: Float64
    sums: Float64
    digest: int

    def pack(self) -> bytes:
        head = _HEAD.pack(KINDS.index(self.kind), len(self.fitness), len(self.sums), 0, self.digest)
        row = np.asarray(self.row, DTYPE).astype(_ROW).tobytes()
        return b"".join([head, row, self.fitness.astype("<f8").tobytes(), self.sums.astype("<f8").tobytes()])

    @staticmethod
    def unpack(data: bytes) -> Record:
        """Raises ValueError where the bytes are no record."""
        if len(data) < _HEAD.size + _ROW.itemsize:
            raise ValueError(f"a record has {len(data)} bytes")
        kind, members, values, _, digest = _HEAD.unpack_from(data)
        at = _HEAD.size + _ROW.itemsize
        if kind >= len(KINDS) or len(data) != at + 8 * (members + values):
            raise ValueError(f"a record of {members} members and {values} sums has {len(data)} bytes")
        row = np.frombuffer(data, _ROW, 1, _HEAD.size).astype(DTYPE)[0]
        fitness = np.frombuffer(data, "<f8", members, at).astype(np.float64)
        sums = np.frombuffer(data, "<f8", values, at + 8 * members).astype(np.float64)
        return Record(KINDS[kind], row, fitness, sums, digest)

    def observation_sums(self) -> list[ObservationSums]:
        """As `ObservationStatistics.add` takes them: one, or none."""
        if not len(self.sums):
            return []
        size = len(self.sums) // 2
        return [ObservationSums(float(self.sums[0]), self.sums[1 : 1 + size], self.sums[1 + size :])]


def as_values(sums: ObservationSums | None) -> NDArray[np.float64]:
    """Sums as `Record.sums` has them."""
    return np.zeros(0) if sums is None else np.concatenate([[sums.count], sums.sum, sums.sum_of_squares])
