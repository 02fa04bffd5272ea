"""A pendulum of your own in plain Python, compiled by numba and trained inside the native loop.

The policy learns to swing up and to stand: a mean return of about -150. Nothing gets more than about -139,
random actions get about -1200, and a policy that only spins, where one seed in ten or so ends, about -780.
"""

import math

from ember_ml import envs, es


@envs.native(state_size=2, observation_size=3, action_size=1, action_low=-2.0, action_high=2.0, max_steps=200)
class MyPendulum:
    """Swing up and stay up; the state is the angle (0 is upright) and its speed."""

    def reset(state, rng):
        state[0] = envs.uniform(rng, -math.pi, math.pi)
        state[1] = envs.uniform(rng, -1.0, 1.0)

    def step(state, action):
        torque = min(max(action[0], -2.0), 2.0)
        angle = state[0] - 2.0 * math.pi * math.floor((state[0] + math.pi) / (2.0 * math.pi))
        cost = angle**2 + 0.1 * state[1] ** 2 + 0.001 * torque**2
        speed = state[1] + (15.0 * math.sin(state[0]) + 3.0 * torque) * 0.05
        state[1] = min(max(speed, -8.0), 8.0)
        state[0] += state[1] * 0.05
        return -cost, False

    def observe(state, observation):
        observation[0] = math.cos(state[0])
        observation[1] = math.sin(state[0])
        observation[2] = state[1]


def main(seed: int = 1) -> es.Run:
    return es.train(MyPendulum, sigma=1.0, learning_rate=0.3, episodes=2, generations=400, seed=seed)


if __name__ == "__main__":
    print(main().evaluate(episodes=100))
