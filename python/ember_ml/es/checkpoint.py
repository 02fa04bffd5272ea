"""Files of training: versioned npz, written atomically, checked on reading, never a pickle."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import struct
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FORMAT = "ember-ml training"
VERSION = 1
_HEADER = "header.json"
_DIGEST = "sha256"


def write(path: str | os.PathLike[str], config: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Path:
    """Writes `config` (JSON values) and `arrays` to `path` in one step: a reader sees the old file or the new
    one.

    The file is written beside `path`, flushed to the disk and renamed over it.

    Raises:
        OSError: the folder is missing, not writable or full; what was at `path` before stands.
    """
    path = Path(path)
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
    folder = path.parent
    if not folder.is_dir():
        raise FileNotFoundError(f"cannot write {path}: the folder {folder} does not exist")
    try:
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{path.name}.", suffix=".part")
    except OSError as error:
        raise type(error)(error.errno, f"cannot write {path}: {error.strerror}") from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(buffer.getbuffer())
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        if isinstance(error, OSError):
            raise type(error)(error.errno, f"cannot write {path}: {error.strerror}") from error
        raise
    _sync_folder(folder)
    return path


def read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The config and arrays of a file that `write` made.

    Raises:
        FileNotFoundError: nothing at `path`.
        ValueError: another program's file, a newer version, a truncated or altered file, or one with pickles.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"no file at {path}")
    if path.is_dir():
        raise ValueError(f"{path} is a folder, not a file saved by ember-ml")
    try:
        with np.load(path, allow_pickle=False) as file:
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise ValueError(f"{path} was not saved by ember-ml: it is one bare array")
            names = list(file.files)
            if _HEADER not in names:
                raise ValueError(
                    f"{path} was not saved by ember-ml: an npz file of {', '.join(names[:5]) or 'nothing'}"
                )
            header = file[_HEADER].tobytes()
            config = json.loads(header)
            if not isinstance(config, dict) or config.get("format") != FORMAT:
                raise ValueError(f"{path} was not saved by ember-ml's trainer")
            if config.get("version") != VERSION:
                raise ValueError(
                    f"{path} has format version {config.get('version')!r}; this ember-ml reads {VERSION}"
                    f" (it was written by ember-ml {config.get('versions', {}).get('ember_ml', 'unknown')})"
                )
            arrays = {name: file[name] for name in names if name not in (_HEADER, _DIGEST)}
            digest = file[_DIGEST].tobytes() if _DIGEST in names else b""
    except (
        zipfile.BadZipFile,
        EOFError,
        KeyError,
        struct.error,
        UnicodeDecodeError,
        json.JSONDecodeError,
    ) as error:
        raise ValueError(_broken(path, str(error))) from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise ValueError(_broken(path, str(error))) from error  # numpy reports some damage as a bare OSError
    except ValueError as error:
        if str(path) in str(error):
            raise
        if "pickle" in str(error):  # numpy's words go on to advise loading it unsafely
            raise ValueError(_broken(path, "it is no npz file, and pickles are never loaded")) from error
        raise ValueError(_broken(path, str(error))) from error
    except Exception as error:  # zlib, tokenizer and others: whatever the damage hits first
        raise ValueError(_broken(path, str(error))) from error
    if digest != _digest(header, arrays):
        raise ValueError(_broken(path, "its checksum does not match"))
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


def _umask() -> int:
    mask = os.umask(0o22)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # not every file system lets a folder be synced
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
