"""What somebody sends is read without believing it."""

import io
import struct
import zipfile

import numpy as np
import pytest
from ember_ml.npz import Damaged, parse_npy, read_npz


def npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def declared(dtype, shape, data=b"", order="False"):
    head = f"{{'descr': {dtype}, 'fortran_order': {order}, 'shape': {shape}, }}"
    head = head.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + data


@pytest.mark.parametrize("array", [
    np.arange(6, dtype=np.float32).reshape(2, 3), np.float64(2.5), np.zeros((0, 3), np.int64),
    np.asfortranarray(np.arange(12.0).reshape(3, 4)), np.array(["a", "bc"]), np.array([True, False]),
    np.array([(1, 2.5)], [("n", "<i8"), ("x", "<f8")]), np.arange(3, dtype=">i4"), np.array([1 + 2j]),
], ids=str)  # fmt: skip
def test_what_numpy_saves(tmp_path, array):
    np.savez(tmp_path / "a.npz", x=array)
    read = read_npz(tmp_path / "a.npz")["x"]
    assert read.dtype == np.asarray(array).dtype and read.shape == np.shape(array)
    assert np.array_equal(read, array) and read.flags.writeable


@pytest.mark.parametrize("data, message", [
    (declared("'<f8'", "(1099511627776,)"), "as many values"),
    (declared("'<f8'", "(4294967296, 4294967296, 2)"), "as many values"),  # 2**67 bytes: 0 in 64 bits
    (declared("'<f8'", "(0, 4611686018427387904)"), "shape"),
    (declared("'<f8'", "(3,)", b"\0" * 16), "as many values"),
    (declared("'<f8'", "(-1,)"), "kind of header"),
    (declared("'|O'", "(1,)", b"\0" * 8), "pickles are never loaded"),
    (declared("[('x', '|O')]", "(1,)", b"\0" * 8), "pickles are never loaded"),
    (declared("'<f8'", "(1L,)", b"\0" * 8), "kind of header"),
    (declared("'<f8'", "(" * 300 + ")" * 300), "kind of header"),
    (npy(np.array([{}], object)), "pickles are never loaded"),
    (b"\x80\x04.", "pickles are never loaded"),
    (b"\x93NUMPY\x01\x00\xff\xff", "kind of header"),
    (b"\x93NUMPY\x03\x00\x00\x00\x00\x00", "another version"),
], ids=range(13))  # fmt: skip
def test_what_an_array_declares_is_not_believed(data, message):
    with pytest.raises(Damaged, match=message):
        parse_npy("x", data)


def test_nothing_unfolds(tmp_path):
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, x=np.zeros(10**6))
    with pytest.raises(Damaged, match="larger than the file"):
        read_npz(path)
    np.savez_compressed(path, x=np.random.default_rng(0).integers(0, 256, 5000).astype(np.uint8))
    with pytest.raises(Damaged, match="compressed"):
        read_npz(path)
    with zipfile.ZipFile(path, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("x.npy", npy(np.zeros(3)))
        archive.writestr("x.npy", npy(np.ones(3)))
    with pytest.raises(Damaged, match="twice"):
        read_npz(path)


def test_members_that_lie_over_one_another(tmp_path):
    """Many names for the same bytes: together longer than the file."""
    path = tmp_path / "overlap.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", npy(np.zeros(1000)))
        for index in range(5):
            archive.filelist.append(zipfile.ZipInfo(f"b{index}.npy"))
            for field in ("header_offset", "CRC", "compress_size", "file_size"):
                setattr(archive.filelist[-1], field, getattr(archive.filelist[0], field))
        archive._didModify = True
    with pytest.raises(Damaged, match=r"larger than the file|Overlapped"):
        read_npz(path)
