"""Whether a policy that reached `until` in one generation's episode is as good on fresh ones."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ember_ml.engines.engine import Engine
from ember_ml.es.result.evaluation import EvaluationResult, play

if TYPE_CHECKING:
    from ember_ml.es.state.setup import Setup
    from ember_ml.es.state.training_state import TrainingState

#: Most fresh episodes of a policy, and those after which it may be given up, or believed before the end.
EPISODES = 400
EARLY = (8, 24, 100)
SURE = 100

#: A policy is given up where its mean is more than so many standard errors short, and believed early where it
#: is more than so many beyond. Returns are skewed and many policies are tried: what 100 episodes promise at
#: 95% did not hold on one seed in twelve, this and the 95% of 400 held on all (benchmarks/until.py).
_SHORT, _BEYOND = 0.5, 3.0
#: Confirming has taken at most this share of the steps of the training when it begins.
SHARE = 0.5


class Confirmation:
    """Decides for one run. Its starts are keyed by the generation and a purpose of their own, so that nothing
    of the training depends on it.

    Confirmed is a policy whose mean return over all `episodes` has its 95% interval at or above `until`, or
    over `SURE` of them is 3 standard errors beyond.

    Attributes:
        until: the return to reach.
        trained: environment steps of the training so far, the generation in question not yet among them.
        spent: environment steps that confirming has taken so far.
    """

    __slots__ = ("_episodes", "_setup", "_state", "spent", "trained", "until")

    def __init__(self, setup: Setup, state: TrainingState, until: float, episodes: int) -> None:
        self._setup, self._state = setup, state
        self._episodes = episodes
        self.until = until
        self.trained = int(state.history["steps"].sum())
        self.spent = state.confirmations.total("steps")

    def __call__(self, engine: Engine) -> bool:
        """Whether the training's policy, as it is now, is at `until`."""
        if not self._episodes or self._setup.env.kind == "objective":  # which draws no episodes
            return True
        if self.spent > SHARE * self.trained:
            return False
        strategy, normalizer = self._state.strategy, self._state.normalizer
        generation, theta = strategy.generation, strategy.mean
        parts: list[EvaluationResult] = []
        result = None
        confirmed = False
        for wanted in (*(n for n in EARLY if n < self._episodes), self._episodes):
            done = 0 if result is None else len(result.returns)
            parts.append(play(self._setup, engine, theta, normalizer, generation, "confirm", wanted, done))
            result = EvaluationResult(
                np.concatenate([part.returns for part in parts]),
                np.concatenate([part.lengths for part in parts]),
                sum(part.failed for part in parts),
            )
            error = result.std / math.sqrt(wanted)
            if result.failed or not result.mean + _SHORT * error >= self.until:
                break
            lowest = result.confidence_interval[0] if wanted > 1 else result.mean
            confirmed = (
                lowest >= self.until
                if wanted == self._episodes
                else (wanted >= SURE and result.mean - _BEYOND * error >= self.until)
            )
            if confirmed:
                break
        assert result is not None
        self.spent += result.steps
        self._state.confirmations.append(generation, result, confirmed)
        return confirmed
