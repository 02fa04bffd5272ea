"""scikit-learn's handwritten digits, learnt without gradients.

    pip install torch scikit-learn
    python examples/digits.py                   # a minute

The objective is handed a model of many members, which gives each member's answers to the same images, and
returns one number a member: the mean log-likelihood of the labels in a batch that the generation chooses.
"""

from __future__ import annotations

import argparse
from typing import Any

import torch
from ember_ml import es
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

BATCH = 256


def data() -> list[torch.Tensor]:
    """Images (n, 64) and labels (n,): for training, then for testing."""
    images, labels = load_digits(return_X_y=True)
    parts = train_test_split(images / 16, labels, test_size=0.25, random_state=0, stratify=labels)
    x, x_test, y, y_test = (torch.tensor(part) for part in parts)
    return [x.float(), y, x_test.float(), y_test]


def main(generations: int = 400, seed: int = 0) -> float:
    """Trains and returns the share of the test images that are recognised."""
    x, y, x_test, y_test = data()

    def likelihood(model: Any, generation: int) -> torch.Tensor:
        chosen = torch.randint(len(x), (BATCH,), generator=torch.Generator().manual_seed(generation))
        logs = torch.log_softmax(model(x[chosen]), -1)  # (members, batch, 10)
        return logs[:, torch.arange(BATCH), y[chosen]].mean(1)

    torch.manual_seed(seed)
    module = nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10))
    run = es.train(
        objective=likelihood, batched=True, policy=module, directions=128, sigma=0.05, learning_rate=0.05,
        generations=generations, seed=seed,
    )  # fmt: skip
    with torch.no_grad():
        right = (module(x_test).argmax(-1) == y_test).float().mean().item()
    print(f"{right:.1%} of {len(x_test)} test images, after {len(run.history)} generations")
    return right


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--generations", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
