"""What every engine does."""

from __future__ import annotations

from typing import Protocol

from ember_ml.policy.normalizer import Normalizer
from ember_ml.rollout import Evaluation, Population


class Engine(Protocol):
    """Evaluates populations of one problem (an environment, a policy, episode options)."""

    name: str

    def evaluate(
        self, population: Population, normalizer: Normalizer | None = None, with_policy: bool = False
    ) -> Evaluation:
        """Returns of every member.

        Args:
            normalizer: what the policy sees of observations; None: as they come.
            with_policy: play the unperturbed policy too.
        """

    def explain(self) -> str:
        """Which parts run where, and why, in a sentence."""

    def close(self) -> None:
        """Ends processes and closes environments; used again, the engine makes new ones."""
