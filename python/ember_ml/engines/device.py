"""The torch and mlx engines: the population is the leading axis, and whole episodes run on the device.

Same noise and starts as the native engine, bit for bit; matrix products and sines differ in their last bits
from backend to backend, so returns agree within a tolerance that grows with the chaos of the environment.

An episode is played in chunks of some dozen actions without a transfer. What a chunk recorded is then reduced
on the device (who is alive, rewards, observation sums) and a few numbers an episode come to the host, where
they are added in float64. Members all of whose episodes have ended are dropped between chunks.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ember_ml.engines.base import POLICY_DIRECTION, Evaluation, Float32, ObservationSums, Population
from ember_ml.engines.device_arrays import Arrays, MlxArrays, TorchArrays
from ember_ml.engines.device_policy import SpecPolicy, device_policy
from ember_ml.engines.environments import State, environment
from ember_ml.engines.policy_spec import PolicySpec
from ember_ml.envs.spec import EnvSpec

#: Actions between two looks at who is still alive, where episodes can end early and where they cannot.
TURNS_TERMINATING = 32
TURNS_FIXED = 128

#: Actions in one compiled function: more cost less a step and more to compile.
TURNS_COMPILED = 50

#: Most bytes that a chunk records.
RECORD_BYTES = 256 * 2**20

LEAF_DIRECTIONS = 16
_OBSERVATION_CLIP = 10.0


@dataclass
class _Record:
    """What a chunk of T actions, S environment steps played; arrays (steps, members, episodes, 1)."""

    rewards: Any
    states: list[Any]
    over: Any | None
    lost: Any | None  # (T, ...) an output is not a number
    observations: Any | None  # (T, members, episodes, values), when normalising


class DeviceEngine:
    """Evaluates populations of a built-in environment on the arrays of one backend.

    Args:
        env: an EnvSpec of kind "builtin".
        policy: a PolicySpec, or a Module whose forward is made of `ops` and layers.
        arrays: the backend and the device.
        compile: let torch.compile or mx.compile fuse the steps of a chunk. It takes half a minute or so to
            compile on torch, changes last bits of results, and pays for small networks and long trainings.
            None: if the environment variable EMBER_COMPILE is 1.

    Other arguments as for NativeEngine.

    Raises:
        ValueError: an environment that is not built in, widths that differ, an option out of range.
    """

    def __init__(
        self,
        env: EnvSpec,
        policy: PolicySpec | Any,
        arrays: Arrays,
        *,
        episodes: int = 1,
        max_steps: int | None = None,
        frame_skip: int = 1,
        clip_actions: bool = True,
        normalize: bool = False,
        reward_scale: float = 1.0,
        reward_offset: float = 0.0,
        compile: bool | None = None,
    ) -> None:
        for key, value in (("episodes", episodes), ("frame_skip", frame_skip), ("max_steps", max_steps or 1)):
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
                raise ValueError(f"{key} is {value!r}; wanted a positive whole number")
        if env.kind != "builtin":
            raise ValueError(f"env: {env.name} is not built in; the {arrays.backend} engine cannot run it")
        self.name = arrays.backend
        self.env = env
        self.arrays = arrays
        self.problem = environment(env.name, tuple(env.parameters))
        self.policy = device_policy(arrays, policy)
        for what, have, want in (
            ("inputs", self.policy.inputs, env.observation_size),
            ("outputs", self.policy.outputs, env.action_size),
        ):
            if have is not None and have != want:
                raise ValueError(f"policy has {have} {what}, but {env.name} wants {want}")
        self.episodes = int(episodes)
        self.limit = int(max_steps or env.max_steps or 0)
        self.frame_skip = int(frame_skip)
        self.normalize = normalize
        self.reward_scale = float(reward_scale)
        self.reward_offset = float(reward_offset)
        self._bounds = self._clipping(clip_actions)
        wanted = os.environ.get("EMBER_COMPILE") == "1" if compile is None else compile
        self.compile = bool(wanted) and self.policy.compiles
        self._play: Callable[..., Any] = arrays.compiled(self._turns) if self.compile else self._turns

    def _clipping(self, clip: bool) -> tuple[list[float], list[float]] | None:
        if not clip or self.env.discrete or self.env.action_low is None or self.env.action_high is None:
            return None
        low, high = self.env.action_low, self.env.action_high
        if isinstance(self.policy, SpecPolicy) and self.policy.within(low, high):
            return None
        return [float(x) for x in low], [float(x) for x in high]

    # ------------------------------------------------------------------------------------------- evaluation

    def evaluate(
        self,
        population: Population,
        observation_mean: Float32 | None = None,
        observation_inverse_deviation: Float32 | None = None,
        with_policy: bool = False,
    ) -> Evaluation:
        """Returns of every member. See engines/base.py.

        Raises:
            ValueError: the policy's forward cannot be run over a population, or statistics are missing.
        """
        members, size = population.members, self.env.observation_size
        total = members + bool(with_policy)
        result = _Result(total, self.episodes, size if self.normalize else 0)
        with self.arrays.session():
            normal = self._normalisation(observation_mean, observation_inverse_deviation)
            most = max(2, self.arrays.chunk_bytes() // (4 * max(1, population.mean.size)) // 2 * 2)
            for first in range(0, total, most):
                count = min(most, members - first)
                parts = [self.arrays.members(population, first, count)] if count > 0 else []
                if with_policy and first + most >= total:
                    mean = np.asarray(population.mean, np.float32)[None]
                    parts.append(self.arrays.array(mean))
                rows = self.arrays.join(parts, 0) if len(parts) > 1 else parts[0]
                numbers = np.arange(first, first + int(rows.shape[0]))
                self._run(population, rows, numbers, normal, result)
        return self._collect(population, members, result)

    def _normalisation(self, mean: Float32 | None, inverse: Float32 | None) -> tuple[Any, Any] | None:
        if not self.normalize:
            return None
        if mean is None or inverse is None:
            raise ValueError("observation statistics: missing")
        return (
            self.arrays.array(np.asarray(mean, np.float32)),
            self.arrays.array(np.asarray(inverse, np.float32)),
        )

    def _starts(self, population: Population, numbers: NDArray[np.int64]) -> State:
        n, episodes = self.problem.uniforms, self.episodes
        if n == 0:
            return self.problem.reset(
                self.arrays.ops, self.arrays.array(np.zeros((len(numbers), episodes, 1), np.float32))
            )
        pair = 2 if population.antithetic and population.rows is None else 1
        if population.common_starts:
            directions = np.zeros(len(numbers), np.int64)
        else:
            directions = population.first_direction + numbers // pair
        directions = np.where(numbers >= population.members, POLICY_DIRECTION, directions)
        u = self.arrays.uniforms(
            population, np.repeat(directions, episodes), np.tile(np.arange(episodes), len(numbers)), n
        )
        return self.problem.reset(self.arrays.ops, u.reshape(len(numbers), episodes, n))

    def _run(
        self,
        population: Population,
        rows: Any,
        numbers: NDArray[np.int64],
        normal: tuple[Any, Any] | None,
        result: _Result,
    ) -> None:
        """Plays all episodes of the members `numbers`, whose parameters are `rows`."""
        weights = self.policy.weights(rows)
        state = self._starts(population, numbers)
        alive: Any = None  # everybody
        played = 0
        while played < self.limit:
            turns = self._chunk(len(numbers))
            steps = min(turns * self.frame_skip, self.limit - played)
            state, record = self._play(weights, normal, state, steps)
            played += steps
            alive = self._reduce(_Record(*record), normal, alive, numbers, result)
            if alive is None:
                continue
            there = self.arrays.host(alive).reshape(len(numbers), -1).any(axis=1)
            if not there.any():
                return
            if not self.compile and 2 * np.count_nonzero(there) <= len(numbers):
                index = np.flatnonzero(there)
                numbers = numbers[index]
                weights = [self.arrays.take(w, index) for w in weights]
                state = tuple(self.arrays.take(x, index) for x in state)
                alive = self.arrays.take(alive, index)

    def _chunk(self, members: int) -> int:
        """Actions of the next chunk."""
        if self.compile:
            return TURNS_COMPILED
        most = TURNS_TERMINATING if self.problem.terminates else TURNS_FIXED
        values = 4 * (8 + self.env.observation_size) * members * self.episodes * self.frame_skip
        return max(4, min(most, RECORD_BYTES // max(1, values)))

    def _turns(
        self, weights: list[Any], normal: tuple[Any, Any] | None, state: State, steps: int
    ) -> tuple[State, tuple[Any, Any, Any, Any, Any]]:
        """The next `steps` steps of every episode, dead or alive, and the record of them.

        Only what the next action waits for is computed step by step; the rest at the end, all steps at once.
        """
        arrays, ops, env = self.arrays, self.arrays.ops, self.problem
        states, actions, outputs, inputs = [state], [], [], []
        for step in range(steps):
            if step % self.frame_skip == 0:
                observation = env.observe(ops, state)
                x = observation[0] if len(observation) == 1 else arrays.join(observation, -1)
                if normal is not None:
                    inputs.append(x)
                    x = ops.clip((x - normal[0]) * normal[1], -_OBSERVATION_CLIP, _OBSERVATION_CLIP)
                out = self.policy.forward(weights, x)
                outputs.append(out)
                action = self._action(out)
            state = env.advance(ops, state, action)
            states.append(state)
            actions.append(action)
        columns = [arrays.stack(column) for column in zip(*states)]
        taken = [arrays.stack(column) for column in zip(*actions)]
        before, after = tuple(c[:-1] for c in columns), tuple(c[1:] for c in columns)
        rewards, over = env.judge(ops, before, taken, after)
        lost = None
        if self.env.discrete:  # where it is not, an action that is no number ends in the state
            stacked = arrays.stack(outputs)
            lost = stacked != stacked
        observed = arrays.stack(inputs) if inputs else None
        return state, (rewards, list(after), over, lost, observed)

    def _action(self, out: Any) -> list[Any]:
        if self.env.discrete:
            return [self.arrays.choice(out)]
        size = self.env.action_size
        action = [out] if size == 1 else [out[..., i : i + 1] for i in range(size)]
        if self._bounds is not None:
            action = [self.arrays.ops.clip(a, lo, hi) for a, lo, hi in zip(action, *self._bounds)]
        return action

    def _reduce(
        self,
        record: _Record,
        normal: tuple[Any, Any] | None,
        alive: Any,
        numbers: NDArray[np.int64],
        result: _Result,
    ) -> Any:
        """Adds a chunk to the result. Returns who lives on; None if nobody can have ended."""
        arrays, ops = self.arrays, self.arrays.ops
        steps = int(record.rewards.shape[0])
        # Finite numbers times zero are zero; the sum is not a number where one of them was not finite.
        check = record.rewards * 0.0
        for column in record.states:
            check = check + column * 0.0
        good = check == 0.0
        if record.lost is not None:
            lost = record.lost.any(-1)[..., None]
            if self.frame_skip > 1:
                lost = arrays.stack([lost[i // self.frame_skip] for i in range(steps)])
            good = good & ~lost if arrays.backend == "torch" else good & (lost == False)  # noqa: E712
        whole = bool(good.all())
        host, total = arrays.host, arrays.total
        if whole and record.over is None and alive is None:
            result.add(numbers, host(total(record.rewards)), steps, False)
            if normal is not None:
                self._count(record.observations, None, normal, numbers, result)
            return None
        bad = good == False  # noqa: E712
        end = bad if record.over is None else bad | record.over
        live = arrays.earlier(end) == False  # noqa: E712
        if alive is not None:
            live = live & alive
        counted = ops.where(live & good, record.rewards, ops.zeros_like(record.rewards))
        failed = (live & bad).any(0)
        result.add(
            numbers,
            host(total(counted)),
            host(total(live)),
            False if whole else host(failed),
        )
        if normal is not None:
            self._count(record.observations, live[:: self.frame_skip], normal, numbers, result)
        ended = end.any(0) == False  # noqa: E712
        return ended if alive is None else ended & alive

    def _count(
        self,
        observations: Any,
        live: Any,
        normal: tuple[Any, Any],
        numbers: NDArray[np.int64],
        result: _Result,
    ) -> None:
        """Adds (x - shift) and its square over live turns."""
        arrays, ops = self.arrays, self.arrays.ops
        deviations = observations - normal[0]
        if arrays.wide:
            deviations = observations.double() - normal[0].double()
        if live is not None:
            deviations = ops.where(live, deviations, ops.zeros_like(deviations))
        sums = arrays.host(arrays.total(deviations)), arrays.host(arrays.total(deviations * deviations))
        turns = int(observations.shape[0]) if live is None else arrays.host(arrays.total(live))[..., 0]
        result.count(numbers, *sums, turns)

    def _collect(self, population: Population, members: int, result: _Result) -> Evaluation:
        # Episode by episode, because numpy's own sum adds pairwise: the mean is over episodes in index order.
        fitness = np.zeros(members)
        for returns, lengths in zip(result.returns[:members].T, result.lengths[:members].T):
            fitness += self.reward_scale * (returns - self.reward_offset * lengths)
        fitness /= self.episodes
        fitness[result.failed[:members].any(axis=1)] = -np.inf
        evaluation = Evaluation(
            fitness=fitness,
            returns=result.returns[:members],
            lengths=result.lengths[:members],
            failed=result.failed[:members],
            steps=int(result.lengths.sum()),
        )
        if self.normalize:
            pair = 2 if population.antithetic and population.rows is None else 1
            for first in range(0, members, LEAF_DIRECTIONS * pair):
                part = slice(first, min(members, first + LEAF_DIRECTIONS * pair))
                evaluation.leaves.append(
                    ObservationSums(
                        float(result.turns[part].sum()),
                        result.sums[part].sum(axis=0),
                        result.squares[part].sum(axis=0),
                    )
                )
        if len(result.returns) > members:
            failed = result.failed[members]
            evaluation.policy_returns = np.where(failed, -np.inf, result.returns[members])
            evaluation.policy_lengths = result.lengths[members]
        return evaluation

    def explain(self) -> str:
        """Which parts run where, in a sentence."""
        if not self.policy.compiles:
            how = "the Module's own operations one by one"
        elif self.compile:
            how = f"{TURNS_COMPILED} actions compiled into one function"
        else:
            how = "operations one by one (EMBER_COMPILE=1 compiles them)"
        return (
            f"{self.name} engine on {self.arrays.device}: {self.env.name}, whole episodes on the device, all"
            f" members at once; {self.policy.explain()}; {how}; returns agree with native within a tolerance"
        )

    def close(self) -> None:
        """Nothing to do: arrays go with the engine."""


class _Result:
    """Arrays of an Evaluation on the host; the last row is the unperturbed policy's if it is played."""

    def __init__(self, rows: int, episodes: int, size: int) -> None:
        self.returns = np.zeros((rows, episodes))
        self.lengths = np.zeros((rows, episodes), np.int32)
        self.failed = np.zeros((rows, episodes), np.bool_)
        self.sums = np.zeros((rows, size))
        self.squares = np.zeros((rows, size))
        self.turns = np.zeros(rows)

    def add(self, numbers: NDArray[np.int64], rewards: Any, lengths: Any, failed: Any) -> None:
        """Arrays (members, episodes, 1) or one number for all."""
        self.returns[numbers] += rewards[..., 0]
        self.lengths[numbers] += lengths if isinstance(lengths, int) else lengths[..., 0].astype(np.int32)
        if failed is not False:
            self.failed[numbers] |= failed[..., 0]

    def count(self, numbers: NDArray[np.int64], sums: Any, squares: Any, turns: Any) -> None:
        """Arrays (members, episodes, observation values), turns (members, episodes) or one number for all."""
        self.sums[numbers] += sums.sum(axis=1, dtype=np.float64)
        self.squares[numbers] += squares.sum(axis=1, dtype=np.float64)
        self.turns[numbers] += turns * sums.shape[1] if isinstance(turns, int) else turns.sum(axis=1)


class TorchEngine(DeviceEngine):
    """The device engine on torch tensors; `device` is "cpu", "cuda", "cuda:N" or "mps".

    Raises:
        MissingExtra: torch is not installed.
        ValueError: no such device here, or as DeviceEngine says.
    """

    def __init__(
        self, env: EnvSpec, policy: PolicySpec | Any, *, device: str = "cpu", **options: Any
    ) -> None:
        super().__init__(env, policy, TorchArrays(device), **options)


class MlxEngine(DeviceEngine):
    """The device engine on mlx arrays; `device` is "gpu", "cpu" or None: the gpu where there is one.

    Raises:
        MissingExtra: mlx is not installed.
        ValueError: no such device here, or as DeviceEngine says.
    """

    def __init__(
        self, env: EnvSpec, policy: PolicySpec | Any, *, device: str | None = None, **options: Any
    ) -> None:
        super().__init__(env, policy, MlxArrays(device), **options)
