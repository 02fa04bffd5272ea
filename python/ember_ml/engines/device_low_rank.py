"""Members by low rank on a device: a large product for the weights that all share, and two small ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ember_ml.engines.device_arrays import Arrays
from ember_ml.perturbation import Perturbation
from ember_ml.policy.spec import CellLayer, DenseLayer
from ember_ml.rollout import Population, own_numbers


@dataclass
class LowRankWeight:
    """A matrix of M members: `shared` (inputs, outputs), vectors a (M, inputs, rank) and b (M, rank,
    outputs), and the factor c (M, 1, 1).
    """

    shared: Any
    a: Any
    b: Any
    c: Any

    def product(self, bias: Any, x: Any) -> Any:
        """x (M, E, inputs) -> (M, E, outputs), with the bias (M, 1, outputs) or None."""
        y = (x.reshape(-1, x.shape[-1]) @ self.shared).reshape(*x.shape[:-1], -1)
        y = y + ((x @ self.a) * self.c) @ self.b
        return y if bias is None else y + bias

    def taken(self, take: Any, index: NDArray[np.int64]) -> LowRankWeight:
        return LowRankWeight(self.shared, *(take(part, index) for part in (self.a, self.b, self.c)))


class LowRankRows:
    """Members first, first + 1, ... of a population by low rank, and its mean as one more if asked for."""

    def __init__(self, arrays: Arrays, population: Population, first: int, count: int, policy: bool) -> None:
        assert population.perturbation is not None
        self.perturbation: Perturbation = population.perturbation
        self._arrays = arrays
        numbers = own_numbers(population, first, count)
        if policy:
            numbers = np.concatenate([numbers, own_numbers(replace(population, scale=0.0), 0, 1)])
        self._mean = arrays.array(np.asarray(population.mean, np.float32))
        self._numbers = arrays.array(numbers)
        self.shape = numbers.shape

    def weights(self, layer: DenseLayer | CellLayer) -> list[Any]:
        """The layer's weight and its bias or None; of a cell those over the input and then over the state."""
        biases = [layer.bias_offset, getattr(layer, "state_bias_offset", -1)]
        found: list[Any] = []
        for matrix, bias in zip(layer.matrices, biases):
            found.append(self._weight(*matrix))
            found.append(self._own(bias, matrix.outputs, (1, matrix.outputs)) if bias >= 0 else None)
        return found

    def _weight(self, offset: int, inputs: int, outputs: int, outputs_first: bool) -> Any:
        sides = (outputs, inputs) if outputs_first else (inputs, outputs)
        for low in self.perturbation.matrices:
            if low[:4] != (offset, inputs, outputs, outputs_first):
                continue
            a, b = low.factors(self._numbers, self.perturbation.rank)
            shared = self._mean[offset : offset + inputs * outputs].reshape(sides)
            contiguous = self._arrays.contiguous
            return LowRankWeight(
                contiguous(shared.T) if outputs_first else shared,
                contiguous(a.swapaxes(1, 2)),
                contiguous(b),
                self._numbers[:, -1].reshape(-1, 1, 1),
            )
        weight = self._own(offset, inputs * outputs, sides)
        return self._arrays.contiguous(weight.swapaxes(1, 2)) if outputs_first else weight

    def _own(self, offset: int, size: int, shape: tuple[int, ...]) -> Any:
        """theta[offset : offset + size] of every member, who has it to itself."""
        for part in self.perturbation.stretches:
            at = offset - part.offset
            if at >= 0 and at + size <= part.size:
                own = self._numbers[:, part.at + at : part.at + at + size]
                return self._arrays.contiguous(own.reshape(-1, *shape))
        raise ValueError(
            f"perturbation: the numbers at {offset} are no matrix or vector of the shapes it was made for"
        )
