"""How a member's parameters follow from mean, scale and noise: the one seam for all engines and strategies.

`None` is the full rank: member = mean +- scale * noise, a normal for each parameter. `LowRank` is what users
give a strategy. Which slices of theta are matrices comes from the policy as a `ThetaShape`; the two together
are a `Perturbation`, which a Population carries. It says where a direction's compact noise goes, which is
noise(seed, generation, direction, compact) (cpp/noise/perturbation.h has the definition)::

    for low in perturbation.matrices:    # E = sum_j a_j b_j^T / sqrt(rank), (inputs, outputs)
        a, b = low.factors(noise, perturbation.rank)    # (rank, inputs), (rank, outputs)
    for part in perturbation.stretches:    # a normal for each of theta[offset : offset + size]
        noise[part.at : part.at + part.size]

A policy that is neither a PolicySpec nor a Module tells its matrices by an attribute `theta_shape`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ember_ml import _core, validate


class Matrix(NamedTuple):
    """A matrix in theta at `offset`: row-major (inputs, outputs), or (outputs, inputs) if `outputs_first`."""

    offset: int
    inputs: int
    outputs: int
    outputs_first: bool = False


class LowRankMatrix(NamedTuple):
    """A matrix whose noise is of low rank; its first vector is at `at` of the compact noise."""

    offset: int
    inputs: int
    outputs: int
    outputs_first: bool
    at: int

    def factors(self, noise: Any, rank: int) -> tuple[Any, Any]:
        """Its vectors in compact noise (..., compact), of any backend: (..., rank, inputs) and (..., rank,
        outputs).
        """
        b, ahead = self.at + rank * self.inputs, tuple(noise.shape[:-1])
        return (
            noise[..., self.at : b].reshape((*ahead, rank, self.inputs)),
            noise[..., b : b + rank * self.outputs].reshape((*ahead, rank, self.outputs)),
        )


class Stretch(NamedTuple):
    """theta[offset : offset + size], whose noise is compact noise [at : at + size]."""

    offset: int
    size: int
    at: int


@dataclass(frozen=True)
class ThetaShape:
    """Which slices of a flat theta (parameters,) are matrices; all else counts as vectors.

    Matrices of layers that share their weights are given once or more often, and count once.
    """

    parameters: int
    matrices: tuple[Matrix, ...] = ()

    def __post_init__(self) -> None:
        whole = validate.whole
        matrices = sorted({_matrix(*given) for given in self.matrices})
        object.__setattr__(self, "parameters", whole("parameters", self.parameters))
        object.__setattr__(self, "matrices", tuple(matrices))
        _core.Perturbation(1, self.parameters, matrices)  # which checks where they lie

    @staticmethod
    def of_shapes(shapes: Iterable[Any], outputs_first: bool = False) -> ThetaShape:
        """theta as arrays of these shapes one after the other: ``[(4, 64), (64,), (64, 2), (2,)]``.

        Args:
            shapes: two dimensions are a matrix (inputs, outputs); one or none a vector; more are a kernel
                (outputs, inputs, height, ...), a matrix of inputs x height x ... inputs.
            outputs_first: two dimensions are (outputs, inputs), as in torch.

        Raises:
            ValueError, TypeError: naming the shape that is none.
        """
        matrices, at = [], 0
        for number, shape in enumerate(_listed(shapes)):
            try:
                sides = [validate.positive_int("side", side) for side in shape]
            except (TypeError, ValueError):
                raise _error_for(shape)(
                    f"shapes: number {number} is {shape!r}, wanted whole numbers of at least 1, as (4, 64)"
                ) from None
            size = math.prod(sides)
            if len(sides) == 2 and not outputs_first:
                matrices.append(Matrix(at, sides[0], sides[1]))
            elif len(sides) >= 2:
                matrices.append(Matrix(at, size // sides[0], sides[0], True))
            at += size
        return ThetaShape(at, tuple(matrices))

    def to_array(self) -> NDArray[np.int64]:
        """The matrices as numbers (matrices, 4), what a file holds."""
        return np.array(self.matrices, np.int64).reshape(-1, 4)

    @staticmethod
    def from_array(parameters: int, numbers: Any) -> ThetaShape:
        """Raises ValueError: they do not describe matrices of so many parameters."""
        table = np.asarray(numbers)
        if table.ndim != 2 or table.shape[1] != 4 or table.dtype.kind not in "iu":
            raise ValueError(f"matrices: got {table.dtype} {table.shape}, wanted whole numbers (matrices, 4)")
        return ThetaShape(parameters, tuple(_matrix(*row) for row in table.tolist()))


def _matrix(offset: Any, inputs: Any, outputs: Any, outputs_first: Any = False) -> Matrix:
    whole = validate.whole
    return Matrix(
        whole("offset", offset), whole("inputs", inputs), whole("outputs", outputs), bool(outputs_first)
    )


def _listed(shapes: Any) -> list[Any]:
    if isinstance(shapes, (str, bytes)) or not isinstance(shapes, Iterable):
        raise TypeError(f"shapes: got {shapes!r}, wanted a list of shapes, as [(4, 64), (64,)]")
    return list(shapes)


def _error_for(shape: Any) -> type[Exception]:
    """The error for what should be a shape: of another type, or of a wrong value."""
    return ValueError if isinstance(shape, (tuple, list)) else TypeError


@dataclass(frozen=True)
class LowRank:
    """Noise of low rank for the matrices of a policy: evolution strategies at the hyperscale (Sarkar et al.
    2025, arXiv 2511.16652).

    Of a matrix of m inputs and n outputs a member gets E = (1 / sqrt(rank)) * sum of `rank` products a b^T of
    normals instead of m n normals, if rank (m + n) < m n; biases and smaller matrices get full noise. So a
    member's layer is the shared product and a few multiplications more, and its weights are never made. For
    `OpenAIES` and `ARS`; the others have a deviation for each parameter, or draw members of their own kind.

    Args:
        rank: at least 1; larger is closer to full noise and dearer.

    Raises:
        TypeError, ValueError: rank is no whole number from 1 to 2**20.
    """

    rank: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "rank", validate.positive_int("rank", self.rank, 2**20))

    def config(self) -> dict[str, Any]:
        """Fit for JSON; `check` makes an equal one of it."""
        return {"type": "LowRank", "rank": self.rank}


@dataclass(frozen=True)
class Perturbation:
    """Low-rank noise of one theta: what a Population carries and an engine follows."""

    rank: int
    shape: ThetaShape
    native: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "native", _core.Perturbation(self.rank, self.shape.parameters, list(self.shape.matrices))
        )

    def __reduce__(self) -> Any:
        return Perturbation, (self.rank, self.shape)

    @property
    def compact(self) -> int:
        """Length of a direction's noise."""
        return int(self.native.compact)

    @cached_property
    def matrices(self) -> tuple[LowRankMatrix, ...]:
        """Those whose noise is of low rank, in the order of theta."""
        return tuple(LowRankMatrix(*found) for found in self.native.matrices)

    @cached_property
    def stretches(self) -> tuple[Stretch, ...]:
        """What lies between them, in the order of theta."""
        return tuple(Stretch(*found) for found in self.native.stretches)

    def factor(self, scale: float) -> float:
        """scale / sqrt(rank), which multiplies the sum of products a b^T; the float32 of every engine."""
        return float(np.float32(np.float64(np.float32(scale)) / np.sqrt(np.float64(self.rank))))


def check(perturbation: Any) -> LowRank | None:
    """What a strategy was given as `perturbation=`, or a config has of it.

    Raises:
        TypeError, ValueError: it is neither None nor a LowRank.
    """
    if perturbation is None or isinstance(perturbation, LowRank):
        return perturbation
    if isinstance(perturbation, Mapping) and perturbation.get("type") == "LowRank":
        if set(perturbation) != {"type", "rank"}:
            raise ValueError(f"perturbation: got {dict(perturbation)!r:.200}, wanted type and rank")
        return LowRank(perturbation["rank"])
    raise TypeError(f"perturbation: got {perturbation!r:.200}, wanted es.LowRank(rank=1) or None, full noise")
