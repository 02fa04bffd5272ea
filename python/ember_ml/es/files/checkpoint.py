"""Files of training: versioned npz, written atomically, checked on reading, never a pickle."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ember_ml.atomic_file import as_path, replacing
from ember_ml.npz import Damaged, read_npz

FORMAT = "ember-ml training"
VERSION = 1

#: Entries of a file's config that are of the file and not of the training.
OF_THE_FILE = ("format", "version", "versions")

#: Kinds of arrays in a file: numbers, and records of them.
KINDS = "fiuV"

_HEADER = "header.json"
_DIGEST = "sha256"


def write(path: str | os.PathLike[str], config: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Path:
    """Writes `config` (JSON values) and `arrays` to `path` in one step: a reader sees the old file or the new
    one.

    The file is written beside `path`, flushed to the disk and renamed over it.

    Raises:
        OSError: the folder is missing, not writable or full; what was at `path` before stands.
    """
    data = packed(config, arrays)
    with replacing(path) as file:
        file.write(data)
    return Path(path)


def packed(config: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> bytes:
    """The content of a file."""
    header = {"format": FORMAT, "version": VERSION, **config}
    text = json.dumps(header, sort_keys=True, allow_nan=True).encode()
    arrays = {name: np.asarray(array) for name, array in arrays.items()}
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise TypeError(f"array {name!r} holds Python objects, which are never written to a file")
    buffer = io.BytesIO()
    everything = {
        _HEADER: np.frombuffer(text, np.uint8),
        _DIGEST: np.frombuffer(_digest(text, arrays), np.uint8),
        **arrays,
    }
    np.savez(buffer, **everything)  # type: ignore[arg-type]
    return buffer.getvalue()


def read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The config and arrays of a file that `write` made. Reading takes no more memory than the file is long.

    The checksum finds damage, not malice: whoever alters a file can compute it anew. What the config and the
    arrays say is for their readers to check (es/stored.py).

    Raises:
        FileNotFoundError: nothing at `path`.
        ValueError: another program's file, a newer version, a truncated or altered file, or one with pickles.
    """
    path = as_path(path)
    if not path.exists():
        raise FileNotFoundError(f"no file at {path}")
    if path.is_dir():
        raise ValueError(f"{path} is a folder, not a file saved by ember-ml")
    if not path.is_file():  # /dev/zero has no end, and a pipe may have no other
        raise ValueError(f"{path} is a device or a pipe, not a file saved by ember-ml")
    return unpacked(path, path)


def unpacked(source: Path | io.BytesIO, path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """As `read`, of a file, or of a file's content in memory; `path` is for messages."""
    try:
        arrays = read_npz(source)
    except Damaged as error:
        raise ValueError(_broken(path, str(error))) from error
    if _HEADER not in arrays:
        raise ValueError(
            f"{path} was not saved by ember-ml: an npz file of {', '.join(list(arrays)[:5]) or 'nothing'}"
        )
    header = arrays.pop(_HEADER).tobytes()
    try:
        config = json.loads(header)
    except (ValueError, RecursionError) as error:
        raise ValueError(_broken(path, f"its header is no JSON: {error}")) from error
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise ValueError(f"{path} was not saved by ember-ml's trainer")
    if config.get("version") != VERSION:
        versions = config.get("versions")
        writer = versions.get("ember_ml") if isinstance(versions, dict) else None
        raise ValueError(
            f"{path} has format version {config.get('version')!r}; this ember-ml reads {VERSION}"
            f" (it was written by ember-ml {writer or 'unknown'})"
        )
    digest = arrays.pop(_DIGEST).tobytes() if _DIGEST in arrays else b""
    if digest != _digest(header, arrays):
        raise ValueError(_broken(path, "its checksum does not match"))
    for name, array in arrays.items():
        if array.dtype.kind not in KINDS:
            raise ValueError(_broken(path, f"{name!r} holds {array.dtype}, not numbers"))
    return config, arrays


def part(arrays: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The entries of a file under a prefix, without it."""
    return {name[len(prefix) + 1 :]: value for name, value in arrays.items() if name.startswith(f"{prefix}/")}


def _broken(path: Path, why: str) -> str:
    return f"{path} is damaged, or was not saved by ember-ml ({why})"


def _digest(header: bytes, arrays: dict[str, NDArray[Any]]) -> bytes:
    sha = hashlib.sha256(header)
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        sha.update(f"{name} {array.dtype.str} {arrays[name].shape}".encode())
        sha.update(array.tobytes())
    return sha.digest()
