"""What every engine does: evaluate a population that is described by numbers, not stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ember_ml import _core, validate
from ember_ml.noise.stream import PURPOSES, Purpose, integer, key
from ember_ml.perturbation import Perturbation

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

#: The direction that keys the starts of the unperturbed policy during training.
POLICY_DIRECTION = 0xFFFFFFFF

#: Directions in one leaf of the observation sums (docs/design.md, "One result").
LEAF_DIRECTIONS = 16

#: Most members held as rows at one time, in bytes (design.md, "One loop").
CHUNK_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Population:
    """Members of one generation: ``mean +- scale * noise(seed, generation, direction)``, or explicit rows.

    Args:
        mean: float32 (parameters,), the unperturbed policy.
        scale: a number or float32 (parameters,), standard deviation of the search distribution.
        seed, generation: keys of the noise and of the environments' starts.
        directions: number of noise vectors; `members` is twice that when antithetic.
        first_direction: where a shard begins.
        perturbation: how noise becomes a member where it is not a normal for each parameter.
        rows: float32 (members, parameters) for strategies whose members are not mean +- scale * noise.
    """

    mean: Float32
    scale: float | Float32
    seed: int
    generation: int
    directions: int
    antithetic: bool = True
    first_direction: int = 0
    noise_purpose: Purpose = "noise"
    reset_purpose: Purpose = "reset"
    common_starts: bool = False
    rows: Float32 | None = None
    perturbation: Perturbation | None = None

    @property
    def members(self) -> int:
        return len(self.rows) if self.rows is not None else self.directions * (2 if self.antithetic else 1)

    def direction_of(self, member: int) -> int:
        """The direction whose key gives this member its starts (pairs share theirs)."""
        return self.first_direction + (member // 2 if self.antithetic and self.rows is None else member)

    @property
    def low_rank(self) -> bool:
        """Whether members follow from the mean by noise of low rank."""
        return self.perturbation is not None and self.rows is None

    def chunks(self, limit: int = CHUNK_BYTES) -> Iterator[tuple[int, Float32]]:
        """Yields (first member, float32 rows (n, parameters)), each at most `limit` bytes and whole pairs."""
        for first, count in self.parts(self.mean.size, limit):
            if self.rows is not None:
                yield first, self.rows[first : first + count]
            else:
                yield first, perturb(self, first, count)

    def parts(self, size: int, limit: int = CHUNK_BYTES) -> Iterator[tuple[int, int]]:
        """Yields (first member, how many): whole pairs, whose `size` numbers each fit `limit` bytes."""
        most = max(2, limit // (4 * max(1, size)) // 2 * 2)
        for first in range(0, self.members, most):
            yield first, min(most, self.members - first)


def perturb(population: Population, first: int, count: int) -> Float32:
    """Members first .. first + count - 1 as rows, float32 (count, parameters).

    A row is mean + scale * noise, or mean - scale * noise for the second of an antithetic pair; product and
    sum are each rounded to float32. With a perturbation it is what that says (cpp/noise/perturbation.h).
    """
    return _core.perturb(
        np.ascontiguousarray(population.mean, np.float32),
        np.atleast_1d(np.ascontiguousarray(population.scale, np.float32)),
        *key(population.noise_purpose, population.seed, population.generation)[1:3],
        integer("first_direction", population.first_direction, 2**32 - 1),
        population.antithetic,
        PURPOSES[population.noise_purpose],
        first,
        count,
        None if population.perturbation is None else population.perturbation.native,
    )


def own_numbers(population: Population, first: int, count: int) -> Float32:
    """What is each member's own by low rank, of members first, first + 1, ...: float32 (count, compact + 1).

    In the order of the compact noise: vectors a and b as they are drawn, elsewhere its parameters; at
    the end its factor c, +- scale / sqrt(rank).
    """
    assert population.perturbation is not None
    return _core.own_numbers(
        np.ascontiguousarray(population.mean, np.float32),
        float(population.scale),
        population.perturbation.native,
        *key(population.noise_purpose, population.seed, population.generation)[1:3],
        integer("first_direction", population.first_direction, 2**32 - 1),
        population.antithetic,
        PURPOSES[population.noise_purpose],
        first,
        count,
    )


#: What a user's environment that fails does to a training.
ON_ERROR = ("raise", "rank_last")


@dataclass(frozen=True)
class EpisodeOptions:
    """How episodes are played and what counts, for every engine alike.

    Args:
        episodes: per member and generation.
        max_steps: environment steps an episode may take; None is the environment's own limit.
        frame_skip: environment steps for which an action is held, rewards summed.
        clip_actions: clip Box actions to their bounds before the environment sees them.
        normalize: normalise observations by the normalizer given to `evaluate`, and sum them.
        reward_scale, reward_offset: fitness sums ``reward_scale * (reward - reward_offset)``; returns stay
            raw.
        on_error: "raise", or "rank_last": an episode fails instead of ending the evaluation where a user's
            environment is infeasible (`errors.Infeasible`, EMBER_ERROR) or not finite, and the observations
            of a member with a failed episode are not counted.

    Raises:
        ValueError, TypeError: naming the option, what came and what was wanted.
    """

    episodes: int = 1
    max_steps: int | None = None
    frame_skip: int = 1
    clip_actions: bool = True
    normalize: bool = False
    reward_scale: float = 1.0
    reward_offset: float = 0.0
    on_error: str = "raise"

    def __post_init__(self) -> None:
        limit = self.max_steps
        checked = {
            "episodes": validate.positive_int("episodes", self.episodes),
            "max_steps": None if limit is None else validate.positive_int("max_steps", limit),
            "frame_skip": validate.positive_int("frame_skip", self.frame_skip),
            "clip_actions": validate.boolean("clip_actions", self.clip_actions),
            "normalize": validate.boolean("normalize", self.normalize),
            "reward_scale": validate.positive("reward_scale", self.reward_scale),
            "reward_offset": validate.real("reward_offset", self.reward_offset),
            "on_error": validate.choice("on_error", self.on_error, ON_ERROR),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)


@dataclass
class ObservationSums:
    """Sums over live steps of (x - shift) and its square, float64, shift being the frozen mean."""

    count: float
    sum: Float64
    sum_of_squares: Float64


@dataclass
class Evaluation:
    """Returns of one generation. Shapes: M members, E episodes, D observation values."""

    fitness: Float64  # (M,) mean over episodes of the shaped reward; -inf where the simulation failed
    returns: Float64  # (M, E) raw
    lengths: NDArray[np.int32]  # (M, E)
    failed: NDArray[np.bool_]  # (M, E)
    policy_returns: Float64 = field(default_factory=lambda: np.zeros(0))  # (E,) of the unperturbed policy
    policy_lengths: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    leaves: list[ObservationSums] = field(default_factory=list)  # one per 16 directions when normalising
    steps: int = 0
