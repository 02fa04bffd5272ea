"""The python engine: environments that are Python objects, all members' episodes side by side."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ember_ml import _core
from ember_ml.engines.python_result import Episode, Leaves, Result
from ember_ml.engines.step_limit import beyond_time_limit, step_limit
from ember_ml.envs.abi import CustomLanes
from ember_ml.envs.lanes import LaneError, Lanes, ObjectLanes
from ember_ml.envs.spec import EnvSpec
from ember_ml.envs.starts import Starts
from ember_ml.envs.workers import WorkerLanes
from ember_ml.errors import EvaluationError
from ember_ml.noise.stream import PURPOSES
from ember_ml.policy.forward import Forward, make_forward, rows_of
from ember_ml.policy.normalizer import Normalizer
from ember_ml.policy.spec import PolicySpec
from ember_ml.rollout import (
    POLICY_DIRECTION,
    EpisodeOptions,
    Evaluation,
    Float32,
    Population,
)

#: Episodes side by side, at most: each needs an environment object of its own.
MOST_LANES = 64

#: An episode this long in an environment that has no time limit ends the run with an error.
ENDLESS = 100_000


class PythonEngine:
    """Evaluates populations on environments stepped in Python; all live episodes' forwards are one call.

    Args:
        spec: an environment of kind "python" (`envs.make`).
        policy: a PolicySpec, run by the native core, or a Module (`forward`, `from_vector`), called episode
            by episode.
        workers: processes that step the environments; 0 or 1 steps them here. Results do not depend on it.
        start_method: how processes start (multiprocessing's names).
        lanes: episodes side by side, each with an environment object of its own; None: as many as there are,
            at most MOST_LANES. Results do not depend on it where a seed decides the starts.
        device: where a torch module runs.
        options: fields of EpisodeOptions.
    """

    name = "python"
    takes = ("workers", "lanes")

    def __init__(
        self,
        spec: EnvSpec,
        policy: PolicySpec | Any,
        *,
        workers: int | None = None,
        start_method: str = "spawn",
        lanes: int | None = None,
        device: str | None = None,
        **options: Any,
    ) -> None:
        if lanes is not None and spec.vector and lanes != spec.lanes:
            raise ValueError(f"lanes: got {lanes}, but the vector environment {spec.name} has {spec.lanes}")
        self.lanes = lanes
        self.options = EpisodeOptions(**options)
        self.spec = spec = beyond_time_limit(spec, self.options.max_steps)
        self.workers = int(workers or 0)
        self.start_method = start_method
        self.limit = step_limit(spec, self.options.max_steps)
        self._forgives = self.options.on_error == "rank_last"
        self._forward: Forward = make_forward(policy, device)
        self._check_sizes()
        self._starts = None if spec.seedable else Starts(spec.name, spec.vector)
        self._lanes: Lanes | None = None
        self._finalizer: Any = None

    def _check_sizes(self) -> None:
        for what, policy, env in (
            ("inputs", self._forward.inputs, self.spec.observation_size),
            ("outputs", self._forward.outputs, self.spec.action_size),
        ):
            if policy is not None and env and policy != env:
                wanted = "observations of" if what == "inputs" else "actions of"
                raise ValueError(f"policy has {policy} {what}, but {self.spec.name} has {wanted} size {env}")

    def evaluate(
        self, population: Population, normalizer: Normalizer | None = None, with_policy: bool = False
    ) -> Evaluation:
        """Runs all members' episodes. See rollout.py.

        Raises:
            EvaluationError: the environment or the policy raised, or gave NaN or a wrong shape.
        """
        members, episodes = population.members, self.options.episodes
        options = self.options
        native = self.spec.kind == "custom"  # float32 rewards, whose sums are the native engine's
        result = Result(members, episodes, options.reward_scale, options.reward_offset, native)
        size = self.spec.observation_size
        self._shift = np.zeros(size) if normalizer is None else normalizer.mean.astype(np.float64)
        normal = normalizer if options.normalize else None
        leaves = Leaves(population, size, self._forgives) if options.normalize else None
        try:
            for first, rows in rows_of(self._forward, population):
                numbers = range(first, first + len(rows))
                jobs = [(member, episode) for member in numbers for episode in range(episodes)]
                self._run(population, rows, first, jobs, normal, result, leaves)
            if with_policy:
                last = [(members, e) for e in range(episodes)]
                self._run(population, population.mean[None], members, last, normal, result, None)
        except BaseException:
            # A reply may still be on its way from a worker, or an environment be in the middle of an episode.
            self.close()
            raise
        return result.finish(leaves.sums() if leaves else [], with_policy)

    def _run(
        self,
        population: Population,
        rows: Any,
        first: int,
        jobs: list[tuple[int, int]],
        normal: Normalizer | None,
        result: Result,
        leaves: Leaves | None,
    ) -> None:
        """Runs jobs (member, episode) side by side; a lane that finishes takes the next job."""
        queue = jobs[::-1]
        lanes = self._open()
        self._forward.load(rows)
        limit = self.limit if self.limit is not None else ENDLESS
        size = self.spec.observation_size if leaves is not None else 0
        live: list[int] = []
        running: dict[int, Episode] = {}
        observations = np.empty((0, self.spec.observation_size), np.float32)
        while live or queue:
            if queue and (lanes.refill or not live) and len(live) < lanes.size:
                free = [lane for lane in range(lanes.size) if lane not in running][: len(queue)]
                started = [queue.pop() for _ in free]
                for lane, (member, episode) in zip(free, started):
                    running[lane] = Episode(member, episode, size)
                seeds = [self._seed(population, member, episode) for member, episode in started]
                fresh = self._guard(population, running, partial(lanes.reset, free, seeds))
                if self._starts is not None:
                    self._starts.look(fresh)
                lost = ~np.isfinite(fresh).all(axis=1)  # lanes that forgive
                for lane in np.asarray(free)[lost].tolist():
                    running[lane].failed = True
                    self._finish(population, running.pop(lane), result, leaves)
                observations = np.concatenate([observations, fresh[~lost]])
                live = live + [lane for lane in free if lane in running]
                if not live:
                    continue
            observations, ended = self._advance(
                population, lanes, live, running, first, observations, normal, limit
            )
            if ended.any():
                for index in np.flatnonzero(ended):
                    self._finish(population, running.pop(live[index]), result, leaves)
                live = [lane for lane, end in zip(live, ended) if not end]
                observations = observations[~ended]

    def _finish(
        self, population: Population, episode: Episode, result: Result, leaves: Leaves | None
    ) -> None:
        if not math.isfinite(episode.total + episode.shifted):
            raise self._error(population, episode, "the sum of the episode's rewards is not finite")
        result.add(episode)
        if leaves is not None:
            leaves.add(episode)

    def _advance(
        self,
        population: Population,
        lanes: Lanes,
        live: list[int],
        running: dict[int, Episode],
        first: int,
        observations: Float32,
        normal: Normalizer | None,
        limit: int,
    ) -> tuple[Float32, NDArray[np.bool_]]:
        """One action for every live lane, held for frame_skip environment steps."""
        episodes = [running[lane] for lane in live]
        if self.options.normalize:
            self._count(population, episodes, observations)
        which = np.array([e.member - first for e in episodes], dtype=np.intp)
        inputs = observations if normal is None else normal(observations)
        outputs = self._outputs(population, episodes, which, inputs)
        broken: NDArray[np.bool_] = np.asarray(np.isnan(outputs).any(axis=1))
        actions = self.spec.actions(
            np.where(broken[:, None], np.float32(0), outputs), self.options.clip_actions
        )
        if not self.spec.discrete:
            broken |= ~np.isfinite(actions).all(axis=1)
        for index in np.flatnonzero(broken):
            episodes[index].fail()
        ended = broken.copy()
        observations = observations.copy()
        offset = self.options.reward_offset
        for _ in range(self.options.frame_skip):
            going = np.flatnonzero(~ended)
            if not going.size:
                break
            step = partial(lanes.step, [live[i] for i in going], actions[going])
            observations[going], rewards, terminated, truncated = self._guard(population, running, step)
            over = terminated | truncated
            for i, reward, end in zip(going.tolist(), rewards.tolist(), over.tolist()):
                episode = episodes[i]
                if reward != reward:  # NaN: lanes that forgive
                    episode.fail()
                else:
                    episode.add(reward, offset)
                if end:
                    ended[i] = True
                elif episode.length >= limit:
                    if self.limit is None:
                        raise self._error(
                            population, episode,
                            f"the episode has not ended after {ENDLESS:,} steps and there is no time limit; "
                            "give one with max_steps=",
                        )  # fmt: skip
                    ended[i] = True
        return observations, ended

    def _outputs(
        self, population: Population, episodes: list[Episode], which: NDArray[np.intp], inputs: Float32
    ) -> Float32:
        memories = [episode.memory for episode in episodes]
        try:
            outputs = self._forward(which, inputs, memories)
        except Exception as error:
            raise self._error(
                population, episodes[0], f"the policy raised {type(error).__name__}: {error}"
            ) from error
        for episode, memory in zip(episodes, memories):
            episode.memory = memory
        if self.spec.action_size and outputs.shape[1] != self.spec.action_size:
            raise ValueError(
                f"policy gave {outputs.shape[1]} numbers for an observation, but {self.spec.name} has actions"
                f" of size {self.spec.action_size}"
            )
        return outputs

    def _count(self, population: Population, episodes: list[Episode], observations: Float32) -> None:
        deviations = observations.astype(np.float64) - self._shift
        squares = deviations * deviations
        for episode, deviation, square in zip(episodes, deviations, squares):
            if episode.counted:
                episode.count += 1
                episode.sum += deviation
                episode.squares += square

    def _seed(self, population: Population, member: int, episode: int) -> int:
        """31 bits for Python objects, which every seeding function takes; the native engine's 64 for C's."""
        if member >= population.members:
            direction = POLICY_DIRECTION
        else:
            direction = 0 if population.common_starts else population.direction_of(member)
        draw = _core.derived_seed64 if self.spec.kind == "custom" else _core.derived_seed
        purpose = PURPOSES[population.reset_purpose]
        return int(draw(purpose, population.seed, population.generation, direction, episode))

    def _guard(self, population: Population, running: dict[int, Episode], call: Callable[[], Any]) -> Any:
        try:
            return call()
        except LaneError as error:
            cause = error.__cause__
            raise self._error(population, running[error.lane], error.message) from cause

    def _error(self, population: Population, episode: Episode, message: str) -> EvaluationError:
        policy = episode.member >= population.members
        who = "the unperturbed policy" if policy else f"member {episode.member}"
        return EvaluationError(
            f"{self.spec.name}: {message} (generation {population.generation}, {who},"
            f" episode {episode.episode}, step {episode.length})",
            generation=population.generation,
            member=None if policy else episode.member,
        )

    def _open(self) -> Lanes:
        """The lanes, made when first needed; those made stay for the next generation."""
        if self._lanes is None:
            if self.spec.kind == "custom":
                self._lanes = CustomLanes(
                    self.spec, self.lanes or MOST_LANES, diverges=True, forgives=self._forgives
                )
            elif self.spec.kind != "python":
                raise ValueError(
                    f"env: {self.spec.name} is {self.spec.kind}; the python engine steps Python objects"
                )
            elif self.spec.vector:
                self._lanes = self.spec.factory()
                self._lanes.forgives = self._forgives
            else:
                wanted = self.lanes or MOST_LANES
                most = min(wanted, self.spec.lanes or wanted, self._forward.lanes or wanted)
                if self.workers > 1:
                    self._lanes = WorkerLanes(
                        self.spec.factory, most, self.workers, self.start_method, self._forgives
                    )
                else:
                    self._lanes = ObjectLanes(self.spec.factory, most, self._forgives, diverges=True)
            self._finalizer = weakref.finalize(self, _close, self._lanes)
        return self._lanes

    def explain(self) -> str:
        """Which parts run where, in a sentence."""
        where = f"{self.workers} worker processes" if self.workers > 1 else "this process"
        most = self.spec.lanes or self.lanes or MOST_LANES
        return (
            f"python engine: {self.spec.name} is stepped in Python in {where}, up to {most} episodes side by"
            f" side; {self._forward.explain()}"
        )

    def close(self) -> None:
        """Closes the environments and ends worker processes. Used again, the engine makes new ones."""
        if self._finalizer is not None:
            self._finalizer()
        self._lanes = None
        self._finalizer = None

    def __enter__(self) -> PythonEngine:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _close(lanes: Lanes) -> None:
    lanes.close()
