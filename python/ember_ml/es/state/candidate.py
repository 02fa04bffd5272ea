"""A policy that stood out in training."""

from __future__ import annotations

from typing import Any, NamedTuple

from ember_ml.policy.normalizer import Normalizer
from ember_ml.rollout import Float32


class Candidate(NamedTuple):
    """The unperturbed policy with the highest return in training so far, a lucky draw until it is judged."""

    policy_return: float
    generation: int
    theta: Float32
    normalizer: Normalizer | None


class NativeCandidate:
    """A Candidate as a native run left it in its log, read when somebody asks for it."""

    __slots__ = ("_log", "policy_return")

    def __init__(self, log: Any) -> None:
        self._log = log
        self.policy_return: float = log.candidate_return

    def __reduce__(self) -> Any:
        return Candidate, (self.policy_return, self.generation, self.theta, self.normalizer)

    @property
    def generation(self) -> int:
        return int(self._log.candidate_generation)

    @property
    def theta(self) -> Float32:
        theta: Float32 = self._log.candidate
        return theta

    @property
    def normalizer(self) -> Normalizer | None:
        mean: Float32 = self._log.candidate_mean
        return Normalizer(mean, self._log.candidate_inverse_deviation) if mean.size else None
