"""Reading npz files that somebody sent: arrays of numbers as `numpy.savez` writes them, and nothing else.

numpy's own reader believes what a file declares: an array's header may ask for any amount of memory, and a
compressed member may unfold to any size. Here a member is stored as it is, as `savez` does, and holds exactly
the bytes that its shape and dtype say: reading takes no more memory than the file is long. Objects are never
read.
"""

from __future__ import annotations

import errno
import io
import math
import re
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: The header of an array: numpy writes it as a Python literal, in this order.
_HEADER = re.compile(
    r"\{'descr': (?P<dtype>'[^']{1,32}'|\[[^\]]{0,8192}\]), 'fortran_order': (?P<order>True|False), "
    r"'shape': \((?P<shape>[0-9, ]{0,512})\), \} *\n"
)
_ITEM = re.compile(r"[<>|=][biufcUSmM]\d{1,6}(\[\d{0,4}[a-zA-Z]{1,2}\])?")
_FIELD = re.compile(r"\('(\w{1,64})', '([^']{1,32})'\)")

#: More members than any file of this package has.
MOST_MEMBERS = 100_000


class Damaged(ValueError):
    """The file is no such npz file; the message says what is wrong, not where."""


def read_npz(path: Path | io.BytesIO) -> dict[str, NDArray[Any]]:
    """All arrays of the file, or of its content in memory, by name, writable copies.

    Raises:
        Damaged: it is not such a file, or it is cut off or altered.
        OSError: it cannot be read.
    """
    with path if isinstance(path, io.BytesIO) else open(path, "rb") as file:
        size = file.seek(0, 2)
        try:
            with zipfile.ZipFile(file) as archive:
                return _members(archive, size)
        except Damaged:
            raise
        except OSError as error:
            if error.errno not in (None, errno.EINVAL):  # a place before the file's begin is damage
                raise
            raise Damaged(str(error)) from error
        except Exception as error:  # whatever the damage hits first: zipfile, struct, codecs and others raise
            raise Damaged(f"{error}" or type(error).__name__) from error


def _members(archive: zipfile.ZipFile, size: int) -> dict[str, NDArray[Any]]:
    members = archive.infolist()
    if len(members) > MOST_MEMBERS:
        raise Damaged(f"it has {len(members)} members")
    if sum(member.file_size for member in members) > size:
        raise Damaged("its members are larger than the file")
    arrays: dict[str, NDArray[Any]] = {}
    for member in members:
        name = member.filename.removesuffix(".npy")
        if name in arrays:
            raise Damaged(f"{name!r} is in it twice")
        if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size:
            raise Damaged(f"{name!r} is compressed")
        arrays[name] = parse_npy(name, archive.read(member))
    return arrays


def parse_npy(name: str, data: bytes) -> NDArray[Any]:
    """The array in the bytes of an npy file; `name` is for messages. Raises Damaged."""
    if data[:6] != b"\x93NUMPY":
        raise Damaged(f"{name!r} is no array, and pickles are never loaded")
    if data[6:8] == b"\x01\x00":
        start, (length,) = 10, struct.unpack_from("<H", data, 8)
    elif data[6:8] == b"\x02\x00":
        start, (length,) = 12, struct.unpack_from("<I", data, 8)
    else:
        raise Damaged(f"{name!r} has a header of another version")
    header = _HEADER.fullmatch(data[start : start + length].decode("latin1"))
    if header is None:
        raise Damaged(f"{name!r} has another kind of header")
    dtype = _dtype(name, header["dtype"])
    sizes = [part.strip() for part in header["shape"].split(",")]
    shape = tuple(int(part) for part in sizes if part)
    if len(shape) > 32 or math.prod(shape) * dtype.itemsize != len(data) - start - length:
        raise Damaged(f"{name!r} does not hold as many values as its shape {shape[:8]} says")
    if max(shape, default=0) >= 2**40:  # beside a 0
        raise Damaged(f"{name!r} has the shape {shape[:8]}")
    order: Any = "F" if header["order"] == "True" else "C"
    return np.ndarray(shape, dtype, data, start + length, order=order).copy(order)


def _dtype(name: str, text: str) -> np.dtype[Any]:
    if text.startswith("'"):
        item = text[1:-1]
        if _ITEM.fullmatch(item) is None:
            raise Damaged(f"{name!r} holds {item}, not numbers; pickles are never loaded")
        return np.dtype(item)
    fields = _FIELD.findall(text)
    if "[" + ", ".join(map(str, fields)) + "]" != text or not fields:
        raise Damaged(f"{name!r} holds records of another kind")
    for _, item in fields:
        if _ITEM.fullmatch(item) is None:
            raise Damaged(f"{name!r} holds {item}, not numbers; pickles are never loaded")
    return np.dtype(fields)
