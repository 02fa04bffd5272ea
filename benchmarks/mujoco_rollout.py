"""How near is MuJoCo in the closed loop to MuJoCo alone? Environment steps a second.

    python benchmarks/mujoco_rollout.py [--tasks HalfCheetah-v5 ...] [--threads 1 2] [--out FILE.md]

"bare" is a C loop (mujoco_rollout.c, compiled by `cc` when this starts) of mj_step and mj_rnePostConstraint,
which gymnasium's tasks call after the physics steps of an action. With the same model, frame skip and threads
it replays the same episodes, from the same starts with the same actions, and must end in the same state. It
is played as in a program of C; "timed" is the same loop as Python's package leaves MuJoCo, which then reads
the system's clock some thirty times a step (our loop does without).
"linear" and "64-64" are our loop with such a policy: policy, physics, observation and its statistics, reward,
end; it must come to the recorded episode's return. Episodes last to their time limit
(`terminate_when_unhealthy=False`). "reacher" is examples/reacher.py, a robot of the user's own. Runs
alternate; printed are medians, and in brackets two medians of the ratio to the bare loop's run just before:
of steps a second, and of steps a second of processor time, which other work disturbs less.

Beside it, where they are installed, the peers of mujoco_peers.py on the same trajectory. Wants a quiet
machine, where all of it takes about five minutes.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import runpy
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from ember_ml import envs, es
from ember_ml.engines.native import NativeEngine
from ember_ml.envs.abi import CustomLanes
from ember_ml.envs.robots.library import entry_points
from ember_ml.report.lanes import start_of
from ember_ml.rollout import Population
from mujoco_peers import COLUMNS, ROBOT, healthy_for_ever, peers

TASKS = ("Swimmer-v5", "Hopper-v5", "HalfCheetah-v5", "Walker2d-v5", "Ant-v5", "Humanoid-v5")
POLICIES = {"linear": (), "64-64": (64, 64)}

Measured = Callable[[], int]  # plays, and returns how many steps


def made(task: str) -> Any:
    if task != ROBOT:
        return envs.make(task, **healthy_for_ever(task))
    source = Path(__file__).parents[1] / "examples" / "reacher.py"
    return runpy.run_path(str(source))["Reacher"]


class Played:
    """Our loop with one policy, and the episode that every member plays, recorded."""

    def __init__(self, env: Any, hidden: tuple[int, ...], steps: int) -> None:
        self.env, self.steps = env, min(steps, env.max_steps)
        self.members = 2  # episodes of a run
        trainer = es.Trainer(
            env, hidden, es.ARS(directions=4, sigma=0.1), seed=0, generations=1, max_steps=20, progress=False
        )
        self.run = trainer.run()
        self.policy = trainer.problem.policy
        opened = env.opener(1)
        data = opened.simulations[0]
        lanes = CustomLanes(env, 1, address=opened.address)
        seen = lanes.reset([0], [start_of(env, 0, 0)])[0]
        self.qpos, self.qvel = data.qpos.copy(), data.qvel.copy()
        controls, self.total = [], 0.0
        for _ in range(self.steps):
            answer = lanes.step([0], np.asarray(self.run.policy(seen), np.float32)[None])
            seen, self.total = answer[0][0], self.total + float(answer[1][0])
            controls.append(data.ctrl.astype(np.float32))
        self.actions = np.ascontiguousarray(controls)
        self.end = data.qpos.copy()
        lanes.close()

    def last(self, seconds: float, threads: int) -> None:
        """As many episodes as last so long on one thread, shared out evenly among threads."""
        steps_a_second = rate(self.loop(1))[1]
        runs = seconds * steps_a_second / self.steps / threads
        self.members = threads * max(1, round(runs))

    @property
    def model_and_skip(self) -> tuple[Any, int]:
        opener = self.env.opener
        robot = getattr(opener, "robot", None)
        return (robot.model, robot.frame_skip) if robot else (opener.model, opener.task["frame_skip"])

    def loop(self, threads: int) -> Measured:
        snapshot = self.run._snapshot
        engine = NativeEngine(self.env, self.policy, threads=threads, max_steps=self.steps, normalize=True)
        rows = np.repeat(snapshot.theta[None], self.members, axis=0)
        population = Population(
            mean=snapshot.theta, scale=0.0, seed=0, generation=0, directions=self.members, antithetic=False,
            reset_purpose="evaluate", common_starts=True, rows=rows,
        )  # fmt: skip

        def play() -> int:
            result = engine.evaluate(population, snapshot.normalizer)
            if not (result.returns == self.total).all():
                raise RuntimeError("our loop did not play the recorded episode")
            return int(result.lengths.sum())

        return play


class Library(ctypes.Structure):
    _fields_ = [(name, ctypes.c_void_p) for name in ("step", "forward", "reset", "rne")]


class Simulation(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_void_p) for name in ("model", "data", "qpos", "qvel", "ctrl")),
        *((name, ctypes.c_int) for name in ("nq", "nv", "nu", "skip")),
    ]


class Recorded(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_void_p) for name in ("qpos", "qvel", "actions")),
        ("steps", ctypes.c_int),
    ]


class Bare:
    """The C loop over the episode of a `Played`."""

    def __init__(self, folder: Path) -> None:
        library = folder / "bare.so"
        source = Path(__file__).with_suffix(".c")
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
        self._play = ctypes.CDLL(str(library)).play
        at = entry_points()
        names = ("mj_step", "mj_forward", "mj_resetData", "mj_rnePostConstraint")
        self._library = Library(*(at[name] for name in names))

    def loop(self, played: Played, threads: int, timed: bool = False) -> Measured:
        import mujoco

        clock = ctypes.c_void_p.from_address(entry_points()["mjcb_time"])
        model, skip = played.model_and_skip
        share = played.members // threads
        data = [mujoco.MjData(model) for _ in range(threads)]
        simulations = [
            Simulation(
                model._address, one._address,
                one.qpos.ctypes.data, one.qvel.ctypes.data, one.ctrl.ctypes.data,
                model.nq, model.nv, model.nu, skip,
            )
            for one in data
        ]  # fmt: skip
        episode = Recorded(
            played.qpos.ctypes.data, played.qvel.ctypes.data, played.actions.ctypes.data, played.steps
        )
        episodes = (Recorded * share)(*[episode] * share)

        def play() -> int:
            team = [
                threading.Thread(
                    target=self._play,
                    args=(ctypes.byref(self._library), ctypes.byref(s), episodes, share),
                )
                for s in simulations
            ]
            set_before = clock.value
            if not timed:
                clock.value = None
            for thread in team:
                thread.start()
            for thread in team:
                thread.join()
            clock.value = set_before
            if not all(np.array_equal(one.qpos, played.end) for one in data):
                raise RuntimeError("the bare loop ended in another state: it did not play the same episode")
            return threads * share * played.steps

        return play


def rate(play: Measured) -> tuple[float, float]:
    """Steps a second, and a second of processor time of this process."""
    begun, busy = time.perf_counter(), time.process_time()
    steps = play()
    return steps / (time.perf_counter() - begun), steps / (time.process_time() - busy)


def measure(task: str, bare: Bare, threads: int, options: argparse.Namespace) -> dict[str, Any]:
    played = {name: Played(made(task), hidden, options.steps) for name, hidden in POLICIES.items()}
    loops: dict[str, Measured] = {}
    for name, one in played.items():
        one.last(options.seconds * threads, threads)
        loops[f"bare, {name}"] = bare.loop(one, threads)
        loops[name] = one.loop(threads)
    loops["timed"] = bare.loop(played["linear"], threads, timed=True)
    ours = tuple(loops)
    with contextlib.ExitStack() as closing:
        if not options.no_peers:
            for name, make in peers(task, played["linear"], threads, closing).items():
                with contextlib.suppress(ImportError):
                    loops[name] = make()
        for play in loops.values():
            play()  # warm
        rates: dict[str, list[tuple[float, float]]] = {name: [] for name in loops}
        for number in range(options.rounds):
            for name, play in loops.items():
                if name in ours or number < 3:
                    rates[name].append(rate(play))
    found: dict[str, Any] = {"task": task, "threads": threads}
    found["steps_per_second"] = {name: float(np.median(values, 0)[0]) for name, values in rates.items()}
    ratios = {name: np.median(np.divide(rates[name], rates[f"bare, {name}"]), 0) for name in POLICIES}
    found["of_bare"] = {name: float(ratio[0]) for name, ratio in ratios.items()}
    found["of_bare_by_processor_time"] = {name: float(ratio[1]) for name, ratio in ratios.items()}
    return found


def line(found: dict[str, Any]) -> str:
    cells = [found["task"], str(found["threads"])]
    for name, value in found["steps_per_second"].items():
        ratio = ""
        if name in POLICIES:
            ratio = f" ({found['of_bare'][name]:.3f}, {found['of_bare_by_processor_time'][name]:.3f})"
        cells.append(f"{name} {value / 1e3:.1f} k{ratio}")
    return " | ".join(cells)


def table(rows: list[dict[str, Any]], versions: dict[str, Any]) -> str:
    """The page that `--out` writes."""
    heads = ("task", "threads", "bare", "linear", "of bare", "bare", "64-64", "of bare", "timed", *COLUMNS)
    lines = [
        "# MuJoCo in the closed loop", "",
        "Thousand environment steps a second by the clock, medians, made by"
        " `python benchmarks/mujoco_rollout.py --out FILE.md`; its docstring and mujoco_peers.py's say what"
        " each column plays. \"of bare\": median ratio to the bare loop's"
        " run just before, by the clock and by processor time. " + ", ".join(
            f"{name} {value}" for name, value in versions.items()) + ".", "",
        f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}",
    ]  # fmt: skip
    for row in rows:
        speed = row["steps_per_second"]
        cells = [row["task"], str(row["threads"])]
        for name in POLICIES:
            cells += [f"{speed[f'bare, {name}'] / 1e3:.1f}", f"{speed[name] / 1e3:.1f}"]
            cells.append(f"{row['of_bare'][name]:.3f}, {row['of_bare_by_processor_time'][name]:.3f}")
        cells += [f"{speed[name] / 1e3:.1f}" if name in speed else "" for name in ("timed", *COLUMNS)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def versions_here() -> dict[str, Any]:
    from importlib.metadata import PackageNotFoundError, version

    found: dict[str, Any] = {}
    for name in ("mujoco", "gymnasium", "envpool", "sb3-contrib"):
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return {**found, "cores": os.cpu_count(), "load before": f"{os.getloadavg()[0]:.1f}"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--tasks", nargs="+", choices=(*TASKS, ROBOT), default=(*TASKS, ROBOT))
    parser.add_argument("--threads", nargs="+", type=int, choices=(1, 2, 4, 8), default=(1, 2))
    parser.add_argument("--steps", type=int, default=1000, help="of an episode")
    parser.add_argument("--seconds", type=float, default=0.4, help="that a run of our loop lasts, about")
    parser.add_argument("--rounds", type=int, default=7, help="peers take part in three")
    parser.add_argument("--no-peers", action="store_true", help="only our loop and the bare one")
    parser.add_argument("--out", default="", help="a page to write")
    options = parser.parse_args()
    versions = versions_here()
    print(versions, flush=True)
    found = []
    with tempfile.TemporaryDirectory(prefix="ember-bare-") as folder:
        bare = Bare(Path(folder))
        for task in options.tasks:
            for threads in options.threads:
                found.append(measure(task, bare, threads, options))
                print(line(found[-1]), flush=True)
    if options.out:
        Path(options.out).write_text(table(found, versions))


if __name__ == "__main__":
    main()
