"""The real coordinator over thousands of simulated nodes that die and freeze: how much of their time is used,
and whether the training is still the same one.

    python benchmarks/cluster_simulation.py [--nodes 1000 10000] [--generations 5] [--no-copies]

Time is simulated: a shard takes a second of it, give or take; nodes differ in speed; a killed node is heard
of after 15 ms and comes back after 10 s; a frozen one says nothing, ever, and comes back 10 s after it was
given up. What a shard gives is computed for real, by the native engine, when its simulated time is over.
Efficiency is (shards x seconds of a shard / nodes) / seconds of a generation: 1 would be nodes that never
fail and are never idle. The last column compares the training's final state with that of one process.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import random
import time
from typing import Any

from ember_ml import envs, es
from ember_ml.engines.options import EngineOptions
from ember_ml.engines.select import Problem, choose
from ember_ml.engines.sharded.coordinator import Coordinator
from ember_ml.engines.sharded.ledger import Ledger
from ember_ml.engines.sharded.messages import Answered, Done, Event, Joined, Lost, Shard, Work
from ember_ml.engines.sharded.node import part, result_of
from ember_ml.es.strategies.digest import state_digest
from ember_ml.policy.network import network_of

SECONDS, SPREAD, SPEEDS = 1.0, 0.15, 0.1
LATENCY, NOTICED, BACK = 0.003, 0.015, 10.0


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Nodes:
    """A Transport to simulated nodes, each with a queue of work."""

    def __init__(self, clock: Clock, nodes: int, kills: float, freezes: float, seed: int, play: Any) -> None:
        self.sent = self.received = 0
        self._clock, self._play = clock, play
        self._kills, self._freezes = kills, freezes
        self._random = random.Random(seed)
        self._future: list[tuple[float, int, Any]] = []  # heap of (when, order, what)
        self._order = itertools.count()
        self._queues: dict[int, list[Work]] = {}
        self._speed: dict[int, float] = {}
        self._frozen: set[int] = set()
        self._next = 0
        for _ in range(nodes):
            self._join(0.0)

    def _later(self, seconds: float, what: Any) -> None:
        heapq.heappush(self._future, (self._clock.now + seconds, next(self._order), what))

    def _join(self, seconds: float) -> None:
        self._next += 1
        self._later(seconds, Joined(self._next, f"node {self._next}"))

    def expected(self) -> int:
        return len(self._queues) + sum(isinstance(what, Joined) for _, _, what in self._future)

    def submit(self, worker: int, work: Work) -> None:
        if worker in self._queues:
            self._queues[worker].append(work)
            if len(self._queues[worker]) == 1:
                self._begin(worker, LATENCY)

    def _begin(self, worker: int, delay: float) -> None:
        seconds = SECONDS * self._speed[worker] * self._random.lognormvariate(0.0, SPREAD)
        fate = self._random.random()
        if fate < self._kills:
            self._later(delay + seconds * self._random.random() + NOTICED, Lost(worker, "killed"))
        elif fate < self._kills + self._freezes:
            self._frozen.add(worker)
        else:
            self._later(delay + seconds, (worker, self._queues[worker][0]))

    def poll(self, timeout: float) -> list[Event]:
        end = self._clock.now + timeout
        found: list[Event] = []
        while self._future and (not found or self._future[0][0] <= self._clock.now):
            if self._future[0][0] > end:
                break
            when, _, what = heapq.heappop(self._future)
            self._clock.now = max(self._clock.now, when)
            if isinstance(what, Joined):
                self._queues[what.worker] = []
                self._speed[what.worker] = 1.0 + self._random.uniform(-SPEEDS, SPEEDS)
                found.append(what)
            elif isinstance(what, Lost):
                if self._gone(what.worker):
                    found.append(what)
            else:
                worker, work = what
                if worker not in self._queues:
                    continue
                self._queues[worker].pop(0)
                found.append(Answered(worker, self._play(work)))
                if self._queues[worker]:
                    self._begin(worker, 0.0)
        if not found:
            self._clock.now = end
        return found

    def _gone(self, worker: int) -> bool:
        self._frozen.discard(worker)
        self._speed.pop(worker, None)
        there = self._queues.pop(worker, None) is not None
        if there:
            self._join(BACK)
        return there

    def fence(self, worker: int) -> None:
        self._gone(worker)

    def close(self) -> None: ...


class Alone:
    """The training's state, for a coordinator whose nodes need no replicas."""

    def maker(self) -> Any:
        raise NotImplementedError("simulated nodes have no replicas")

    def snapshot(self) -> bytes:
        return b"state"

    def digest(self) -> int:
        return 0


def train(
    nodes: int, generations: int, kills: float, freezes: float, copy: bool, shards: int
) -> dict[str, Any]:
    """`generations` of OpenAI-ES on Simple1D-v0 with 16 directions a shard; nodes=0: in one process."""
    env = envs.make("Simple1D-v0")
    network = network_of((4,), env, 0)[0]
    problem = Problem(env, network, where=EngineOptions(threads=1))
    engine = choose(problem).make(problem)
    strategy = es.OpenAIES(directions=16 * shards, sigma=0.1)
    strategy.start([0.01] * network.parameters, seed=0)
    cut = [Shard(16 * k, 16, False, k == 0) for k in range(shards)]
    population = strategy.population()

    played = [0.0]

    def play(work: Work) -> Done:
        began = time.perf_counter()
        result = engine.evaluate(part(population, work.shard), None, work.shard.with_policy)
        returns = result.returns.tobytes()
        played[0] += time.perf_counter() - began
        return Done(work.round, work.number, returns, None, b"", b"", b"", result.steps, SECONDS)

    clock, spent, wall = Clock(), 0.0, 0.0
    coordinator = None
    if nodes:
        transport = Nodes(clock, nodes, kills, freezes, 1, play)
        coordinator = Coordinator(transport, Ledger(Alone()), clock=clock, copy=copy)
        coordinator.wait_for(nodes, 1.0)
    for _ in range(generations):
        population = strategy.population()
        if coordinator is None:
            fitness = engine.evaluate(population).fitness
        else:
            began, wall_began = clock.now, time.perf_counter()
            answers = coordinator.evaluate(cut)
            spent += clock.now - began
            wall += time.perf_counter() - wall_began
            parts = [result_of(answer, shard, 1, 1.0)["fitness"] for shard, answer in zip(cut, answers)]
            fitness = [value for values in parts for value in values]
        strategy.tell(fitness)
    result: dict[str, Any] = {"digest": state_digest(strategy, None)}
    if coordinator is not None:
        result["efficiency"] = shards * SECONDS / nodes * generations / spent
        result["seconds"] = spent / generations
        result["own"] = (wall - played[0]) / generations
        result["counts"] = coordinator.counts
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, nargs="+", default=[1000, 10000])
    parser.add_argument("--generations", type=int, default=5)
    parser.add_argument("--shards", type=int, nargs="+", default=[8], help="a node")
    parser.add_argument("--kills", type=float, default=0.01, help="chance that a node dies during a shard")
    parser.add_argument("--freezes", type=float, default=0.002)
    parser.add_argument("--no-copies", action="store_true")
    chosen = parser.parse_args()
    print(
        "nodes  shards a node  efficiency  s a generation  killed  frozen  issued again  copies  late  "
        "coordinator s  same as one process"
    )
    for nodes in chosen.nodes:
        for each in chosen.shards:
            alone = train(0, chosen.generations, 0.0, 0.0, True, nodes * each)
            many = train(
                nodes, chosen.generations, chosen.kills, chosen.freezes, not chosen.no_copies, nodes * each
            )
            c = many["counts"]
            same = "yes" if many["digest"] == alone["digest"] else "NO"
            print(
                f"{nodes:5}  {each:13}  {many['efficiency']:10.3f}  {many['seconds']:14.2f}  "
                f"{c.lost - c.frozen:6}  {c.frozen:6}  {c.reissued:12}  {c.copies:6}  {c.dropped:4}  "
                f"{many['own']:13.2f}  {same}"
            )


if __name__ == "__main__":
    main()
