"""How a training stands: everything about it that a generation changes."""

from __future__ import annotations

from dataclasses import dataclass, field

from ember_ml.es.result.history import History
from ember_ml.es.result.records import CONFIRMATION, EVALUATION, Evaluations
from ember_ml.es.state.candidate import Candidate, NativeCandidate
from ember_ml.es.strategies import Strategy
from ember_ml.policy.normalizer import Normalizer
from ember_ml.policy.observation import ObservationStatistics


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
    def normalizer(self) -> Normalizer | None:
        """What the policy sees of observations now, None where they are not normalised."""
        return None if self.observations is None else self.observations.normalizer
