"""Policies with memory on tasks that cannot be solved without: CartPole and Pendulum that show no velocities,
and a sign to be remembered for 50 steps.

    python examples/memory.py [cartpole | pendulum | copy] [gru | lstm | rnn | mlp]

What is not seen has to be worked out of what was: the cell's state carries it from step to step, and is
forgotten where an episode starts.
"""

import functools
import math
import sys

from ember_ml import envs, es, ops
from ember_ml.nn.modules import GRU, LSTM, RNN, Dense, Sequential

CELLS = {"gru": GRU, "lstm": LSTM, "rnn": RNN}


def cartpole():
    @envs.native(state_size=4, observation_size=2, action_size=2, discrete=True, max_steps=500)
    class PositionsOfCartPole:
        """CartPole-v1, of which only the cart's position and the pole's angle are seen."""

        def reset(state, rng):
            for i in range(4):
                state[i] = envs.uniform(rng, -0.05, 0.05)

        def step(state, action):
            force = 10.0 if action == 1 else -10.0
            x, speed, angle, turning = state
            sine, cosine = math.sin(angle), math.cos(angle)
            push = (force + 0.05 * turning**2 * sine) / 1.1
            turn = (9.8 * sine - cosine * push) / (0.5 * (4.0 / 3.0 - 0.1 * cosine**2 / 1.1))
            state[0] = x + 0.02 * speed
            state[1] = speed + 0.02 * (push - 0.05 * turn * cosine / 1.1)
            state[2] = angle + 0.02 * turning
            state[3] = turning + 0.02 * turn
            return 1.0, abs(state[0]) > 2.4 or abs(state[2]) > 12 * 2 * math.pi / 360

        def observe(state, observation):
            observation[0] = state[0]
            observation[1] = state[2]

    return PositionsOfCartPole


@functools.cache
def pendulum(pull=15.0, speeds=False):
    @envs.native(
        state_size=2, observation_size=3 if speeds else 2, action_size=1, action_low=-2.0, action_high=2.0,
        max_steps=200,
    )  # fmt: skip
    class AngleOfPendulum:
        """Pendulum-v1, of which only the angle is seen, as cosine and sine, or with `speeds` all; gravity
        turns it by pull * sin(angle), in Pendulum-v1 by 15."""

        def reset(state, rng):
            state[0] = envs.uniform(rng, -math.pi, math.pi)
            state[1] = envs.uniform(rng, -1.0, 1.0)

        def step(state, action):
            torque = min(max(action[0], -2.0), 2.0)
            angle = state[0] - 2.0 * math.pi * math.floor((state[0] + math.pi) / (2.0 * math.pi))
            cost = angle**2 + 0.1 * state[1] ** 2 + 0.001 * torque**2
            speed = state[1] + (pull * math.sin(state[0]) + 3.0 * torque) * 0.05
            state[1] = min(max(speed, -8.0), 8.0)
            state[0] += state[1] * 0.05
            return -cost, False

        def observe(state, observation):
            observation[0] = math.cos(state[0])
            observation[1] = math.sin(state[0])
            if speeds:
                observation[2] = state[1]

    return AngleOfPendulum


def copy(delay=50):
    @envs.native(
        state_size=2, observation_size=2, action_size=1, action_low=-1.0, action_high=1.0, max_steps=delay + 2
    )
    class CopyAfterDelay:
        """A sign is shown at the first step, and wanted at the last, when the second number is 1."""

        def reset(state, rng):
            state[0] = 1.0 if envs.uniform(rng, 0.0, 1.0) < 0.5 else -1.0

        def step(state, action):
            state[1] += 1.0
            if state[1] < delay + 2:
                return 0.0, False
            return 1.0 - abs(action[0] - state[0]), True

        def observe(state, observation):
            observation[0] = state[0] if state[1] == 0.0 else 0.0
            observation[1] = 1.0 if state[1] == delay + 1 else 0.0

    return CopyAfterDelay


TASKS = {"cartpole": cartpole, "pendulum": pendulum, "copy": copy}
PLANS = {"cartpole": {"generations": 200}, "copy": {"generations": 200, "episodes": 8}}
UNITS = {"cartpole": 8, "pendulum": 16, "copy": 8}


def network(env, kind, units):
    """A cell and a dense layer, or two hidden layers that remember nothing."""
    last = Dense(units, env.action_size, None if env.discrete else "tanh")
    scaled = [] if env.discrete else [lambda x: float(env.action_high[0]) * x]
    if kind == "mlp":
        n = env.observation_size
        return Sequential(Dense(n, units, "tanh"), Dense(units, units, "tanh"), last, *scaled)
    return Sequential(CELLS[kind](env.observation_size, units), last, *scaled)


#: Lessons with the pendulum: a weak gravity at first, under which a torque alone holds it up, until it is
#: Pendulum-v1's. So it learns to balance before it has to swing, where a training otherwise learns to spin.
PULLS = (3.0, 6.0, 9.0, 12.0, 15.0)


def lessons(policy, seed=0, speeds=False, generations=200, **options):
    """Trains the policy on the pendulum, lesson by lesson; the run of the last, which is twice as long."""
    for number, pull in enumerate(PULLS):
        last = pull == PULLS[-1]
        strategy = es.OpenAIES(
            directions=16, sigma=0.2 if last else 0.3,
            optimizer={"name": "Adam", "learning_rate": 0.05, "betas": (0.9, 0.99)},
            sigma_decay=0.05 if last else 0.5, learning_rate_decay=0.05 if last else 0.5,
        )  # fmt: skip
        run = es.train(
            pendulum(pull, speeds), policy, strategy=strategy, episodes=4, restarts=1 if number else 3,
            generations=2 * generations if last else generations, seed=seed + 1000 * number, **options,
        )  # fmt: skip
    return run


def main(task="cartpole", kind="gru", seed=0, **options):
    env = TASKS[task]()
    ops.set_seed(seed)
    policy = network(env, kind, UNITS[task])
    if task == "pendulum":
        return lessons(policy, seed, **options)
    return es.train(env, policy, seed=seed, **{**PLANS[task], **options})


if __name__ == "__main__":
    print(main(*sys.argv[1:]).evaluate(episodes=100))
