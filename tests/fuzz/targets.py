"""What bytes that nobody wrote are handed to: one function a reader. Each says whether they were read."""

from __future__ import annotations

import ctypes
import json
import struct
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from ember_ml.envs import abi
from ember_ml.es.files import log, saved
from ember_ml.es.files.record import Record
from ember_ml.es.files.replay import replay
from ember_ml.noise.arrays import STREAM_VERSION
from ember_ml.npz import Damaged, parse_npy, read_npz
from ember_ml.policy.spec import PolicySpec
from ember_ml.validate import MOST_STEPS

_folder = tempfile.TemporaryDirectory(prefix="ember-fuzz-")
_file = Path(_folder.name) / "file.npz"


def archive(data: bytes) -> bool:
    """A whole file."""
    _file.write_bytes(data)
    try:
        arrays = read_npz(_file)
    except Damaged:
        return False
    assert sum(array.nbytes for array in arrays.values()) <= len(data)
    return True


def array(data: bytes) -> bool:
    """A member of a file; what numpy makes of a header's dtype is an error of its reader's caller."""
    try:
        found = parse_npy("x", data)
    except (Damaged, TypeError, ValueError, OverflowError, IndexError, struct.error):
        return False
    assert found.nbytes <= len(data) and not found.dtype.hasobject
    return True


_base: list[tuple[dict[str, Any], dict[str, np.ndarray]]] = []


def _bases() -> list[tuple[dict[str, Any], dict[str, np.ndarray]]]:
    if not _base:
        from changed_files import trainings

        _base.extend(trainings()[:8])
    return _base


def _changed(data: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
    """A training's config with the sections of `data` (JSON), and its arrays; the first byte says whose."""
    bases = _bases()
    whole, arrays = bases[data[0] % len(bases)] if data else bases[0]
    try:
        changed = json.loads(data[1:])
    except (ValueError, RecursionError):
        return None
    if not isinstance(changed, dict):
        return None
    mixed = {**whole, **changed}
    for name, section in whole.items():  # a section changes where it is given, and keeps the rest
        if isinstance(section, dict) and isinstance(changed.get(name), dict):
            mixed[name] = {**section, **changed[name]}
    return mixed, arrays


def config(data: bytes) -> bool:
    """A config, some of whose sections are changed, in a file whose arrays are a training's."""
    found = _changed(data)
    if found is None:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with saved._named("file"):
                checked = saved._check("file", *found, None)
        except ValueError as error:
            assert str(error)
            return False
    assert 0 <= len(checked.history) <= MOST_STEPS
    return True


_digests: dict[int, str] = {}


def _digest(base: int) -> str:
    """Of the state that a training ended in, as a log's header has it."""
    from changed_files import Archive
    from ember_ml import es
    from ember_ml.es.strategies.digest import state_digest

    if base not in _digests:
        path = Path(_folder.name) / "whole.npz"
        path.write_bytes(Archive().signed(*_bases()[base]))
        trainer = es.Trainer.load(path)
        _digests[base] = f"{state_digest(trainer.strategy, trainer.state.observations):016x}"
    return _digests[base]


def state(data: bytes) -> bool:
    """The same in the first state of a log, whose header has the digest of the training as it was."""
    from changed_files import Archive

    found = _changed(data)
    if found is None:
        return False
    head = {"format": log.FORMAT, "version": log.VERSION, "stream_version": STREAM_VERSION, "versions": {}}
    head["digest"] = _digest(data[0] % len(_bases()))
    frames = log.frame(log.HEAD, log.encoded(head)) + log.frame(log.STATE, Archive().signed(*found))
    path = Path(_folder.name) / "state.log"
    path.write_bytes(log.MAGIC + frames)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            replay(path)
        except ValueError as error:
            assert str(error)
            return False
    return True


def policy(data: bytes) -> bool:
    """A network as a file describes it."""
    try:
        described = json.loads(data)
    except (ValueError, RecursionError):
        return False
    try:
        with saved._named("file"):
            found = PolicySpec.from_dict(described)
    except ValueError:
        return False
    assert found.parameters < 2**40 and found.inputs > 0 and found.outputs > 0
    return True


_functions: list[Any] = []


def _fill(context: int, lanes: int, states: int, given: int, observations: int, *rest: int) -> None:
    """Resets and steps whatever was described: writes what the struct at `context` says, and no more."""
    env = abi.EmberEnv.from_address(context)
    count = lanes * env.observation_size
    np.ctypeslib.as_array(ctypes.cast(observations or given, ctypes.POINTER(ctypes.c_float)), (count,))[:] = 0


def _reset(context: int, lanes: int, states: int, seeds: int, observations: int) -> None:
    _fill(context, lanes, states, seeds, observations)


def _step(
    context: int, lanes: int, states: int, actions: int, observations: int, rewards: int, flags: int
) -> None:
    _fill(context, lanes, states, actions, observations)
    np.ctypeslib.as_array(ctypes.cast(rewards, ctypes.POINTER(ctypes.c_float)), (lanes,))[:] = 0
    np.ctypeslib.as_array(ctypes.cast(flags, ctypes.POINTER(ctypes.c_uint8)), (lanes,))[:] = 0


def plugin(data: bytes) -> bool:
    """An `ember_env` of C or numba: numbers, a name and bounds from the bytes, with functions that work."""
    if not _functions:
        _functions.extend((abi.RESET(_reset), abi.STEP(_step)))
    head = np.frombuffer(data[:32].ljust(32, b"\0"), np.uint32)
    name, bounds = data[32:64], np.frombuffer(data[64:].ljust(8192 * 4, b"\0")[: 8192 * 4], np.float32).copy()
    env = abi.EmberEnv()
    env.abi_version = abi.ABI if head[0] % 16 else int(head[0])
    env.struct_size = ctypes.sizeof(env) if head[1] % 16 else int(head[1])
    env.name = name.partition(b"\0")[0]
    env.state_size, env.observation_size, env.action_size, env.discrete, env.max_steps = map(int, head[2:7])
    if env.action_size <= bounds.size:  # more would be read past their end, which no reader can see
        pointer = bounds.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        env.action_low = pointer if head[7] & 1 else None
        env.action_high = pointer if head[7] & 2 else None
    env.context = ctypes.addressof(env)
    env.reset = ctypes.cast(_functions[0], ctypes.c_void_p) if head[7] & 4 else None
    env.step = ctypes.cast(_functions[1], ctypes.c_void_p) if head[7] & 8 else None
    env.one_at_a_time = int(head[7]) >> 4 & 1
    if env.state_size > 65536 or env.observation_size > 4096:  # memory alone, and only where it is refused
        env.max_steps = 0
    try:
        spec = abi.spec_of(ctypes.addressof(env), "plugin", env)
    except ValueError as error:
        assert str(error)
        return False
    assert 0 < spec.observation_size <= abi.LARGEST and 0 < spec.action_size <= abi.LARGEST
    return True


def record(data: bytes) -> bool:
    """A generation in a log."""
    try:
        found = Record.unpack(data)
    except ValueError:
        return False
    assert len(found.pack()) == len(data)
    found.observation_sums()
    return True


_logs: list[tuple[bytes, list[bytes]]] = []


def _log() -> tuple[bytes, list[bytes]]:
    """Head and state of a log, as frames, and the contents of its records."""
    if not _logs:
        from ember_ml import es

        path = Path(_folder.name) / "training.log"
        trainer = es.Trainer("Simple1D-v0", (2,), es.SNES(directions=2), seed=4, max_steps=9, record=path)
        trainer.progress = False
        trainer.run(generations=3)
        frames = list(log.Reader(path))
        start = b"".join(log.frame(one.kind, one.content) for one in frames[:2])
        _logs.append((start, [one.content for one in frames if one.kind == log.GENERATION]))
    return _logs[0]


def replayed(data: bytes) -> bool:
    """A log whose sums are right: frames of a kind (a byte), a length (two) and so much content, behind the
    head and the state of a training.
    """
    start, _ = _log()
    parts, at = [], 0
    while at + 3 <= len(data) and len(parts) < 20:
        kind = (log.GENERATION, log.CONFIG, log.STATE, log.HEAD)[data[at] % 4]
        length = int.from_bytes(data[at + 1 : at + 3], "little")
        parts.append(log.frame(kind, data[at + 3 : at + 3 + length]))
        at += 3 + length
    path = Path(_folder.name) / "fuzzed.log"
    path.write_bytes(log.MAGIC + start + b"".join(parts))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            replay(path)
        except ValueError as error:
            assert str(error)
            return False
    return True


TARGETS: dict[str, Callable[[bytes], bool]] = {
    "archive": archive,
    "array": array,
    "config": config,
    "state": state,
    "policy": policy,
    "plugin": plugin,
    "record": record,
    "replayed": replayed,
}


def seeds(target: str) -> list[bytes]:
    """Inputs to begin with, that are read without an error."""
    from changed_files import Archive, npy

    bases = _bases()
    if target == "archive":
        return [Archive().signed(*base) for base in bases[:2]]
    if target == "array":
        arrays = [*bases[0][1].values()][:8]
        return [npy(np.asarray(one)) for one in arrays]
    if target in ("config", "state"):
        keys = [k for k in bases[0][0] if k not in ("format", "version", "versions")]
        found = [
            bytes([i]) + json.dumps({k: base[0][k]}).encode() for i, base in enumerate(bases) for k in keys
        ]
        return [one for one in found if len(one) < 2000]
    if target == "policy":
        return [json.dumps(base[0]["policy"]["spec"]).encode() for base in bases]
    if target in ("record", "replayed"):
        contents = _log()[1]
        if target == "record":
            return contents
        return [b"".join(b"\0" + len(one).to_bytes(2, "little") + one for one in contents)]
    numbers = (1, 1, 8, 3, 2, 1, 50, 12), (1, 1, 0, 1, 1, 0, 9, 15), (1, 1, 4, 2, 2, 0, 200, 15)
    bounds = np.linspace(-1, 1, 8, dtype=np.float32).tobytes()
    return [np.array(n, np.uint32).tobytes() + b"Thermostat".ljust(32, b"\0") + bounds for n in numbers]
