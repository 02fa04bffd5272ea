"""Files that appear whole or not at all: everything that this package writes goes through here."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any


def as_path(path: str | os.PathLike[str], argument: str = "path") -> Path:
    """`path` as a Path. Raises TypeError, which names `argument`, where it is no name of a file."""
    try:
        name = os.fspath(path)
    except TypeError:
        raise TypeError(f"{argument}: got {path!r:.100}, wanted the name of a file") from None
    if not isinstance(name, str) or not name or "\0" in name:
        raise TypeError(f"{argument}: got {name!r}, wanted the name of a file")
    return Path(name)


def check_target(path: str | os.PathLike[str], argument: str = "path") -> Path:
    """`path` as a Path, if a file can be written there. The name is taken as it is: nothing is added to it.

    Raises:
        TypeError: no name of a file.
        FileNotFoundError: its folder does not exist; none is ever made.
        IsADirectoryError, PermissionError: a folder of that name, or a file that may not be written.
    """
    target = as_path(path, argument)
    if target.is_dir():
        raise IsADirectoryError(f"cannot write {target}: it is a folder")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"cannot write {target}: the folder {target.parent} does not exist")
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(f"cannot write {target}: it is not writable")
    return target


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str], text: bool = False) -> Iterator[IO[Any]]:
    """A new file for `with`, that takes the place of what is at `path` when the block ends without an error.

    It is written beside `path`, flushed to the disk and renamed, so that a reader sees the former file or the
    new one, and an error or a full disk leaves the former one and nothing else. A link is followed; a device
    or a pipe is written to.

    Args:
        text: give a text file (UTF-8, line ends as written) instead of a binary one.

    Raises:
        OSError: as `check_target`, or the folder is not writable or full; what was at `path` stands.
    """
    shown = check_target(path)
    target = Path(os.path.realpath(shown))
    mode, encoding, newline = ("w", "utf-8", "") if text else ("wb", None, None)
    if target.exists() and not stat.S_ISREG(target.stat().st_mode):
        with open(target, mode, encoding=encoding, newline=newline) as file:
            yield file
        return
    partial = target.with_name(f".{target.name[:40]}.{secrets.token_hex(6)}.part")
    writing = True  # by us; errors of the caller's own block keep their words
    try:
        # 0o666: the process's umask decides, as for any new file.
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        with os.fdopen(handle, mode, encoding=encoding, newline=newline) as file:
            if target.exists():
                with contextlib.suppress(OSError):  # a file system without modes
                    os.chmod(partial, stat.S_IMODE(target.stat().st_mode))
            writing = False
            yield file
            writing = True
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(partial)
        if isinstance(error, OSError) and error.errno is not None and (writing or error.filename is None):
            raise type(error)(error.errno, f"cannot write {shown}: {error.strerror}") from error
        raise
    _sync_folder(target.parent)


def append(path: str | os.PathLike[str], text: str | bytes) -> None:
    """Adds all of `text` to the file (UTF-8, or bytes as they are), or nothing.

    Raises:
        OSError: it cannot be written to; it ends where it ended.
    """
    data = memoryview(text.encode() if isinstance(text, str) else text)
    with open(path, "ab", buffering=0) as file:
        end = file.seek(0, os.SEEK_END) if file.seekable() else None
        try:
            while data:
                data = data[file.write(data) :]
        except BaseException as error:
            if end is not None:
                file.truncate(end)
            if isinstance(error, OSError) and error.errno is not None:
                raise type(error)(error.errno, f"cannot write {os.fspath(path)}: {error.strerror}") from error
            raise


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # not every file system lets a folder be synced
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
