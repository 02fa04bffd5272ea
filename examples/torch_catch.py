"""A convolutional policy, written in torch, that learns a small game from its pixels.

    pip install torch gymnasium
    python examples/torch_catch.py              # half a minute

A pixel falls through an image of 8 x 8, and the pad in the last row is to be below it when it lands: chance
catches one in three. The network is nobody's special class: what `policy=` takes is the torch module itself,
which holds the trained weights afterwards.
"""

from __future__ import annotations

import argparse
from typing import Any

import gymnasium
import numpy as np
import torch
from ember_ml import es
from gymnasium import spaces
from torch import nn

SIDE = 8


class Catch(gymnasium.Env):
    """Actions: 0 moves the pad left, 1 leaves it, 2 moves it right. A catch is worth 1."""

    observation_space = spaces.Box(0, 255, (SIDE, SIDE, 1), np.uint8)
    action_space = spaces.Discrete(3)

    def reset(self, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.column = int(self.np_random.integers(SIDE))
        self.pad = int(self.np_random.integers(SIDE))
        self.row = 0
        return self._image(), {}

    def step(self, action: Any) -> Any:
        self.pad = min(SIDE - 1, max(0, self.pad + int(action) - 1))
        self.row += 1
        over = self.row == SIDE - 1
        return self._image(), float(over and abs(self.pad - self.column) <= 1), over, False, {}

    def _image(self) -> Any:
        image = np.zeros((SIDE, SIDE, 1), np.uint8)
        image[-1, max(0, self.pad - 1) : self.pad + 2] = 128
        image[self.row, self.column] = 255
        return image


def network() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(8 * (SIDE // 2) ** 2, 3),
    )


def main(generations: int = 60, seed: int = 0) -> float:
    """Trains and returns the share that is caught on 200 new episodes."""
    torch.manual_seed(seed)
    module = network()
    run = es.train(
        Catch, policy=module, directions=16, sigma=0.1, learning_rate=0.05, episodes=4,
        generations=generations, seed=seed,
    )  # fmt: skip
    print(run.explain())
    caught = run.evaluate(episodes=200).mean
    print(f"caught {caught:.0%} of 200, after {run.steps:,} steps")
    return caught


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--generations", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
