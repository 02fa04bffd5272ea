"""The C interface of cpp/include/ember_env.h from Python: its struct, checks of it, lanes that step it."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ember_ml.envs.lanes import LaneError, Step
from ember_ml.envs.spec import EnvSpec

ABI = 1
TERMINATED, TRUNCATED, ERROR = 1, 2, 4

#: Sizes above this are taken for a mistake in the struct.
LARGEST = 1 << 20

RESET = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p
)
STEP = ctypes.CFUNCTYPE(
    None,
    ctypes.c_void_p,
    ctypes.c_int32,
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_void_p,
)

OPEN = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)
CLOSE = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class EmberEnv(ctypes.Structure):
    """`ember_env`, field by field."""

    _fields_ = [
        ("abi_version", ctypes.c_uint32),
        ("struct_size", ctypes.c_uint32),
        ("name", ctypes.c_char_p),
        ("state_size", ctypes.c_uint32),
        ("observation_size", ctypes.c_uint32),
        ("action_size", ctypes.c_uint32),
        ("discrete", ctypes.c_uint32),
        ("max_steps", ctypes.c_uint32),
        ("action_low", ctypes.POINTER(ctypes.c_float)),
        ("action_high", ctypes.POINTER(ctypes.c_float)),
        ("context", ctypes.c_void_p),
        ("reset", ctypes.c_void_p),
        ("step", ctypes.c_void_p),
        ("open", ctypes.c_void_p),  # from here on optional: a smaller struct has none
        ("close", ctypes.c_void_p),
        ("one_at_a_time", ctypes.c_uint32),
    ]


def _read(address: int) -> EmberEnv:
    """The struct at an address; what it is too small to hold is zero."""
    size = (ctypes.c_uint32 * 2).from_address(address)[1]
    env = EmberEnv()
    ctypes.memmove(ctypes.byref(env), address, min(size, ctypes.sizeof(env)))
    return env


def spec_of(address: int, source: str, keepalive: Any) -> EnvSpec:
    """The EnvSpec of an ember_env, after checking the struct and running a few episodes of it.

    Args:
        address: of the struct; it and what it points to must live as long as `keepalive`.
        source: where it comes from, for messages.

    Raises:
        ValueError: a version or a size that does not fit, a missing function, a write outside of its buffers,
            or observations that are not written or not finite.
    """
    head = (ctypes.c_uint32 * 2).from_address(address)
    if head[0] != ABI:
        raise ValueError(
            f"{source}: written for version {head[0]} of ember_env.h, this package has version {ABI}"
        )
    if head[1] < EmberEnv.open.offset:
        raise ValueError(
            f"{source}: struct_size is {head[1]}, an ember_env of version {ABI} has at least "
            f"{EmberEnv.open.offset} bytes; set it to sizeof(ember_env)"
        )
    env = _read(address)
    for field, least in (("state_size", 0), ("observation_size", 1), ("action_size", 1), ("max_steps", 1)):
        value = getattr(env, field)
        most = LARGEST if field != "max_steps" else 2**31 - 1
        if not least <= value <= most:
            raise ValueError(f"{source}: {field} is {value}; wanted {least} to {most:,}")
    if env.discrete not in (0, 1):
        raise ValueError(f"{source}: discrete is {env.discrete}; wanted 0 or 1")
    if env.discrete and env.action_size < 2:
        raise ValueError(
            f"{source}: action_size is {env.action_size}; a discrete action has at least 2 choices"
        )
    for field in ("reset", "step"):
        if not getattr(env, field):
            raise ValueError(f"{source}: the function {field} is NULL")
    if bool(env.open) != bool(env.close):
        raise ValueError(f"{source}: open and close come together")
    if env.one_at_a_time and not env.open:
        raise ValueError(f"{source}: one_at_a_time needs open")
    try:
        name = (env.name or b"").decode()
    except UnicodeDecodeError:
        raise ValueError(f"{source}: name is not UTF-8") from None
    low = high = None
    if not env.discrete:
        low, high = _bound(env.action_low, env.action_size), _bound(env.action_high, env.action_size)
        if any(bound is not None and np.isnan(bound).any() for bound in (low, high)):
            raise ValueError(f"{source}: a bound of the actions is NaN")
        if low is not None and high is not None and (low > high).any():
            raise ValueError(f"{source}: action_low is above action_high")
    spec = EnvSpec(
        name=name or source,
        kind="custom",
        observation_size=env.observation_size,
        action_size=env.action_size,
        discrete=bool(env.discrete),
        max_steps=env.max_steps,
        address=address,
        restorable=False,
        keepalive=keepalive,
        action_low=low,
        action_high=high,
    )
    _try(spec, env.state_size, source)
    return spec


def _bound(pointer: Any, size: int) -> NDArray[np.float32] | None:
    return np.ctypeslib.as_array(pointer, (size,)).astype(np.float32) if pointer else None


def _try(spec: EnvSpec, state_size: int, source: str) -> None:
    """A few steps of three lanes in buffers with guarded ends."""
    lanes = CustomLanes(spec, 3, guard=64)
    try:
        _try_lanes(lanes, spec, state_size, source)
    finally:
        lanes.close()


def _try_lanes(lanes: CustomLanes, spec: EnvSpec, state_size: int, source: str) -> None:
    index = range(3)
    actions: NDArray[Any] = np.zeros((3, 1 if spec.discrete else spec.action_size), np.float32)
    for call in ("reset", "step", "step"):
        try:
            if call == "reset":
                observations = lanes.reset(index, [1, 2, 1])
                if not (observations[0] == observations[2]).all():
                    raise ValueError(f"{source}: two resets with the same seed gave different observations")
            else:
                lanes.step(index, actions)
        except LaneError as error:
            raise ValueError(f"{source}: {error.message}") from None
        if not lanes.intact():
            raise ValueError(
                f"{source}: {call} wrote past the end of its {state_size}-byte states or of its observations "
                f"of {spec.observation_size} numbers"
            )


class CustomLanes:
    """Lanes of an ember_env stepped from Python: for policies that do not compile, and for trying one out.

    Args:
        spec: of kind "custom".
        size: lanes.
        guard: bytes behind each buffer whose change `intact` reports.
        address: of the ember_env, where the spec has none.
        diverges: an episode that is not finite fails, as natively: NaN for its observation at a reset, for
            its reward at a step. If not, it is an error.
        forgives: EMBER_ERROR does the same.
    """

    refill = True

    def __init__(
        self,
        spec: EnvSpec,
        size: int,
        guard: int = 0,
        address: int = 0,
        diverges: bool = False,
        forgives: bool = False,
    ) -> None:
        if not (address or spec.address):
            raise ValueError(f"env: {spec.name} has no functions here to call")
        self.diverges, self.forgives = diverges, forgives
        env = self._env = _read(address or spec.address)
        self.size = size
        self.spec = spec
        self._opened: dict[int, Any] = {}
        self._reset = RESET(env.reset)
        self._step = STEP(env.step)
        self._states = np.zeros((size, env.state_size), np.uint8)
        self._guard = guard
        self._guarded: list[NDArray[np.uint8]] = []

    def _buffer(self, lanes: int, size: int, dtype: type, fill: float = 0) -> NDArray[Any]:
        """(lanes, size) at an address that suits any C type, with a guard of bytes 0xA5 behind it."""
        body = lanes * size * np.dtype(dtype).itemsize
        raw = np.full(body + self._guard + 64, 0xA5, np.uint8)
        start = -raw.ctypes.data % 64
        if self._guard:
            self._guarded.append(raw[start + body :])
        values: NDArray[Any] = raw[start : start + body].view(dtype).reshape(lanes, size)
        values[:] = fill
        return values

    def intact(self) -> bool:
        """Whether the guards of the last call still hold what was put there."""
        return all((guard == 0xA5).all() for guard in self._guarded)

    def reset(self, lanes: Sequence[int], seeds: Sequence[int]) -> NDArray[np.float32]:
        count = len(lanes)
        self._guarded.clear()
        states = self._buffer(count, self._states.shape[1], np.uint8)
        observations = self._buffer(count, self.spec.observation_size, np.float32, np.nan)
        keys = np.array(seeds, np.uint64)
        for part, context in self._parts(lanes):
            rows = states[part], keys[part], observations[part]
            self._reset(context, len(keys[part]), *(_at(row) for row in rows))
        self._states[list(lanes)] = states
        if not self.diverges:
            self._check(lanes, observations, "reset")
        return observations.copy()

    def step(self, lanes: Sequence[int], actions: NDArray[Any]) -> Step:
        count, index = len(lanes), list(lanes)
        self._guarded.clear()
        states = self._buffer(count, self._states.shape[1], np.uint8)
        states[:] = self._states[index]
        observations = self._buffer(count, self.spec.observation_size, np.float32, np.nan)
        rewards = self._buffer(count, 1, np.float32, np.nan)
        flags = self._buffer(count, 1, np.uint8)
        values = np.ascontiguousarray(actions.reshape(count, -1), np.float32)
        for part, context in self._parts(lanes):
            rows = states[part], values[part], observations[part], rewards[part], flags[part]
            self._step(context, len(values[part]), *(_at(row) for row in rows))
        self._states[index] = states
        bits = flags[:, 0].copy()
        if (bits & ERROR).any():
            if not self.forgives:
                raise LaneError(index[int(np.argmax(bits & ERROR))], "step set the flag EMBER_ERROR")
            rewards[(bits & ERROR) != 0] = np.nan
        if self.diverges:
            lost = ~np.isfinite(rewards[:, 0]) | ~np.isfinite(observations).all(axis=1)
            rewards[lost], bits[lost] = np.nan, TERMINATED
        else:
            self._check(lanes, rewards, "step", "reward")
            self._check(lanes, observations, "step")
        return (
            observations.copy(),
            rewards[:, 0].astype(np.float64),
            (bits & TERMINATED).astype(np.bool_),
            (bits & TRUNCATED).astype(np.bool_),
        )

    def _check(
        self, lanes: Sequence[int], values: NDArray[Any], call: str, what: str = "observation"
    ) -> None:
        finite = np.isfinite(values)
        if not finite.all():
            lane = int(np.argmax(~finite.all(axis=1)))
            value = values[lane][~finite[lane]][0]
            raise LaneError(lanes[lane], f"{call} left a value of the {what} unwritten or {value}")

    def _parts(self, lanes: Sequence[int]) -> Iterator[tuple[slice, Any]]:
        """Which rows one call is handed, and its context: all at once, or one where they cannot share it."""
        if not self._env.one_at_a_time:
            yield slice(0, len(lanes)), self._context(0)
            return
        for row, lane in enumerate(lanes):
            yield slice(row, row + 1), self._context(lane)

    def _context(self, lane: int) -> Any:
        if not self._env.open:
            return self._env.context
        if lane not in self._opened:
            self._opened[lane] = OPEN(self._env.open)(self._env.context)
        return self._opened[lane]

    def close(self) -> None:
        """Closes what was opened; states are plain memory."""
        opened, self._opened = self._opened, {}
        for context in opened.values():
            CLOSE(self._env.close)(context)


def _at(array: NDArray[Any]) -> int:
    return array.ctypes.data
