"""Playing a fixed policy from starts that training never uses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ember_ml.engines.engine import Engine
from ember_ml.noise.stream import Purpose
from ember_ml.policy.normalizer import Normalizer
from ember_ml.rollout import Float32, Population

if TYPE_CHECKING:
    from ember_ml.es.state.candidate import Candidate, NativeCandidate
    from ember_ml.es.state.setup import Setup
    from ember_ml.es.state.snapshot import Snapshot

#: Default number of episodes of an evaluation: on the fast engines, and where Python steps the environment.
EPISODES, EPISODES_IN_PYTHON = 100, 20

#: Quantiles of Student's t at 0.975 for 1 to 30 degrees of freedom; 1.96 beyond.
_T = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145,
    2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074,
    2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip


@dataclass(frozen=True)
class EvaluationResult:
    """Returns and lengths of some episodes of one policy.

    Attributes:
        returns: float64 (episodes,), undiscounted.
        lengths: int32 (episodes,), environment steps.
        failed: episodes that ended because their simulation diverged.
    """

    returns: NDArray[np.float64]
    lengths: NDArray[np.int32]
    failed: int = 0

    @property
    def mean(self) -> float:
        return float(np.mean(self.returns))

    @property
    def std(self) -> float:
        """Standard deviation of an episode's return (n - 1 in the denominator; 0 for one episode)."""
        return float(np.std(self.returns, ddof=1)) if len(self.returns) > 1 else 0.0

    @property
    def confidence_interval(self) -> tuple[float, float]:
        """95% interval of the mean return, by Student's t: (low, high)."""
        n = len(self.returns)
        if n < 2:
            return (-math.inf, math.inf)
        half = (_T[n - 2] if n - 1 <= len(_T) else 1.96) * self.std / math.sqrt(n)
        return (self.mean - half, self.mean + half)

    @property
    def steps(self) -> int:
        return int(self.lengths.sum())

    def __repr__(self) -> str:
        low, high = self.confidence_interval
        return (
            f"EvaluationResult(mean={self.mean:.2f}, std={self.std:.2f}, 95% of the mean"
            f" [{low:.2f}, {high:.2f}],"
            f" {len(self.returns)} episodes of {np.mean(self.lengths):.0f} steps)"
        )


def evaluate_policy(
    snapshot: Snapshot,
    episodes: int,
    purpose: Purpose = "evaluate",
    one: Candidate | NativeCandidate | None = None,
) -> EvaluationResult:
    """Plays the snapshot's policy, or `one` that stood out in the training, `episodes` times; an objective
    evaluates it once, as of the generation that is next.

    The starts are a function of the snapshot's seed, the purpose and the episode's number.
    """
    played = snapshot if one is None else one
    engine = snapshot.setup.make_engine(episodes)
    try:
        population = Population(
            mean=played.theta,
            scale=0.0,
            seed=snapshot.seed,
            generation=len(snapshot.history) if snapshot.problem.env.kind == "objective" else 0,
            directions=1,
            antithetic=False,
            reset_purpose=purpose,
            rows=played.theta[None],
        )
        result = engine.evaluate(population, played.normalizer)
    finally:
        engine.close()
    return EvaluationResult(result.returns[0].copy(), result.lengths[0].copy(), int(result.failed[0].sum()))


def play(
    setup: Setup,
    engine: Engine,
    theta: Float32,
    normalizer: Normalizer | None,
    generation: int,
    purpose: Purpose,
    episodes: int,
    done: int = 0,
) -> EvaluationResult:
    """Plays `theta` on a training's engine, from the episode numbered `done` up to that numbered `episodes`.

    The starts are a function of the seed, the purpose, the generation and the episode's number; nothing of
    the training changes.
    """
    each = setup.problem.options.episodes
    first = -(-done // each)
    population = Population(
        mean=theta,
        scale=0.0,  # the members are all the policy, each with starts of its own
        seed=setup.seed,
        generation=generation,
        directions=-(-(episodes - done) // each),
        first_direction=first,
        antithetic=False,
        reset_purpose=purpose,
    )
    result = engine.evaluate(population, normalizer)
    count = slice(0, episodes - done)
    failed = int(result.failed.ravel()[count].sum())
    return EvaluationResult(
        result.returns.ravel()[count].copy(), result.lengths.ravel()[count].copy(), failed
    )


def default_episodes(engine: str) -> int:
    """Episodes of an evaluation that nobody gave a number, by the engine's name."""
    if engine == "objective":
        return 1
    return EPISODES_IN_PYTHON if engine == "python" else EPISODES
