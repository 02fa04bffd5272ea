"""The torch and mlx engines: the population is the leading axis, and whole episodes run on the device.

Same noise and starts as the native engine, bit for bit; matrix products and sines differ in their last bits
from backend to backend, so returns agree within a tolerance that grows with the chaos of the environment.

An episode is played in chunks of some dozen actions without a transfer (device_rollout.py; device_compiled.py
has the compiled form). What a chunk recorded is then reduced on the device (who is alive, rewards,
observation sums) and a few numbers an episode come to the host, where they are added in float64
(device_result.py). Members all of whose episodes have ended are dropped between chunks.
"""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ember_ml.engines.device_arrays import Arrays, MlxArrays, TorchArrays
from ember_ml.engines.device_compiled import CompiledEpisodes
from ember_ml.engines.device_low_rank import LowRankRows
from ember_ml.engines.device_policy import SpecPolicy, device_policy
from ember_ml.engines.device_result import Tally
from ember_ml.engines.device_rollout import EagerRollout, Game, Moments
from ember_ml.engines.environments import State, environment
from ember_ml.engines.step_limit import step_limit
from ember_ml.envs.spec import EnvSpec
from ember_ml.policy.normalizer import Normalizer
from ember_ml.policy.spec import PolicySpec
from ember_ml.rollout import POLICY_DIRECTION, EpisodeOptions, Evaluation, Population

#: Actions between two looks at who is still alive, where episodes can end early and where they cannot.
TURNS_TERMINATING = 32
TURNS_FIXED = 128

#: A training compiles by itself when its turns so far, operation by operation, took about as long as
#: compiling: so many turns of a few episodes, fewer of many, of which EPISODES_A_LAUNCH take as long as the
#: launches of a turn.
TURNS_BEFORE_COMPILING = 500_000
EPISODES_A_LAUNCH = 64

#: Most bytes that a chunk records.
RECORD_BYTES = 256 * 2**20


class DeviceEngine:
    """Evaluates populations of a built-in environment on the arrays of one backend.

    Args:
        env: an EnvSpec of kind "builtin".
        policy: a PolicySpec, or a Module whose forward is made of `ops` and layers.
        arrays: the backend and the device.
        compile: let torch.compile make one function of whole episodes, for populations of training (torch
            alone). True: from the first generation on; False: never; None: as the environment variable
            EMBER_COMPILE says (1 or 0), and without it on the CPU once a training has lasted long enough
            (see TURNS_BEFORE_COMPILING). It takes some ten seconds, less if this machine did it before, and
            changes last bits of results.

        options: fields of EpisodeOptions.

    Raises:
        ValueError: an environment that is not built in, widths that differ, an option out of range.
    """

    def __init__(
        self,
        env: EnvSpec,
        policy: PolicySpec | Any,
        arrays: Arrays,
        *,
        compile: bool | None = False,
        **options: Any,
    ) -> None:
        play = EpisodeOptions(**options)
        if env.kind != "builtin":
            raise ValueError(f"env: {env.name} is not built in; the {arrays.backend} engine cannot run it")
        if compile and arrays.backend != "torch":
            raise ValueError(f"compile: got True, but the {arrays.backend} engine does not compile")
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
        self.options = play
        self.episodes = play.episodes
        self.limit = step_limit(env, play.max_steps) or 0
        self.frame_skip = play.frame_skip
        self.normalize = play.normalize
        bounds = self._clipping(play.clip_actions)
        self.game = Game(
            arrays, self.problem, self.policy, env.discrete, bounds, self.frame_skip, env.action_size
        )
        self._compile = compile
        self._compiled: CompiledEpisodes | None = None
        if compile is not False and isinstance(self.policy, SpecPolicy) and not self.policy.spec.memory:
            self._compiled = CompiledEpisodes(self.game, self.limit)
        self._why_not = ""
        self._same_starts: dict[int, State] = {}

    def _clipping(self, clip: bool) -> tuple[list[float], list[float]] | None:
        if not clip or self.env.discrete or self.env.action_low is None or self.env.action_high is None:
            return None
        low, high = self.env.action_low, self.env.action_high
        if isinstance(self.policy, SpecPolicy) and self.policy.within(low, high):
            return None
        return [float(x) for x in low], [float(x) for x in high]

    # ------------------------------------------------------------------------------------------- evaluation

    def evaluate(
        self, population: Population, normalizer: Normalizer | None = None, with_policy: bool = False
    ) -> Evaluation:
        """Returns of every member. See rollout.py.

        Raises:
            ValueError: the policy's forward cannot be run over a population, or statistics are missing.
        """
        members, size = population.members, self.env.observation_size
        total = members + bool(with_policy)
        tally = Tally(self.arrays, total, self.episodes, size if self.normalize else 0, self.frame_skip)
        with self.arrays.session():
            normal = self._on_device(normalizer)
            done = self._torch_module(population, normal, tally)
            low = population.low_rank and isinstance(self.policy, SpecPolicy)
            each = (
                population.perturbation.compact if low and population.perturbation else population.mean.size
            )
            most = max(2, self.arrays.chunk_bytes() // (4 * max(1, each)) // 2 * 2)
            for first in range(done, total, most):
                count = min(most, members - first)
                last = with_policy and first + most >= total
                rows: Any
                if low:
                    rows = LowRankRows(self.arrays, population, first, count, last)
                else:
                    rows = self._rows(population, first, count, last)
                numbers = np.arange(first, first + int(rows.shape[0]))
                self._run(population, rows, numbers, normal, tally)
        return tally.evaluation(population, self.options)

    def _torch_module(self, population: Population, normal: Moments | None, tally: Tally) -> int:
        """Plays the members of a torch module by low rank. Returns how many it played."""
        if not population.low_rank or not hasattr(self.policy, "low_rank"):
            return 0
        for first, rows in self.policy.low_rank(population):
            self._run(population, rows, np.arange(first, first + len(rows)), normal, tally)
        return population.members

    def _rows(self, population: Population, first: int, count: int, policy: bool) -> Any:
        parts = [self.arrays.members(population, first, count)] if count > 0 else []
        if policy:
            parts.append(self.arrays.array(np.asarray(population.mean, np.float32)[None]))
        return self.arrays.join(parts, 0) if len(parts) > 1 else parts[0]

    def _on_device(self, normalizer: Normalizer | None) -> Moments | None:
        if not self.normalize:
            return None
        if normalizer is None:
            raise ValueError("normalizer: got None, but observations are normalised")
        return Moments(self.arrays.array(normalizer.mean), self.arrays.array(normalizer.inverse))

    def _starts(self, population: Population, numbers: NDArray[np.int64]) -> State:
        n, episodes = self.problem.uniforms, self.episodes
        if n == 0:  # nothing is drawn, so all starts are alike in every generation
            key = len(numbers)
            if key not in self._same_starts:
                zeros = self.arrays.array(np.zeros((key, episodes, 1), np.float32))
                self._same_starts = {key: self.problem.reset(self.arrays.ops, zeros)}
            return self._same_starts[key]
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
        normal: Moments | None,
        tally: Tally,
    ) -> None:
        """Plays all episodes of the members `numbers`, whose parameters are `rows`."""
        state = self._starts(population, numbers)
        if self._compiled is not None and self._compiles(population):
            try:
                found = self._compiled(rows, state, normal)
            except Exception as error:  # a compiler raises what it likes, and the eager engine needs none
                self._compiled = None
                self._why_not = f"{type(error).__name__}: {error}".strip().splitlines()[0]
                warnings.warn(
                    f"the {self.name} engine cannot compile here and goes on operation by operation:"
                    f" {self._why_not}",
                    RuntimeWarning,
                    stacklevel=2,
                )
            else:
                tally.add_whole(found, numbers)
                if not found.broken.any():
                    return
                index = np.flatnonzero(found.broken)
                take, numbers = self.arrays.take, numbers[index]
                rows, state = take(rows, index), tuple(take(x, index) for x in state)
        self._eagerly(EagerRollout(self.game, rows, state, normal), normal, numbers, tally)

    def _eagerly(
        self, rollout: EagerRollout, normal: Moments | None, numbers: NDArray[np.int64], tally: Tally
    ) -> None:
        chunk = self._chunk(len(numbers))
        alive: Any = None  # everybody
        played = 0
        while played < self.limit:
            steps = min(chunk, self.limit - played)
            alive = tally.add(rollout.play(steps), normal, alive, numbers)
            played += steps
            if alive is None:
                continue
            there = self.arrays.host(alive).reshape(len(numbers), -1).any(axis=1)
            if not there.any():
                return
            if 2 * np.count_nonzero(there) <= len(numbers):
                index = np.flatnonzero(there)
                numbers = numbers[index]
                alive = self.arrays.take(alive, index)
                rollout.keep(index)

    def _chunk(self, members: int) -> int:
        """Environment steps of a chunk: a whole number of turns."""
        most = TURNS_TERMINATING if self.problem.terminates else TURNS_FIXED
        values = 4 * (8 + self.env.observation_size) * members * self.episodes * self.frame_skip
        return max(4, min(most, RECORD_BYTES // max(1, values))) * self.frame_skip

    def _compiles(self, population: Population) -> bool:
        """Whether this population is played compiled. A function of the generation, not of what this process
        played before, so that a training resumed gives the numbers of one that went through.
        """
        if population.reset_purpose != "reset" or population.low_rank:
            return False
        turns = population.generation * -(-self.limit // self.frame_skip)
        cost = turns * (1 + population.members * self.episodes / EPISODES_A_LAUNCH)
        return self._compile is True or cost >= TURNS_BEFORE_COMPILING

    def explain(self) -> str:
        """Which parts run where, in a sentence."""
        if not isinstance(self.policy, SpecPolicy):
            how = "the Module's own operations one by one"
        elif self.policy.spec.memory:
            how = "operations one by one (a policy with memory is not compiled)"
        elif self._why_not:
            how = f"operations one by one, because compiling failed ({self._why_not})"
        elif self._compiled is None:
            how = "operations one by one"
        elif self._compile:
            how = "whole episodes compiled into one function"
        else:
            how = "operations one by one, compiled when a training gets long (EMBER_COMPILE=1: at once)"
        return (
            f"{self.name} engine on {self.arrays.device}: {self.env.name}, whole episodes on the device, all"
            f" members at once; {self.policy.explain()}; {how}; returns agree with native within a tolerance"
        )

    def close(self) -> None:
        """Nothing to do: arrays go with the engine."""


class TorchEngine(DeviceEngine):
    """The device engine on torch tensors; `device` is "cpu", "cuda", "cuda:N" or "mps".

    Raises:
        MissingExtra: torch is not installed.
        ValueError: no such device here, or as DeviceEngine says.
    """

    def __init__(
        self,
        env: EnvSpec,
        policy: PolicySpec | Any,
        *,
        device: str = "cpu",
        compile: bool | None = None,
        **options: Any,
    ) -> None:
        if compile is None and os.environ.get("EMBER_COMPILE") in ("0", "1"):
            compile = os.environ["EMBER_COMPILE"] == "1"
        if compile is None and device != "cpu":
            compile = False  # not measured there
        super().__init__(env, policy, TorchArrays(device), compile=compile, **options)


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
