"""Writes training_v1_*.npz: files of format version 1 as the first checkpoints were, before they described
the environment's spaces. Files like these must load for ever; do not write them anew with a later version.
"""

import sys
from pathlib import Path

from ember_ml import es

sys.path.insert(0, str(Path(__file__).parents[1]))
from walk_env import Walk

HERE = Path(__file__).parent


def cartpole(generations):
    strategy = es.OpenAIES(directions=4, sigma=0.1)
    trainer = es.Trainer("CartPole-v1", (4,), strategy, seed=5, generations=6, threads=1, progress=False)
    trainer.run(generations=generations)
    return trainer


def walk(generations):
    trainer = es.Trainer(Walk, (3,), es.SNES(directions=2), seed=1, generations=4, progress=False)
    trainer.run(generations=generations)
    return trainer


if __name__ == "__main__":
    cartpole(3).save(HERE / "training_v1_cartpole.npz")
    walk(2).save(HERE / "training_v1_walk.npz")
