"""The compiled half of numba_env.py: C callbacks over lanes around a user's scalar functions."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ember_ml.envs.abi import ABI, ERROR, TERMINATED, TRUNCATED, CustomLanes, EmberEnv, spec_of
from ember_ml.envs.spec import EnvSpec
from ember_ml.errors import need

if TYPE_CHECKING:
    from ember_ml.envs.numba_env import Functions

#: Words of a state before the user's: the random generator's, and one that is 1 after a reset that failed.
HEAD = 2

_MASK = 0xFFFFFFFFFFFFFFFF


def uniform(rng: NDArray[np.uint64], low: float = 0.0, high: float = 1.0) -> float:
    """A uniform random number in [low, high) from an environment's `rng` (splitmix64, 53 bits)."""
    word = (int(rng[0]) + 0x9E3779B97F4A7C15) & _MASK
    rng[0] = word
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & _MASK
    word ^= word >> 31
    return low + (high - low) * ((word >> 11) * 2.0**-53)


def normal(rng: NDArray[np.uint64], mean: float = 0.0, deviation: float = 1.0) -> float:
    """A normal random number from an environment's `rng` (Box-Muller, two uniforms)."""
    radius = math.sqrt(-2.0 * math.log(1.0 - uniform(rng)))
    return mean + deviation * radius * math.cos(2.0 * math.pi * uniform(rng))


def compile_functions(
    env: Functions, low: NDArray[np.float32] | None, high: NDArray[np.float32] | None
) -> EnvSpec:
    """The functions inside two C callbacks over lanes, and the ember_env that points to them."""
    reset, step, kept = _callbacks(env)
    encoded = env.name.encode()
    pointer = ctypes.POINTER(ctypes.c_float)
    struct = EmberEnv(
        abi_version=ABI,
        struct_size=ctypes.sizeof(EmberEnv),
        name=encoded,
        state_size=8 * (HEAD + env.state_size),
        observation_size=env.observation_size,
        action_size=env.action_size,
        discrete=int(env.discrete),
        max_steps=env.max_steps,
        action_low=None if low is None or env.discrete else low.ctypes.data_as(pointer),
        action_high=None if high is None or env.discrete else high.ctypes.data_as(pointer),
        context=None,
        reset=reset.address,
        step=step.address,
    )
    spec = spec_of(ctypes.addressof(struct), env.name, (struct, encoded, low, high, reset, step, kept))
    _compare(env, spec)
    return spec


def _callbacks(env: Functions) -> tuple[Any, Any, Any]:
    """numba's C functions `reset` and `step` of ember_env.h, and what must stay alive with them."""
    from numba import types

    numba: Any = need("numba", "numba")  # whose own types are partial
    _teach(numba)
    width, size, values = HEAD + env.state_size, env.observation_size, 1 if env.discrete else env.action_size
    discrete, takes_rng = env.discrete, env.step_takes_rng
    compiled: Callable[[Callable[..., Any]], Callable[..., Any]] = numba.njit
    # Bounds are checked, because an index out of range would write over another episode's state.
    jit: Any = numba.njit(nogil=True, boundscheck=True, error_model="python")
    user_reset, user_step = jit(env.reset), jit(env.step)
    user_observe = jit(env.observe or _whole_state)

    @compiled
    def bits(answer: Any) -> int:
        flag = 0
        if answer[1]:
            flag |= TERMINATED
        if len(answer) == 3 and answer[2]:
            flag |= TRUNCATED
        return flag

    if takes_rng:

        @compiled
        def call_step(state: Any, action: Any, rng: Any) -> Any:
            return user_step(state, action, rng)

    else:

        @compiled
        def call_step(state: Any, action: Any, rng: Any) -> Any:
            return user_step(state, action)

    def reset(context, lanes, states, seeds, observations):  # type: ignore[no-untyped-def]
        state = numba.carray(states, (lanes, width), np.float64)
        words = numba.carray(states, (lanes, width), np.uint64)
        seed = numba.carray(seeds, (lanes,), np.uint64)
        observation = numba.carray(observations, (lanes, size), np.float32)
        for i in range(lanes):
            words[i, 0] = seed[i]
            words[i, 1] = 0
            try:
                user_reset(state[i, HEAD:], words[i, 0:1])
                user_observe(state[i, HEAD:], observation[i])
            except Exception:
                # reset has no flag, so the first step sets it.
                words[i, 1] = 1
                observation[i, :] = 0.0

    def step(context, lanes, states, actions, observations, rewards, flags):  # type: ignore[no-untyped-def]
        state = numba.carray(states, (lanes, width), np.float64)
        words = numba.carray(states, (lanes, width), np.uint64)
        action = numba.carray(actions, (lanes, values), np.float32)
        observation = numba.carray(observations, (lanes, size), np.float32)
        reward = numba.carray(rewards, (lanes,), np.float32)
        flag = numba.carray(flags, (lanes,), np.uint8)
        for i in range(lanes):
            if words[i, 1] != 0:
                flag[i] = ERROR
                reward[i] = 0.0
                observation[i, :] = 0.0
                continue
            try:
                if discrete:
                    answer = call_step(state[i, HEAD:], int(action[i, 0]), words[i, 0:1])
                else:
                    answer = call_step(state[i, HEAD:], action[i], words[i, 0:1])
                user_observe(state[i, HEAD:], observation[i])
                reward[i] = answer[0]
                flag[i] = bits(answer)
            except Exception:
                words[i, 1] = 1
                flag[i] = ERROR
                reward[i] = 0.0
                observation[i, :] = 0.0

    pointer = types.voidptr
    try:
        compiled_reset = numba.cfunc(types.void(pointer, types.int32, pointer, pointer, pointer))(reset)
        compiled_step = numba.cfunc(
            types.void(pointer, types.int32, pointer, pointer, pointer, pointer, pointer)
        )(step)
    except (numba.core.errors.NumbaError, numba.core.errors.UnsupportedBytecodeError) as error:
        raise ValueError(f"{env.name}: numba cannot compile it:\n{_gist(str(error))}") from error
    return compiled_reset, compiled_step, (user_reset, user_step, user_observe)


def _whole_state(state: Any, observation: Any) -> None:
    observation[:] = state


def _gist(text: str) -> str:
    """numba's message without the lines about its own passes."""
    noise = ("Failed in nopython", "During: Pass")
    lines = [line for line in text.splitlines() if not line.startswith(noise)]
    return "\n".join(lines[:20]).strip()


_taught = False


def _teach(numba: Any) -> None:
    """Lets compiled functions call `uniform` and `normal`."""
    global _taught
    if _taught:
        return
    from numba.extending import overload

    @overload(uniform)
    def _uniform(rng, low=0.0, high=1.0):  # type: ignore[no-untyped-def]
        def draw(rng, low=0.0, high=1.0):  # type: ignore[no-untyped-def]
            word = rng[0] + np.uint64(0x9E3779B97F4A7C15)
            rng[0] = word
            word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            word ^= word >> np.uint64(31)
            return low + (high - low) * (np.float64(word >> np.uint64(11)) * 2.0**-53)

        return draw

    @overload(normal)
    def _normal(rng, mean=0.0, deviation=1.0):  # type: ignore[no-untyped-def]
        def draw(rng, mean=0.0, deviation=1.0):  # type: ignore[no-untyped-def]
            radius = math.sqrt(-2.0 * math.log(1.0 - uniform(rng)))
            return mean + deviation * radius * math.cos(2.0 * math.pi * uniform(rng))

        return draw

    _taught = True


def _compare(env: Functions, spec: EnvSpec) -> None:
    """Compiled functions against plain Python for a few steps: integers that wrap otherwise show."""
    lanes = CustomLanes(spec, 1)
    for seed in (5, 6):
        state, rng, observation = env.start(seed)
        seen = [observation.copy()]
        compiled = [lanes.reset([0], [seed])[0]]
        for number in range(3):
            if env.discrete:
                action, batch = number % env.action_size, np.array([number % env.action_size])
            else:
                low: Any = -1.0 if spec.action_low is None else np.maximum(spec.action_low, -1.0)
                high: Any = 1.0 if spec.action_high is None else np.minimum(spec.action_high, 1.0)
                action = (low + (high - low) * np.float32(0.3 + 0.2 * number)) * np.ones(env.action_size)
                batch = action = action.astype(np.float32)
            reward, over = env.advance(state, rng, observation, action, f"step {number}")
            answer = lanes.step([0], batch.reshape(1, -1) if not env.discrete else batch)
            seen.append(np.append(observation, reward))
            compiled.append(np.append(answer[0][0], answer[1][0]))
            if over != bool(answer[2][0] or answer[3][0]):
                raise ValueError(
                    f"{env.name}: compiled, an episode ends elsewhere than in Python (step {number})"
                )
            if over:
                break
        for number, (python, native_) in enumerate(zip(seen, compiled)):
            if not np.allclose(python, native_, rtol=1e-4, atol=1e-5):
                raise ValueError(
                    f"{env.name}: compiled, it gives {native_.tolist()} where Python gives "
                    f"{python.tolist()} (observation and reward after {number} steps of seed {seed}); "
                    "look for integers that overflow or divide"
                )
