"""Compiles my_env.c, the pendulum beside this file, and trains on it inside the native loop."""

from pathlib import Path

from ember_ml import envs, es

if __name__ == "__main__":
    env = envs.compile(Path(__file__).with_name("my_env.c"))
    run = es.train(env, generations=300, seed=0)
    print(run.evaluate(episodes=100))
