"""What the python engine adds up: an episode's sums, all returns, observation sums in their leaves."""

from __future__ import annotations

import numpy as np

from ember_ml.engines.base import LEAF_DIRECTIONS, Evaluation, ObservationSums, Population


class Episode:
    """Sums of one episode, step by step."""

    __slots__ = (
        "count",
        "counted",
        "episode",
        "failed",
        "length",
        "member",
        "shaped",
        "squares",
        "sum",
        "total",
    )

    def __init__(self, member: int, episode: int, observation_size: int) -> None:
        self.member = member
        self.episode = episode
        self.length = 0
        self.total = 0.0
        self.shaped = 0.0
        self.failed = False
        self.count = 0
        self.counted = observation_size > 0
        self.sum = np.zeros(observation_size)
        self.squares = np.zeros(observation_size)

    def add(self, reward: float, scale: float, offset: float) -> None:
        reward = float(np.float32(reward))
        self.length += 1
        self.total += reward
        self.shaped += scale * (reward - offset)


class Result:
    """Arrays of an Evaluation; row `members` holds the unperturbed policy."""

    def __init__(self, members: int, episodes: int, observation_size: int) -> None:
        self.members = members
        self.returns = np.zeros((members + 1, episodes))
        self.shaped = np.zeros((members + 1, episodes))
        self.lengths = np.zeros((members + 1, episodes), np.int32)
        self.failed = np.zeros((members + 1, episodes), np.bool_)

    def add(self, episode: Episode) -> None:
        at = episode.member, episode.episode
        self.returns[at] = episode.total
        self.shaped[at] = episode.shaped
        self.lengths[at] = episode.length
        self.failed[at] = episode.failed

    def finish(self, leaves: list[ObservationSums], with_policy: bool) -> Evaluation:
        m = self.members
        # Episode by episode, because numpy's own sum adds pairwise: the mean is over episodes in index order.
        fitness = np.zeros(m)
        for column in self.shaped[:m].T:
            fitness += column
        fitness /= self.shaped.shape[1]
        fitness[self.failed[:m].any(axis=1)] = -np.inf
        evaluation = Evaluation(
            fitness=fitness,
            returns=self.returns[:m],
            lengths=self.lengths[:m],
            failed=self.failed[:m],
            leaves=leaves,
            steps=int(self.lengths.sum()),
        )
        if with_policy:
            evaluation.policy_returns = self.returns[m]
            evaluation.policy_lengths = self.lengths[m]
        return evaluation


class Leaves:
    """Observation sums in leaves of 16 directions, members and episodes in order, whoever finished first."""

    def __init__(self, population: Population, observation_size: int) -> None:
        self._population = population
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
        for (member, _), episode in sorted(self._done.items()):
            leaf = leaves[member // members]
            leaf.count += episode.count
            leaf.sum += episode.sum
            leaf.sum_of_squares += episode.squares
        return leaves
