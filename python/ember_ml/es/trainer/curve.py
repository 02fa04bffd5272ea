"""The evaluated curve of a training (`eval_every`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ember_ml.es.result.evaluation import default_episodes, play
from ember_ml.es.state.candidate import Candidate
from ember_ml.es.trainer.callbacks import Callback
from ember_ml.validate import positive_int

if TYPE_CHECKING:
    from ember_ml.es.trainer.trainer import Trainer


class EvaluationCurve(Callback):
    """Evaluates the policy every `every` generations, on starts of its own, into `Trainer.evaluations`.

    The training is the same with it and without, to the bit. The policy that did best is a candidate of
    `Run.best`.

    Args:
        every: generations from one evaluation to the next.
        episodes: of each; None: 100, and 20 where Python steps the environment.
    """

    def __init__(self, every: int, episodes: int | None = None) -> None:
        super().__init__(positive_int("eval_every", every))
        self.episodes = None if episodes is None else positive_int("eval_episodes", episodes)

    def on_generation(self, trainer: Trainer) -> None:
        setup, state = trainer.setup, trainer.state
        theta, normalizer, generation = state.strategy.mean, state.normalizer, state.generation
        episodes = self.episodes or default_episodes(setup.choice.name)
        result = play(setup, trainer.engine, theta, normalizer, generation, "curve", episodes)
        state.evaluations.append(generation, result)
        if state.evaluated is None or result.mean > state.evaluated.policy_return:
            state.evaluated = Candidate(result.mean, generation, theta, normalizer)
