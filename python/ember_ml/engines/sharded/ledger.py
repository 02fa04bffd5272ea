"""The updates that replicas make: the last ones as records, the state before them as a snapshot."""

from __future__ import annotations

from collections import deque

from ember_ml.engines.sharded.messages import Source

#: Most records, and bytes of them, that are kept for workers that missed some; beyond, a snapshot is sent.
MOST_RECORDS, MOST_BYTES = 256, 16 * 2**20


class Ledger:
    """What a worker at version v needs to stand where the training stands.

    A version is a number of records since the training was first seen. Whenever the training's state is not
    the one that its records lead to (a file was loaded, a setting changed), versions before count no more.

    Attributes:
        version: now.
        digest: of the state now.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._records: deque[bytes] = deque()
        self._bytes = 0
        self._snapshot = b""
        self.version = 0
        self.digest = -1
        self._waiting: list[bytes] = []

    def add(self, record: bytes) -> None:
        """An update that the training has made since the last `look`."""
        self._waiting.append(record)

    def look(self, digest: int | None = None) -> None:
        """Takes the training's state as it is now."""
        digest = self._source.digest() if digest is None else digest
        waiting, self._waiting = self._waiting, []
        if digest == self.digest and not waiting:
            return
        self._snapshot = b""
        if not waiting:  # moved without a record
            self._records.clear()
            self._bytes = 0
            self.version += 1
        for record in waiting:
            self._records.append(record)
            self._bytes += len(record)
            self.version += 1
        while len(self._records) > MOST_RECORDS or self._bytes > MOST_BYTES:
            self._bytes -= len(self._records.popleft())
        self.digest = digest

    def since(self, version: int | None) -> list[bytes] | None:
        """The records from `version` on, or None where only a snapshot helps."""
        if version is None:
            return None
        missing = self.version - version
        if missing > len(self._records):
            return None
        return [self._records[index] for index in range(len(self._records) - missing, len(self._records))]

    def snapshot(self) -> bytes:
        if not self._snapshot:
            self._snapshot = self._source.snapshot()
        return self._snapshot
