"""How a training stands: everything about it that a generation changes."""

from __future__ import annotations

from dataclasses import dataclass, field

from ember_ml.es.result.history import History
from ember_ml.es.result.records import CONFIRMATION, EVALUATION, Evaluations
from ember_ml.es.state.candidate import Candidate, NativeCandidate
from ember_ml.es.strategies import Strategy
from ember_ml.policy.observation import ObservationStatistics
from ember_ml.rollout import Float32


@dataclass(slots=True)
class TrainingState:
    """What a generation changes. With a `Setup` it is all that a training needs to go on, to the bit.

    Attributes:
        observations: None where they are not normalised.
        candidate: the policy with the highest return in training.
        evaluated: the best of `evaluations`.
        evaluations: along the training (`eval_every`).
        confirmations: of policies that looked as if they had reached `until`.
        elapsed: seconds of training, over all resumes.
        warmed: episodes and steps of the warm-up, until they are in a record.
    """

    strategy: Strategy
    observations: ObservationStatistics | None
    history: History = field(default_factory=History)
    candidate: Candidate | NativeCandidate | None = None
    evaluated: Candidate | None = None
    evaluations: Evaluations = field(default_factory=lambda: Evaluations(EVALUATION))
    confirmations: Evaluations = field(default_factory=lambda: Evaluations(CONFIRMATION))
    elapsed: float = 0.0
    warmed: tuple[int, int] = (0, 0)

    @property
    def generation(self) -> int:
        """Generations finished so far."""
        return len(self.history)

    @property
    def frozen(self) -> tuple[Float32 | None, Float32 | None]:
        """Mean and 1 / deviation of the observations as the policy sees them now, (None, None) without."""
        statistics = self.observations
        return (None, None) if statistics is None else (statistics.mean32, statistics.inverse32)
