"""A tiny transformer with tied embeddings, trained by noise of low rank instead of by gradients.

    pip install torch
    python examples/tiny_transformer.py         # a minute

It is shown sequences that repeat a random word of four letters and is to say each next letter. In the first
word it can only guess, which is not counted; from then on it has to find in its context what came four places
before. A member costs a few vectors a layer, so that many are evaluated at once.
"""

from __future__ import annotations

import argparse
from typing import Any

import torch
from ember_ml import es
from torch import nn

LETTERS, WORD, LENGTH, WIDTH = 8, 4, 12, 32


class Transformer(nn.Module):
    """One block of attention and a feed-forward layer; the output layer is the embedding again."""

    def __init__(self) -> None:
        super().__init__()
        self.letters = nn.Embedding(LETTERS, WIDTH)
        self.places = nn.Embedding(LENGTH, WIDTH)
        self.norm, self.norm_after = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.attention = nn.MultiheadAttention(WIDTH, 2, batch_first=True)
        self.feed = nn.Sequential(nn.Linear(WIDTH, 2 * WIDTH), nn.GELU(), nn.Linear(2 * WIDTH, WIDTH))
        self.head = nn.Linear(WIDTH, LETTERS, bias=False)
        self.head.weight = self.letters.weight
        nn.init.normal_(self.letters.weight, std=WIDTH**-0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        length = x.shape[1]
        hidden = self.letters(x) + self.places(torch.arange(length))
        future = torch.ones(length, length, dtype=torch.bool).triu(1)
        given = self.norm(hidden)
        hidden = hidden + self.attention(given, given, given, attn_mask=future, need_weights=False)[0]
        return self.head(hidden + self.feed(self.norm_after(hidden)))


def sequences(count: int, seed: int) -> torch.Tensor:
    words = torch.randint(LETTERS, (count, WORD), generator=torch.Generator().manual_seed(seed))
    return words.repeat(1, LENGTH // WORD + 1)[:, : LENGTH + 1]


def accuracy(module: nn.Module, seed: int = 10**6) -> float:
    """The share of next letters that are right from the second word on."""
    x = sequences(500, seed)
    with torch.no_grad():
        guessed = module.eval()(x[:, :-1]).argmax(-1)
    return (guessed == x[:, 1:])[:, WORD - 1 :].float().mean().item()


def likelihood(model: Any, generation: int) -> torch.Tensor:
    x = sequences(32, generation)
    logs = torch.log_softmax(model(x[:, :-1]), -1)  # (members, batch, length, letters)
    right = x[:, 1:].expand(len(logs), -1, -1)[..., None]
    return logs.gather(-1, right)[:, :, WORD - 1 :].mean((1, 2, 3))


def main(generations: int = 150, seed: int = 0) -> float:
    torch.manual_seed(seed)
    module = Transformer()
    strategy = es.OpenAIES(
        directions=64, sigma=0.03, optimizer={"name": "Adam", "learning_rate": 0.03},
        perturbation=es.LowRank(rank=1),
    )  # fmt: skip
    run = es.train(
        objective=likelihood,
        batched=True,
        policy=module,
        strategy=strategy,
        generations=generations,
        seed=seed,
    )
    right = accuracy(module)
    print(f"{right:.0%} of the letters that can be known, after {len(run.history)} generations")
    return right


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--generations", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
