"""Does anything that happens to workers change a training? Each question trains twice, the second time with
trouble, and compares the final parameters bit for bit.

    python benchmarks/cluster_faults.py [QUESTION ...] [--ray]

    workers      in one process, with 1, 2 and 4 workers (and as many Ray actors, with --ray), six strategies
    kills        50 SIGKILLs at random moments; the longest time until one was noticed
    freezes      10 SIGSTOPs, half of them continued later
    changes      200 generations of joins and leaves at random, 20 seeds
    coordinator  the training's own process killed at 20 random moments, resumed from its checkpoint
    bits         a bit of a replica flipped after each of 40 updates
    nodes        a node joins a Ray cluster of two, and another is taken away (asked for by name; needs ray)
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ember_ml import engines, es
from ember_ml.es.state.replica import Replica, ReplicaMaker
from ember_ml.es.trainer import recording

STRATEGIES = {
    "OpenAIES": lambda: es.OpenAIES(directions=64, sigma=0.1),
    "ARS": lambda: es.ARS(directions=64, top=16),
    "SNES": lambda: es.SNES(directions=64, sigma=0.3),
    "PGPE": lambda: es.PGPE(directions=64, sigma=0.3),
    "SepCMAES": lambda: es.SepCMAES(directions=64, sigma=0.3),
    "CRFMNES": lambda: es.CRFMNES(directions=64, sigma=0.3),
}


def trainer(
    engine: Any = "auto", seed: int = 0, generations: int = 40, strategy: str = "OpenAIES", **options: Any
) -> Any:
    made = STRATEGIES[strategy]()
    plan = {"seed": seed, "generations": generations, "progress": False, **options}
    return es.Trainer("Acrobot-v1", (16, 16), made, engine=engine, **plan)


def digest(made: Any) -> str:
    with made:
        return str(made.run().digest)


def say(question: str, equal: bool, text: str) -> None:
    print(f"{question:12} {'the same bits' if equal else 'OTHER BITS'}: {text}", flush=True)


def workers(ray: bool) -> None:
    kinds: list[Any] = [engines.Local] + ([engines.Ray] if ray else [])
    for name in STRATEGIES:
        alone = digest(trainer(strategy=name, generations=10))
        many = [
            digest(trainer(kind(workers=n, threads=1), strategy=name, generations=10))
            for kind in kinds
            for n in (1, 2, 4)
        ]
        say("workers", set(many) == {alone}, f"{name}, {len(many)} trainings, digest {alone}")


class Trouble(threading.Thread):
    """Does something to a random worker every now and then, while a training runs."""

    def __init__(self, made: Any, times: int, pause: float, what: Any) -> None:
        super().__init__(daemon=True)
        self.made, self.times, self.pause, self.what = made, times, pause, what
        self.random = random.Random(1)
        self.done = 0

    def run(self) -> None:
        while self.done < self.times:
            time.sleep(self.random.uniform(0.0, 2.0 * self.pause))
            pids = dict(self.made.engine.transport.pids())
            if pids:
                self.what(self.random.choice(list(pids.values())))
                self.done += 1


def under_trouble(question: str, times: int, pause: float, what: Any, lease: float, report: Any) -> None:
    made = trainer(engines.Local(workers=2, threads=1, lease=lease), generations=100000)
    with made:
        trouble = Trouble(made, times, pause, what)
        made.run(generations=2)
        trouble.start()
        while trouble.is_alive():
            made.run(generations=1)
        run = made.run(generations=2)
        counts = made.engine.coordinator.counts
    alone = trainer(generations=100000).run(generations=len(run.history))
    text = f"{times} in {len(run.history)} generations, {counts.lost} workers lost, {counts.frozen} by lease"
    text += f", {counts.reissued} shards issued again, {counts.dropped} answers dropped{report()}"
    say(question, run.digest == alone.digest, text)


def kills() -> None:
    killed: dict[int, float] = {}
    noticed: list[float] = []

    def kill(pid: int) -> None:
        try:
            killed[pid] = time.monotonic()
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            killed.pop(pid)

    from ember_ml.engines.sharded import local

    lost = local.LocalTransport._lost

    def heard(self: Any, number: int, link: Any) -> Any:
        if link.process.pid in killed:
            noticed.append(time.monotonic() - killed.pop(link.process.pid))
        return lost(self, number, link)

    local.LocalTransport._lost = heard  # type: ignore[method-assign]
    under_trouble("kills", 50, 0.4, kill, 30.0, lambda: f", noticed within {1e3 * max(noticed):.0f} ms"
                  f" (median {1e3 * float(np.median(noticed)):.0f})")  # fmt: skip
    local.LocalTransport._lost = lost  # type: ignore[method-assign]


def freezes() -> None:
    chance = random.Random(2)

    def freeze(pid: int) -> None:
        try:
            os.kill(pid, signal.SIGSTOP)
        except ProcessLookupError:
            return
        if chance.random() < 0.5:
            threading.Timer(chance.uniform(0.1, 2.0), _continue, (pid,)).start()

    under_trouble("freezes", 10, 2.0, freeze, 1.0, lambda: ", leases of 1 s")


def _continue(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGCONT)
    except ProcessLookupError:
        pass


def changes() -> None:
    for seed in range(20):
        chance = random.Random(seed)
        count = [0, 0]

        def change(made: Any, chance: random.Random = chance, count: list[int] = count) -> None:
            transport = made.engine.transport
            if chance.random() > 0.05:
                return
            there = list(transport.pids())
            if len(there) > 1 and (len(there) > 3 or chance.random() < 0.5):
                transport.remove(chance.choice(there))
                count[1] += 1
            else:
                transport.add()
                count[0] += 1

        made = trainer(engines.Local(workers=2, threads=1), seed=seed, generations=200, callbacks=[change])
        found, alone = digest(made), digest(trainer(seed=seed, generations=200))
        say("changes", found == alone, f"seed {seed}, {count[0]} joined, {count[1]} left, digest {found}")


SCRIPT = """
import sys
sys.path.insert(0, {folder!r})
from cluster_faults import engines, es, trainer
if __name__ == "__main__":
    path, generations = sys.argv[1] + "/run.npz", 10**6
    options = dict(engine=engines.Local(workers=1, threads=1), callbacks=[es.Checkpoint(path, every=1)])
    from pathlib import Path
    if Path(path).exists():
        made = es.Trainer.load(path, progress=False, record=sys.argv[1] + "/run.log", **options)
    else:
        made = trainer(generations=generations, record=sys.argv[1] + "/run.log", **options)
    made.run(generations=generations)
"""


def coordinator() -> None:
    chance = random.Random(3)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "script.py"
        script.write_text(SCRIPT.format(folder=str(Path(__file__).parent)))
        stood = []
        for _ in range(20):
            process = subprocess.Popen([sys.executable, str(script), folder])
            before = 0 if not stood else stood[-1]
            while (now := _generations(folder)) <= before and process.poll() is None:
                time.sleep(0.02)
            time.sleep(chance.uniform(0.0, 0.5))
            process.kill()
            process.wait()
            stood.append(max(now, _generations(folder)))
        run = es.load(Path(folder) / "run.npz")
        log = es.replay(Path(folder) / "run.log", len(run.history))
        alone = trainer(generations=10**6).run(generations=len(run.history))
    equal = run.digest == alone.digest == log.digest
    say("coordinator", equal, f"killed after {', '.join(map(str, stood))} generations; the log says the same")


def _generations(folder: str) -> int:
    try:
        return len(es.load(Path(folder) / "run.npz").history)
    except (FileNotFoundError, ValueError):
        return 0


@dataclass(frozen=True)
class FlippingMaker(ReplicaMaker):
    def __call__(self, threads: int) -> Replica:
        made = super().__call__(threads)
        made.__class__ = Flipping
        made.flipped = set()  # type: ignore[attr-defined]
        return made


class Flipping(Replica):
    """One bit of the mean flips after every update."""

    def digest(self) -> int:
        generation = self.strategy.generation  # 0: the state that a worker joins with
        if generation and generation not in self.flipped:  # type: ignore[attr-defined]
            self.flipped.add(generation)  # type: ignore[attr-defined]
            state = self.strategy.state_dict()
            chance = random.Random(generation)
            state["mean"].view(np.uint32)[chance.randrange(len(state["mean"]))] ^= 1 << chance.randrange(20)
            self.strategy.load_state_dict(state)
        return super().digest()


def bits() -> None:
    recording.ReplicaMaker = FlippingMaker  # type: ignore[misc]
    made = trainer(engines.Local(workers=1, threads=1))
    with made:
        run = made.run()
        counts = made.engine.coordinator.counts
    recording.ReplicaMaker = ReplicaMaker  # type: ignore[misc]
    alone = digest(trainer())
    say("bits", run.digest == alone, f"{counts.differed} found before the next evaluation, in 40 generations")


def nodes() -> None:
    os.environ.update(RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER="0", RAY_USAGE_STATS_ENABLED="0")
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    leaves = cluster.add_node(num_cpus=1)
    seen: list[int] = []

    def change(made: Any) -> bool:
        time.sleep(0.5)
        seen.append(len(made.engine.coordinator.workers))
        if made.generation == 6:
            cluster.add_node(num_cpus=1)
        if seen[-1] == 3 and seen.count(3) == 1:
            cluster.remove_node(leaves, allow_graceful=False)
        return seen[-1] == 2 and 3 in seen

    with trainer(engines.Ray(cluster.address), generations=200, callbacks=[change]) as made:
        run = made.run()
    cluster.shutdown()
    alone = trainer(generations=200).run(generations=len(run.history))
    text = f"{seen[5]} nodes, then {max(seen)}, then {seen[-1]}, in {len(run.history)} generations"
    say("nodes", run.digest == alone.digest, text)


def main() -> None:
    questions = {
        "kills": kills,
        "freezes": freezes,
        "changes": changes,
        "coordinator": coordinator,
        "bits": bits,
    }
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "questions", nargs="*", metavar="QUESTION", help=f"workers, {', '.join(questions)} (all)"
    )
    parser.add_argument("--ray", action="store_true", help="also on Ray actors of this machine")
    chosen = parser.parse_args()
    for name in chosen.questions or ["workers", *questions]:
        if name == "workers":
            workers(chosen.ray)
        elif name == "nodes":
            nodes()
        else:
            questions[name]()


if __name__ == "__main__":
    main()
