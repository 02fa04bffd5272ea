"""The log of a training: its first state, then a record for each generation, appended as they come.

The file is the 8 bytes `EMBERLOG` and frames. A frame is its kind (4 bytes), the length of its content
(uint64), the CRC-32 of those twelve bytes, the content, and the content's CRC-32; little-endian.

    HEAD  JSON: format, version, stream version, versions of what wrote it, digest of the first state
    STAT  a state, as a saved file of a training (es/files/checkpoint.py); the first frame after HEAD
    CONF  JSON: the strategy's arguments, where a callback changed them
    GENR  a record (es/files/record.py)

Nothing in it is ever unpickled, imported or run.
"""

from __future__ import annotations

import io
import json
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

from ember_ml.atomic_file import append, as_path, check_target
from ember_ml.es.files import checkpoint
from ember_ml.es.files.record import Record
from ember_ml.noise.arrays import STREAM_VERSION

MAGIC = b"EMBERLOG"
FORMAT, VERSION = "ember-ml log", 1

HEAD, STATE, CONFIG, GENERATION = b"HEAD", b"STAT", b"CONF", b"GENR"

_FRAME = struct.Struct("<4sQI")
_CRC = struct.Struct("<I")

#: How a file ends: with a whole frame; in the middle of one; or in one that was altered.
Ending = Literal["whole", "truncated", "damaged"]


def frame(kind: bytes, content: bytes) -> bytes:
    head = struct.pack("<4sQ", kind, len(content))
    return b"".join([head, _CRC.pack(zlib.crc32(head)), content, _CRC.pack(zlib.crc32(content))])


@dataclass
class Frame:
    kind: bytes
    content: bytes
    end: int  # byte of the file behind it


class Reader:
    """Iterates over the frames of a log, in order, up to the last that is whole.

    Attributes:
        ending, end: how the file ended, and the byte behind the last whole frame; set when iteration ends.

    Raises:
        FileNotFoundError: no such file.
        ValueError: it is no log.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = as_path(path)
        self.ending: Ending = "whole"
        self.end = 0
        if not self.path.exists():
            raise FileNotFoundError(f"no file at {path}")
        if not self.path.is_file():
            raise ValueError(f"{path} is not a log written by ember-ml: it is no file")

    def __iter__(self) -> Iterator[Frame]:
        with open(self.path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if file.read(len(MAGIC)) != MAGIC:
                raise ValueError(f"{self.path} is not a log written by ember-ml")
            self.ending, self.end = "whole", len(MAGIC)
            while self.end < size:
                found = self._next(file, size)
                if not isinstance(found, Frame):
                    self.ending = found
                    return
                self.end = found.end
                yield found

    def _next(self, file: BinaryIO, size: int) -> Frame | Ending:
        file.seek(self.end)
        head = file.read(_FRAME.size)
        if len(head) < _FRAME.size:
            return "truncated"
        kind, length, crc = _FRAME.unpack(head)
        if crc != zlib.crc32(head[:12]):
            return "damaged"
        end = self.end + _FRAME.size + length + _CRC.size
        if end > size:  # before anything of that size is read
            return "truncated"
        content = file.read(length)
        if _CRC.unpack(file.read(_CRC.size))[0] != zlib.crc32(content):
            return "damaged"
        return Frame(kind, content, end)


def head_of(found: Frame, path: Path) -> dict[str, Any]:
    """What the first frame says. Raises ValueError where it is none, or of another version."""
    if found.kind != HEAD:
        raise ValueError(f"{path} is damaged: it does not begin with its header")
    head = _json(found, path)
    if head.get("format") != FORMAT or head.get("version") != VERSION:
        raise ValueError(f"{path} is a log of version {head.get('version')!r}; this ember-ml reads {VERSION}")
    if head.get("stream_version") != STREAM_VERSION:
        raise ValueError(
            f"{path} was trained with version {head.get('stream_version')!r} of the noise; this ember-ml has"
            f" {STREAM_VERSION}"
        )
    return head


def first_digest(found: Frame, path: Path) -> int:
    """Of the first state, from the first frame. Raises ValueError as `head_of`."""
    digest = head_of(found, path).get("digest")
    try:
        return int(digest, 16)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path} is damaged: its header has the digest {digest!r:.50}") from error


def _json(found: Frame, path: Path) -> dict[str, Any]:
    try:
        values = json.loads(found.content)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is damaged: {error}") from error
    if not isinstance(values, dict):
        raise ValueError(f"{path} is damaged: it holds {type(values).__name__} for fields by name")
    return values


config_of = _json


def record_in(found: Frame, path: Path) -> Record:
    """The record in a frame. Raises ValueError where it is none."""
    try:
        return Record.unpack(found.content)
    except ValueError as error:
        raise ValueError(f"{path} is damaged: {error}") from error


def _generations_of(found: Frame, path: Path) -> int:
    """Generations that a state has behind it."""
    _, arrays = checkpoint.unpacked(io.BytesIO(found.content), path)
    if "history" not in arrays:
        raise ValueError(f"{path} is damaged: its first state has no history")
    return len(arrays["history"])


def encoded(values: dict[str, Any]) -> bytes:
    return json.dumps(values, sort_keys=True).encode()


def taken(path: str | os.PathLike[str]) -> FileExistsError:
    return FileExistsError(
        f"record: there is a file at {os.fspath(path)} already; Trainer.load(..., record=) goes on with the"
        " log of the training that it loads, and a new training needs a new name"
    )


class Writer:
    """Appends frames to a log."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = path

    def begin(self, versions: dict[str, str], digest: int, state: bytes) -> None:
        """A new log, with the state that the training stands in.

        Raises:
            FileExistsError: there is a file already; a log is never replaced.
        """
        check_target(self.path)
        head = {
            "format": FORMAT,
            "version": VERSION,
            "stream_version": STREAM_VERSION,
            "versions": versions,
            "digest": f"{digest:016x}",
        }
        content = MAGIC + frame(HEAD, encoded(head)) + frame(STATE, state)
        try:
            open(self.path, "xb").close()
        except FileExistsError:
            raise taken(self.path) from None
        try:
            append(self.path, content)
        except BaseException:
            os.unlink(self.path)  # without its first state it would be no log, and only be in the way
            raise

    def resume(self, generation: int, digest: int) -> None:
        """Goes on behind the record after which a training stood so; what follows it is left out, because
        it will be made again.

        Raises:
            ValueError: there is no such record.
        """
        reader = Reader(self.path)
        at, after, end = -1, 0, 0
        for number, found in enumerate(reader):
            if number == 0:
                first = first_digest(found, reader.path)
            elif found.kind == STATE and at < 0:
                at, after = _generations_of(found, reader.path), first
            elif found.kind == GENERATION:
                record = record_in(found, reader.path)
                at, after = at + (record.kind != "warmup"), record.digest
            else:
                continue
            if (at, after) == (generation, digest):
                end = found.end
            if at > generation:
                break
        if not end:
            raise ValueError(
                f"record: {os.fspath(self.path)} does not hold this training's generation {generation}; it is"
                f" another's log, or ends before ({max(at, 0)} generations); give a new name"
            )
        if end < os.path.getsize(self.path):
            with open(self.path, "r+b") as file:
                file.truncate(end)

    def add(self, *frames: bytes) -> None:
        """Raises OSError where it cannot be written; the log ends where it ended."""
        if not os.path.exists(self.path):  # it would begin without its header
            raise FileNotFoundError(f"record: the log at {os.fspath(self.path)} was removed")
        append(self.path, b"".join(frames))
