"""save and load: what goes in comes out, and nothing is ever unpickled."""

from __future__ import annotations

import math
import pickle
import zipfile

import numpy as np
import pytest
from ember_ml import ops
from ember_ml.nn import tensor
from ember_ml.nn.modules import MLP, Parameter


def test_round_trip(any_backend, tmp_path):
    path = tmp_path / "data.npz"
    data = {
        "weights": [tensor.ones((2, 3)), tensor.convert_to_tensor([1, 2])],
        "pair": (1, 2.5),
        "text": "\u00e9",
        "nothing": None,
        "flag": True,
        "odd": [math.inf, -0.0, 1e-300],
        "empty": {"list": [], "dict": {}, "array": tensor.zeros((0, 2))},
        "scalar": np.float64(0.1),
        "parameter": Parameter([3.0]),
        "big": 2**70,
    }
    ops.save(path, data)
    back = ops.load(path)
    assert back.keys() == data.keys()
    assert back["pair"] == (1, 2.5) and type(back["pair"]) is tuple
    assert back["text"] == "\u00e9" and back["nothing"] is None and back["flag"] is True
    assert back["big"] == 2**70
    assert list(map(repr, back["odd"])) == list(map(repr, data["odd"]))
    assert back["scalar"] == 0.1 and back["scalar"].dtype == np.float64
    assert type(back["weights"][0]) is type(data["weights"][0])
    np.testing.assert_array_equal(tensor.to_numpy(back["weights"][0]), np.ones((2, 3)))
    assert tensor.to_numpy(back["weights"][1]).dtype == np.int32
    assert tensor.shape(back["empty"]["array"]) == (0, 2)
    assert tensor.tolist(back["parameter"]) == [3.0]
    assert math.isnan(_through(tmp_path, math.nan))
    assert _through(tmp_path, 5) == 5
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data.npz", "one"]


def _through(folder, value):
    ops.save(folder / "one", value)
    return ops.load(folder / "one")


def test_state_dict_across_backends(any_backend, tmp_path):
    network = MLP(2, (3,), 1)
    x = np.ones((1, 2), np.float32)
    expected = tensor.to_numpy(network(tensor.convert_to_tensor(x)))
    ops.save(tmp_path / "net.npz", network.state_dict())
    ops.set_backend("numpy")
    other = MLP(2, (3,), 1)
    other.load_state_dict(ops.load(tmp_path / "net.npz"))
    np.testing.assert_allclose(other(x), expected, atol=1e-6)


def test_what_cannot_be_saved_leaves_the_file_alone(tmp_path):
    path = tmp_path / "data.npz"
    ops.save(path, 1)
    for bad in ({"a": object()}, {1: 2}, np.array([None]), [{1, 2}]):
        with pytest.raises(TypeError, match="obj"):
            ops.save(path, bad)
    assert ops.load(path) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["data.npz"]


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was loaded",))


def test_foreign_files_are_refused(tmp_path):
    good = tmp_path / "good.npz"
    ops.save(good, {"x": np.arange(5)})
    path = tmp_path / "bad"
    whole = good.read_bytes()
    np.savez(tmp_path / "foreign.npz", x=np.ones(3))
    np.savez(tmp_path / "objects.npz", description=np.array([Bomb()], object))
    np.save(tmp_path / "array.npy", np.ones(3))
    (tmp_path / "pickle").write_bytes(pickle.dumps([1, 2]))
    with zipfile.ZipFile(tmp_path / "zip", "w") as archive:
        archive.writestr("description.npy", "no array")
    for content in (b"", b"hello", whole[: len(whole) // 2], whole[:-30]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="not a file that ember_ml"):
            ops.load(path)
    for name in ("foreign.npz", "objects.npz", "array.npy", "pickle", "zip"):
        with pytest.raises(ValueError, match="not a file that ember_ml"):
            ops.load(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        ops.load(tmp_path / "absent")
