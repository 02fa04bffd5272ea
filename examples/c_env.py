"""Compiles my_env.c, the pendulum beside this file, and trains on it inside the native loop.

The policy learns to swing up and to stand: a mean return of about -150. Nothing gets more than about -139,
random actions get about -1200, and a policy that only spins, where one seed in ten or so ends, about -780.
"""

from pathlib import Path

from ember_ml import envs, es


def main(seed: int = 1) -> es.Run:
    env = envs.compile(Path(__file__).with_name("my_env.c"))
    return es.train(env, sigma=1.0, learning_rate=0.3, episodes=2, generations=400, seed=seed)


if __name__ == "__main__":
    print(main().evaluate(episodes=100))
