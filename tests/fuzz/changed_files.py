"""Changed files of trainings: bytes, single arrays, or everything in them and signed anew."""

from __future__ import annotations

import copy
import json
import math
import random
import struct
import tempfile
import warnings
import zlib
from pathlib import Path

import numpy as np
from ember_ml import es
from ember_ml.es.files import checkpoint
from walk_env import Walk

EXTREMES = [
    0, 1, -1, 2, 3, 7, 2**31 - 1, 2**31, 2**32, 2**53, 2**62, 2**63 - 1, 2**63 - 2, 2**63 - 8, 2**63, 2**64,
    -(2**31), -(2**63), 10**30, 0.0, -0.0, 0.5, 1e-300, 1e300, -1e300, 1e38, math.inf, -math.inf, math.nan,
    True, False, None, "", "x", "os", "os:system", "trap:Trap-v0", "CartPole-v1", "Pendulum-v1", "../x",
    "/etc/passwd", "a" * 5000, "\x1b[2J", "tanh", "python", "native", "torch", "builtin", "custom", "CRFMNES",
    "SNES", [], [1], [[]], {}, {"a": 1}, [None], [1e300], [2**63], list(range(50)),
]  # fmt: skip


def trainings() -> list[tuple[dict, dict]]:
    """(config, arrays) of the files that are changed."""
    from ember_ml.nn import tensor
    from ember_ml.nn.modules import GRU, Dense, Module, Sequential

    tensor.set_seed(0)
    low_rank = es.OpenAIES(directions=2, perturbation=es.LowRank(rank=1))

    class Twice(Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = Dense(1, 3, activation="tanh"), Dense(3, 1)

        def forward(self, x):
            h = self.first(x)
            return self.last(h + h)

    class Parts(Walk):
        action_size, discrete, action_low, action_high = 3, True, None, None

        def step(self, action):
            return super().step(float(action) - 1.0)

    made = [
        es.Trainer("CartPole-v1", (3,), es.OpenAIES(directions=2), seed=1, max_steps=20),
        es.Trainer(
            "Pendulum-v1", (2,), es.SNES(directions=2), seed=2, max_steps=9, normalize_observations=False
        ),
        es.Trainer(
            "MountainCarContinuous-v0", (2,), es.PGPE(directions=2), seed=3, max_steps=9, warmup=False
        ),
        es.Trainer("Simple1D-v0", es.MLPPolicy((2,), bias=False), es.SepCMAES(), seed=4, max_steps=9),
        es.Trainer("Simple1D-v0", (2,), es.ARS("V2-t", directions=2, top=1), seed=5, max_steps=9),
        es.Trainer("Simple1D-v0", (2,), es.CRFMNES(directions=2), seed=6, max_steps=9),
        es.Trainer("CartPole-v1", (3, 2), low_rank, seed=10, max_steps=20),
        es.Trainer("Simple1D-v0", Sequential(GRU(1, 2), Dense(2, 1)), es.SNES(directions=2), seed=11),
        es.Trainer(Walk, (3,), es.SNES(directions=2), seed=7),
        es.Trainer(Parts, (3,), es.OpenAIES(directions=2), seed=8),
        es.Trainer(Walk, Twice(), es.SNES(directions=2), seed=9),
    ]
    files = []
    with tempfile.TemporaryDirectory() as folder:
        for trainer in made:
            trainer.progress = False
            files.append(checkpoint.read(trainer.run(generations=2).save(Path(folder) / "a.npz")))
    return files


def npy(array: np.ndarray) -> bytes:
    array = np.asarray(array)
    descr = repr(array.dtype.descr if array.dtype.names else array.dtype.str)
    head = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {array.shape}, }}"
    head = head + " " * (-(len(head) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + array.tobytes()


class Archive:
    """Puts npz files together, keeping the parts of arrays that did not change."""

    def __init__(self) -> None:
        self.parts: dict[int, tuple[np.ndarray, bytes, int]] = {}

    def of(self, array: np.ndarray) -> tuple[bytes, int]:
        found = self.parts.get(id(array))
        if found is None or found[0] is not array:
            data = npy(array)
            return data, zlib.crc32(data)
        return found[1:]

    def keep(self, array: np.ndarray) -> None:
        data = npy(array)
        self.parts[id(array)] = (array, data, zlib.crc32(data))

    def signed(self, config: dict, arrays: dict) -> bytes:
        text = json.dumps(config).encode()
        members = {"header.json": np.frombuffer(text, np.uint8)}
        try:
            digest = checkpoint._digest(text, arrays)
        except Exception:  # an array of a kind that cannot be signed
            digest = b"?"
        members["sha256"] = np.frombuffer(digest, np.uint8)
        return self.zip({**members, **arrays})

    def zip(self, members: dict, changed: dict | None = None) -> bytes:
        """The bytes of the file; `changed` has the bytes of some members outright."""
        body, central = [], []
        at = 0
        for name, array in members.items():
            data, crc = self.of(array)
            if changed is not None and name in changed:
                data = changed[name]
                crc = zlib.crc32(data)
            label = f"{name}.npy".encode("utf-8", "replace")
            common = struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 33, crc, len(data), len(data), len(label), 0)
            body += [b"PK\x03\x04", common, label, data]
            central += [b"PK\x01\x02\x14\x00", common, struct.pack("<HHHII", 0, 0, 0, 0, at), label]
            at += 30 + len(label) + len(data)
        end = b"".join(central)
        count = len(members)
        return b"".join(
            [*body, end, struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, count, count, len(end), at, 0)]
        )


class Changes:
    """Files with something changed in them, drawn from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.bases = trainings()
        self.texts = [json.dumps(config) for config, _ in self.bases]
        self.archive = Archive()
        for _, arrays in self.bases:
            for array in arrays.values():
                self.archive.keep(array)

    def structure(self) -> tuple[dict, dict]:
        """Config and arrays with changes in them."""
        random = self.random
        number = random.randrange(len(self.bases))
        config, arrays = json.loads(self.texts[number]), dict(self.bases[number][1])
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            if random.random() < 0.55:
                self.change_config(config)
            else:
                self.change_arrays(arrays)
        return config, arrays

    def file(self) -> tuple[str, bytes]:
        """(kind of change, bytes)"""
        random = self.random
        config, arrays = random.choice(self.bases)
        kind = random.choices(("structure", "member", "bytes"), (8, 1, 1))[0]
        if kind == "structure":
            return kind, self.archive.signed(*self.structure())
        if kind == "member":
            name = random.choice(list(arrays))
            return kind, self.archive.zip(arrays, {name: self.change_bytes(npy(arrays[name]))})
        return kind, self.change_bytes(self.archive.signed(config, arrays))

    def change_bytes(self, data: bytes) -> bytes:
        random, changed = self.random, bytearray(data)
        for _ in range(random.choice((1, 1, 2, 5, 20))):
            at = random.randrange(len(changed)) if changed else 0
            how = random.random()
            if how < 0.5 and changed:
                changed[at] = random.choice((0, 255, 127, 128, changed[at] ^ (1 << random.randrange(8))))
            elif how < 0.6:
                del changed[at:]
            elif how < 0.7:
                del changed[at : at + random.randrange(1, 40)]
            elif how < 0.85:
                changed[at:at] = random.randbytes(random.randrange(1, 20))
            else:
                changed[at : at + 8] = struct.pack("<q", random.choice((2**63 - 1, -1, 0, 2**31, 2**40)))
        return bytes(changed)

    def change_config(self, config: dict) -> None:
        random = self.random
        holder: object = config
        key: object = random.choice([k for k in config if k not in ("format", "version")])
        while isinstance(holder[key], (dict, list)) and holder[key] and random.random() < 0.85:
            holder = holder[key]
            key = random.choice(list(holder)) if isinstance(holder, dict) else random.randrange(len(holder))
        how, value = random.random(), holder[key]
        if how < 0.1:
            del holder[key]
        elif how < 0.2 and isinstance(holder, dict):
            holder[
                random.choice(("theta0", "callbacks", "self", "env", "policy", "x", "__class__", "seed"))
            ] = random.choice(EXTREMES)
        elif how < 0.35 and isinstance(value, (int, float)) and not isinstance(value, bool):
            holder[key] = random.choice((value + 1, value - 1, -value, value * 2, value * 1000, float(value)))
        elif how < 0.4:
            nested: object = value
            for _ in range(random.choice((1, 3, 400))):
                nested = [nested]
            holder[key] = nested
        else:
            holder[key] = copy.deepcopy(random.choice(EXTREMES))

    def change_arrays(self, arrays: dict) -> None:
        random = self.random
        name = random.choice(list(arrays))
        array, how = arrays[name], random.random()
        if how < 0.06:
            del arrays[name]
        elif how < 0.1:
            names = ("x", "strategy/x", "strategy/optimizer.first", "candidate/theta", "a" * 300)
            arrays[random.choice(names)] = array
        elif array.dtype.names:
            records = array[:: random.choice((1, 2, -1))].copy()
            if random.random() < 0.5 and len(records):
                records[random.choice(records.dtype.names)] = random.choice((-1, 2**40, 0))
            others = (records, records[:0], np.zeros(3), records[None], np.repeat(records, 3))
            arrays[name] = random.choice(others)
        elif how < 0.3:
            dtypes = "<f8", "<f4", ">f4", "<i8", "<u8", "|i1", "|b1", "<c8", "<U2", "|S3", "<M8[s]", "<f2"
            dtype = random.choice(dtypes)
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    arrays[name] = array.astype(dtype)
                except (ValueError, TypeError, RuntimeError):
                    arrays[name] = np.zeros(array.shape, dtype)
        elif how < 0.5:
            flat = array.reshape(-1)
            shapes = (array[None], flat[:-1], flat[:0], np.repeat(array, 2), array.reshape(-1, 1))
            others = (np.float64(1.0), np.zeros((0, 3)), np.zeros((1,) * 20, array.dtype))
            arrays[name] = random.choice(shapes + others)
        else:
            changed = np.array(array)
            kind = changed.dtype.kind
            if kind == "f":
                value = random.choice((math.nan, math.inf, -math.inf, 0.0, -1.0, 1e38, -1e38, 1e-45, 1.0))
            else:
                value = random.choice((2**63 - 1, -(2**63), -1, 0, 1, 2**31, 2**32, 2**62))
                value = np.array(value).astype(changed.dtype)  # wraps
            with np.errstate(all="ignore"):
                if changed.ndim and changed.size and random.random() < 0.7:
                    changed.reshape(-1)[random.randrange(changed.size)] = value
                else:
                    changed[...] = value
            arrays[name] = changed
            if name == "theta" and random.random() < 0.7:  # as the checks of one against the other want it
                arrays["strategy/mean"] = changed
            elif name == "strategy/mean" and random.random() < 0.7:
                arrays["theta"] = changed
