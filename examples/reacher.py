"""A robot of your own: a two-link arm follows a moving target, its functions compiled by numba.

    pip install 'ember-ml[mujoco,numba,plot]'
    python examples/reacher.py                  # trains, and writes reacher.png and reacher.gif

The arm is on a table; a motor turns its shoulder and one its elbow. The target goes round the shoulder,
nearer and farther, each episode in another way. A sensor at the tip feels where the target is.

A reward is minus the distance in units of 10 cm, less a little for force. An arm that is left alone earns
about -450 in the 3 s of an episode, a controller designed by hand (force along the arm's Jacobian, damping,
the best of 16 pairs of gains) about -60, most of it on the way to the target. Good is -75 or more.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from ember_ml import envs, es

MODEL = Path(__file__).with_suffix(".xml")
GOOD = -75.0


@envs.mujoco(model=MODEL, frame_skip=2, observation_size=6, max_steps=150)
class Reacher:
    """An action is the two motors' controls; a step takes 0.02 s."""

    def reset(qpos, qvel, mocap_pos, userdata, rng):
        for joint in range(2):
            qpos[joint] = envs.uniform(rng, -math.pi, math.pi) * (0.5 if joint else 1.0)
            qvel[joint] = envs.uniform(rng, -0.1, 0.1)
        userdata[0] = envs.uniform(rng, 0.18, 0.30)
        userdata[1] = qpos[0] + envs.uniform(rng, -2.0, 2.0)
        userdata[2] = envs.uniform(rng, -0.25, 0.25)
        userdata[3] = envs.uniform(rng, 0.0, 0.06)
        mocap_pos[0, 0] = userdata[0] * math.cos(userdata[1])
        mocap_pos[0, 1] = userdata[0] * math.sin(userdata[1])

    def control(action, ctrl, mocap_pos, userdata, time):
        ctrl[:] = action
        angle = userdata[1] + 2.0 * math.pi * userdata[2] * time
        distance = userdata[0] + userdata[3] * math.sin(3.0 * time)
        mocap_pos[0, 0] = distance * math.cos(angle)
        mocap_pos[0, 1] = distance * math.sin(angle)

    def observe(qpos, qvel, sensordata, observation):
        observation[0] = math.cos(qpos[1])
        observation[1] = math.sin(qpos[1])
        observation[2:4] = qvel
        observation[4:6] = sensordata[0:2]  # where the target is, seen from the tip

    def reward(sensordata, action):
        distance = math.sqrt(sensordata[0] ** 2 + sensordata[1] ** 2)
        return -10.0 * distance - 0.01 * (action[0] ** 2 + action[1] ** 2)


def train(seed: int = 0, generations: int = 250) -> es.Run:
    return es.train(Reacher, policy=(16,), generations=generations, seed=seed)


def picture(run: es.Run, path: str, moments: tuple[int, ...] = (0, 15, 60)) -> None:
    """One episode at some of its steps, side by side."""
    import matplotlib.pyplot as plt
    from ember_ml.playback import play

    episode = play(run, frames=True)
    shown = [n for n, step in enumerate(episode.frame_steps) if step in moments]
    if not shown:
        print("no picture: MuJoCo cannot draw here")
        return
    figure, axes = plt.subplots(1, len(shown), figsize=(4 * len(shown), 3.4), layout="constrained")
    for axis, n in zip(axes, shown):
        axis.imshow(episode.frames[n])
        axis.set_title(f"{0.02 * episode.frame_steps[n]:.1f} s", fontsize=11)
        axis.axis("off")
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--generations", type=int, default=250)
    options = parser.parse_args()
    run = train(options.seed, options.generations)
    print(f"mean return of 100 episodes {run.evaluate(episodes=100).mean:.1f}; good is {GOOD:g} or more")
    picture(run, "reacher.png")
    run.animate("reacher.gif")
