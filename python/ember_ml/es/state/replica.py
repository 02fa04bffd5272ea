"""A copy of a training's state that makes every update itself, from records: on other machines, and in a
replay.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ember_ml.es.files.record import Record
from ember_ml.es.strategies import Strategy
from ember_ml.es.strategies.digest import state_digest
from ember_ml.policy.normalizer import Normalizer
from ember_ml.policy.observation import ObservationStatistics
from ember_ml.rollout import Population


class Replica:
    """A strategy and its observation statistics.

    Args:
        strategy: made like the training's; its state is loaded over.
        statistics: None where observations are not normalised.
        generations: the plan.
        common_starts: as the trainer's.
    """

    def __init__(
        self,
        strategy: Strategy,
        statistics: ObservationStatistics | None,
        generations: int | None,
        common_starts: bool = False,
    ) -> None:
        self.strategy = strategy
        self.statistics = statistics
        self._generations = generations
        self._common_starts = common_starts

    def restore(self, state: Mapping[str, Any], observations: Mapping[str, Any] | None) -> None:
        """Stands where `Strategy.state_dict` and `ObservationStatistics.state_dict` were taken."""
        self.strategy.load_state_dict(state)
        self.strategy.plan(self._generations)
        if self.statistics is not None and observations is not None:
            self.statistics.load_state_dict(observations)

    def reconfigure(self, config: Mapping[str, Any], optimizer: Any = None) -> None:
        """Takes other arguments of the strategy, at the state it is in."""
        threads, state = self.strategy.threads, self.strategy.state_dict()
        self.strategy = Strategy.from_config(config, optimizer)
        self.strategy.threads = threads
        self.strategy.load_state_dict(state)
        self.strategy.plan(self._generations)

    def load(self, snapshot: bytes) -> None:
        """What `snapshot_of` took in another process of this program."""
        config, optimizer, state, observations = pickle.loads(snapshot)
        threads = self.strategy.threads
        self.strategy = Strategy.from_config(config, optimizer)
        self.strategy.threads = threads
        self.restore(state, observations)

    def apply(self, record: bytes) -> None:
        self.make(Record.unpack(record))

    def make(self, record: Record) -> None:
        """The update of a record."""
        if record.kind == "count":
            self.strategy.skip(record.fitness)
            return
        if record.kind == "update":
            self.strategy.tell(record.fitness)
        if self.statistics is not None:
            self.statistics.add(record.observation_sums())

    def digest(self) -> int:
        return state_digest(self.strategy, self.statistics)

    def population(self, warmup: bool = False) -> Population:
        population: Population = self.strategy.population()
        if warmup:
            population = replace(population, noise_purpose="warmup", reset_purpose="warmup")
        return replace(population, common_starts=True) if self._common_starts else population

    @property
    def normalizer(self) -> Normalizer | None:
        return None if self.statistics is None else self.statistics.normalizer


def own_optimizer(strategy: Strategy) -> Any:
    """The optimiser object where it is the user's, which no configuration describes; else None."""
    return strategy.optimizer if strategy._step is not None else None


def snapshot_of(strategy: Strategy, statistics: ObservationStatistics | None) -> bytes:
    """A state for `Replica.load`; it goes to this program's own processes, never to a file."""
    observations = None if statistics is None else statistics.state_dict()
    parts = (strategy.config(), own_optimizer(strategy), strategy.state_dict(), observations)
    return pickle.dumps(parts, protocol=5)


@dataclass(frozen=True)
class ReplicaMaker:
    """Makes a replica in another process, which then needs a snapshot."""

    config: dict[str, Any]
    optimizer: Any
    observations: int  # values of one; 0: not normalised
    generations: int | None
    common_starts: bool

    def __call__(self, threads: int) -> Replica:
        strategy = Strategy.from_config(self.config, self.optimizer)
        strategy.threads = threads
        statistics = ObservationStatistics(self.observations) if self.observations else None
        return Replica(strategy, statistics, self.generations, self.common_starts)
