import os

import numpy as np
import pytest
from ember_ml.es.files import checkpoint

ARRAYS = {
    "theta": np.arange(50, dtype=np.float32),
    "count": np.float64(3.0),
    "empty": np.zeros((0, 3), np.int64),
}
CONFIG = {"seed": 3, "name": "x", "nan": float("inf")}


def test_round_trip(tmp_path):
    path = checkpoint.write(tmp_path / "a.npz", CONFIG, ARRAYS)
    config, arrays = checkpoint.read(path)
    assert config["seed"] == 3 and config["nan"] == float("inf")
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == np.asarray(array).dtype and np.array_equal(arrays[name], array)
    assert os.listdir(tmp_path) == ["a.npz"]  # no temporary file stays behind


def test_every_truncation_and_flip_is_noticed(tmp_path):
    path = checkpoint.write(tmp_path / "a.npz", CONFIG, ARRAYS)
    whole = path.read_bytes()
    good = checkpoint.read(path)
    for cut in range(0, len(whole), 97):
        path.write_bytes(whole[:cut])
        with pytest.raises(ValueError, match=r"damaged|not saved by"):
            checkpoint.read(path)
    harmless = 0
    for at in range(0, len(whole), 13):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :])
        try:
            config, arrays = checkpoint.read(path)
        except ValueError as error:
            assert str(path) in str(error)
        else:  # a byte that means nothing, such as a time stamp of the zip
            harmless += 1
            assert config == good[0] and all(np.array_equal(arrays[n], good[1][n]) for n in good[1])
    assert harmless < len(whole) // 13 // 2


def test_foreign_files(tmp_path):
    other = tmp_path / "other.npz"
    np.savez(other, x=np.arange(3))
    with pytest.raises(ValueError, match="not saved by ember-ml"):
        checkpoint.read(other)
    bare = tmp_path / "bare.npy"
    np.save(bare, np.arange(3))
    with pytest.raises(ValueError, match="not saved by ember-ml"):
        checkpoint.read(bare)
    text = tmp_path / "text.npz"
    text.write_text("generation,return\n0,1\n")
    with pytest.raises(ValueError, match="not saved by ember-ml"):
        checkpoint.read(text)
    with pytest.raises(FileNotFoundError, match="no file"):
        checkpoint.read(tmp_path / "missing.npz")
    with pytest.raises(ValueError, match="folder"):
        checkpoint.read(tmp_path)


def test_pickles_are_never_loaded(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "exploded"),))

    path = tmp_path / "bomb.npz"
    good = checkpoint.write(tmp_path / "good.npz", CONFIG, ARRAYS)
    with np.load(good) as file:
        content = {name: file[name] for name in file.files}
    np.savez(path, **{**content, "theta": np.array([Bomb()], dtype=object)})
    with pytest.raises(ValueError, match="damaged"):
        checkpoint.read(path)
    assert not (tmp_path / "exploded").exists()
    with pytest.raises(TypeError, match="theta"):
        checkpoint.write(path, CONFIG, {"theta": np.array([Bomb()], dtype=object)})


def test_newer_version_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "VERSION", 99)
    path = checkpoint.write(tmp_path / "a.npz", {**CONFIG, "versions": {"ember_ml": "9.0"}}, ARRAYS)
    monkeypatch.undo()
    with pytest.raises(ValueError, match=r"version 99.*9\.0"):
        checkpoint.read(path)
