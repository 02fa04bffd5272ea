"""How near is MuJoCo in the closed loop to MuJoCo alone? Environment steps a second.

    python benchmarks/mujoco_rollout.py [--tasks HalfCheetah-v5 ...] [--threads 1 2] [--out FILE.json]

"bare" is a C loop (mujoco_rollout.c, compiled by `cc` when this starts) of mj_step and mj_rnePostConstraint,
which gymnasium's tasks call after the physics steps of an action. With the same model, frame skip and threads
it replays the same episodes, from the same starts with the same actions, and must end in the same state.
"linear" and "64-64" are our loop with such a policy: policy, physics, observation and its statistics, reward,
end; it must come to the recorded episode's return. Episodes last to their time limit
(`terminate_when_unhealthy=False`). "reacher" is examples/reacher.py, a robot of the user's own. Runs
alternate; printed are medians, and in brackets two medians of the ratio to the bare loop's run just before:
of steps a second, and of steps a second of processor time, which other work disturbs less.

Beside it, where they are installed: `mujoco.rollout` (open loop, without mj_rnePostConstraint), gymnasium
with a linear policy in numpy in one process and by AsyncVectorEnv with two workers, EnvPool (16 environments,
its own mujoco), and training by sb3-contrib's ARS in one process. Wants a quiet machine.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import platform
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

TASKS = ("Swimmer-v5", "Hopper-v5", "HalfCheetah-v5", "Walker2d-v5", "Ant-v5", "Humanoid-v5")
ROBOT = "reacher"
POLICIES = {"linear": (), "64-64": (64, 64)}

Measured = Callable[[], int]  # plays, and returns how many steps


def healthy_for_ever(task: str) -> dict[str, bool]:
    return {} if task in ("Swimmer-v5", "HalfCheetah-v5") else {"terminate_when_unhealthy": False}


def made(task: str) -> Any:
    if task != ROBOT:
        return envs.make(task, **healthy_for_ever(task))
    source = Path(__file__).parents[1] / "examples" / "reacher.py"
    return runpy.run_path(str(source))["Reacher"]


class Played:
    """Our loop with one policy, and the episode that every member plays, recorded."""

    def __init__(self, env: Any, hidden: tuple[int, ...], steps: int) -> None:
        self.env, self.steps = env, min(steps, env.max_steps)
        self.members = steps // self.steps * 8
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

    def loop(self, played: Played, threads: int) -> Measured:
        import mujoco

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
            for thread in team:
                thread.start()
            for thread in team:
                thread.join()
            if not all(np.array_equal(one.qpos, played.end) for one in data):
                raise RuntimeError("the bare loop ended in another state: it did not play the same episode")
            return threads * share * played.steps

        return play


def rollout(played: Played, threads: int) -> Measured:
    import mujoco
    from mujoco import rollout as open_loop

    model, skip = played.model_and_skip
    data = [mujoco.MjData(model) for _ in range(threads)]
    data[0].qpos[:], data[0].qvel[:] = played.qpos, played.qvel
    kind = mujoco.mjtState.mjSTATE_FULLPHYSICS
    state = np.empty(mujoco.mj_stateSize(model, kind))
    mujoco.mj_getState(model, data[0], state, kind)
    starts = np.repeat(state[None], played.members, axis=0)
    control = np.repeat(np.repeat(played.actions.astype(float), skip, axis=0)[None], played.members, axis=0)
    pool = open_loop.Rollout(nthread=threads if threads > 1 else 0)

    def play() -> int:
        pool.rollout([model] * played.members, data, starts, control)
        return played.members * played.steps

    return play


def gymnasium_loop(task: str, played: Played, workers: int) -> Measured:
    import gymnasium

    weights = np.random.default_rng(0).normal(
        0.0, 0.01, played.actions.shape[1:] + (played.env.observation_size,)
    )
    healthy = healthy_for_ever(task)
    if workers == 1:
        env = gymnasium.make(task, **healthy)

        def play() -> int:
            seen, _ = env.reset(seed=0)
            for _ in range(played.steps):
                seen = env.step((weights @ seen).astype(np.float32))[0]
            return played.steps

        return play
    many = gymnasium.make_vec(task, num_envs=workers, vectorization_mode="async", **healthy)

    def play_many() -> int:
        seen, _ = many.reset(seed=0)
        for _ in range(played.steps):
            seen = many.step((seen @ weights.T).astype(np.float32))[0]
        return workers * played.steps

    return play_many


def envpool_loop(task: str, played: Played, threads: int) -> Measured:
    import envpool

    count = 16
    pool = envpool.make_gymnasium(task, num_envs=count, num_threads=threads, **healthy_for_ever(task))
    action = np.zeros((count, *pool.action_space.shape), np.float64)

    def play() -> int:
        pool.reset()
        for _ in range(played.steps // 4):
            pool.step(action)
        return count * (played.steps // 4)

    return play


def sb3_loop(task: str, played: Played) -> Measured:
    from sb3_contrib import ARS

    model = ARS("LinearPolicy", task, n_delta=4, seed=0, device="cpu")

    def play() -> int:
        before = model.num_timesteps
        model.learn(8 * played.steps, reset_num_timesteps=False)
        return int(model.num_timesteps - before)

    return play


def rate(play: Measured) -> tuple[float, float]:
    """Steps a second, and a second of processor time of this process."""
    begun, busy = time.perf_counter(), time.process_time()
    steps = play()
    return steps / (time.perf_counter() - begun), steps / (time.process_time() - busy)


def measure(task: str, bare: Bare, threads: int, steps: int, rounds: int, peers: bool) -> dict[str, Any]:
    played = {name: Played(made(task), hidden, steps) for name, hidden in POLICIES.items()}
    loops: dict[str, Measured] = {}
    for name, one in played.items():
        loops[f"bare, {name}"] = bare.loop(one, threads)
        loops[name] = one.loop(threads)
    first = played["linear"]
    if peers:
        others: dict[str, Callable[[], Measured]] = {"mujoco.rollout": lambda: rollout(first, threads)}
        if task != ROBOT:
            others["EnvPool"] = lambda: envpool_loop(task, first, threads)
        if task != ROBOT and threads == 1:
            others["gymnasium"] = lambda: gymnasium_loop(task, first, 1)
            others["sb3-contrib ARS"] = lambda: sb3_loop(task, first)
        if task != ROBOT and threads == 2:
            others["AsyncVectorEnv"] = lambda: gymnasium_loop(task, first, 2)
        for name, make in others.items():
            with contextlib.suppress(ImportError):
                loops[name] = make()
    for play in loops.values():
        play()  # warm
    rates: dict[str, list[tuple[float, float]]] = {name: [] for name in loops}
    for _ in range(rounds):
        for name, play in loops.items():
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--tasks", nargs="+", choices=(*TASKS, ROBOT), default=(*TASKS, ROBOT))
    parser.add_argument("--threads", nargs="+", type=int, choices=(1, 2, 4, 8), default=(1, 2))
    parser.add_argument("--steps", type=int, default=1000, help="of an episode, 8 of which are a run")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--no-peers", action="store_true", help="only our loop and the bare one")
    parser.add_argument("--out", default="")
    options = parser.parse_args()
    import gymnasium
    import mujoco

    versions = {"mujoco": mujoco.__version__, "gymnasium": gymnasium.__version__, "cpus": os.cpu_count()}
    print(versions, flush=True)
    found = []
    with tempfile.TemporaryDirectory(prefix="ember-bare-") as folder:
        bare = Bare(Path(folder))
        for task in options.tasks:
            for threads in options.threads:
                peers = not options.no_peers
                found.append(measure(task, bare, threads, options.steps, options.rounds, peers))
                print(line(found[-1]), flush=True)
    if options.out:
        told = {"versions": versions, "machine": platform.processor() or platform.machine(), "rows": found}
        Path(options.out).write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
