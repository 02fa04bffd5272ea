"""What the python engine adds up: an episode's sums, all returns, observation sums in their leaves."""

from __future__ import annotations

from typing import Any

import numpy as np

from ember_ml.engines.fitness import fitness_of, policy_returns_of, without_offset
from ember_ml.rollout import LEAF_DIRECTIONS, Evaluation, ObservationSums, Population


class Episode:
    """Sums of one episode, step by step."""

    __slots__ = (
        "count",
        "counted",
        "episode",
        "failed",
        "length",
        "member",
        "memory",
        "shifted",
        "squares",
        "sum",
        "total",
    )

    def __init__(self, member: int, episode: int, observation_size: int) -> None:
        self.member = member
        self.episode = episode
        self.memory: Any = None  # what the policy remembers of it
        self.length = 0
        self.total = 0.0
        self.shifted = 0.0
        self.failed = False
        self.count = 0
        self.counted = observation_size > 0
        self.sum = np.zeros(observation_size)
        self.squares = np.zeros(observation_size)

    def add(self, reward: float, offset: float) -> None:
        self.length += 1
        self.total += reward
        self.shifted += reward - offset

    def fail(self) -> None:
        """A step that the simulation did not survive: counted, without a reward."""
        self.length += 1
        self.failed = True


class Result:
    """Arrays of an Evaluation; row `members` holds the unperturbed policy.

    Args:
        native: rewards are float32, as the native engine's; the offset is then taken off as there, at the end
            of an episode instead of at each step.
    """

    def __init__(self, members: int, episodes: int, scale: float, offset: float, native: bool) -> None:
        self.members = members
        self.scale, self.offset, self.native = scale, offset, native
        self.returns = np.zeros((members + 1, episodes))
        self.sums = np.zeros((members + 1, episodes))  # of (reward - offset)
        self.lengths = np.zeros((members + 1, episodes), np.int32)
        self.failed = np.zeros((members + 1, episodes), np.bool_)

    def add(self, episode: Episode) -> None:
        at = episode.member, episode.episode
        self.returns[at] = episode.total
        self.sums[at] = episode.shifted
        self.lengths[at] = episode.length
        self.failed[at] = episode.failed

    def finish(self, leaves: list[ObservationSums], with_policy: bool) -> Evaluation:
        m = self.members
        sums = without_offset(self.returns, self.lengths, self.offset) if self.native else self.sums
        evaluation = Evaluation(
            fitness=fitness_of(sums[:m], self.failed[:m], self.scale),
            returns=self.returns[:m],
            lengths=self.lengths[:m],
            failed=self.failed[:m],
            leaves=leaves,
            steps=int(self.lengths.sum()),
        )
        if with_policy:
            evaluation.policy_returns = policy_returns_of(self.returns[m], self.failed[m])
            evaluation.policy_lengths = self.lengths[m]
        return evaluation


class Leaves:
    """Observation sums in leaves of 16 directions, members and episodes in order, whoever finished first.

    Args:
        whole: leave out members with a failed episode.
    """

    def __init__(self, population: Population, observation_size: int, whole: bool) -> None:
        self._population = population
        self._whole = whole
        self._size = observation_size
        self._done: dict[tuple[int, int], Episode] = {}

    def add(self, episode: Episode) -> None:
        self._done[episode.member, episode.episode] = episode

    def sums(self) -> list[ObservationSums]:
        population = self._population
        pair = 2 if population.antithetic and population.rows is None else 1
        members = LEAF_DIRECTIONS * pair
        leaves = [
            ObservationSums(0.0, np.zeros(self._size), np.zeros(self._size))
            for _ in range(-(-population.members // members))
        ]
        lost = {member for (member, _), episode in self._done.items() if self._whole and episode.failed}
        for (member, _), episode in sorted(self._done.items()):
            if member in lost:
                continue
            leaf = leaves[member // members]
            leaf.count += episode.count
            leaf.sum += episode.sum
            leaf.sum_of_squares += episode.squares
        return leaves
