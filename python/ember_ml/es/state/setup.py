"""What decides a training before its first generation, and stays as it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ember_ml.engines.engine import Engine
from ember_ml.engines.select import Choice, Problem
from ember_ml.engines.sharded.settings import Many
from ember_ml.envs import stored
from ember_ml.envs.spec import EnvSpec
from ember_ml.perturbation import Perturbation
from ember_ml.policy.spec import PolicySpec

if TYPE_CHECKING:
    from ember_ml.es.strategies import Strategy


#: Fields of `EpisodeOptions` that a trainer's argument, and a file, call otherwise.
NAMES = {"normalize": "normalize_observations"}


@dataclass(frozen=True)
class Search:
    """A started strategy in words.

    Attributes:
        config: `Strategy.config()`.
        text: as it is printed.
        why_not_native: `Strategy.why_not_native`.
        perturbation: of its populations.
    """

    config: dict[str, Any]
    text: str
    why_not_native: str
    directions: int
    antithetic: bool
    perturbation: Perturbation | None = None

    @staticmethod
    def of(strategy: Strategy) -> Search:
        return Search(
            strategy.config(),
            repr(strategy),
            strategy.why_not_native,
            strategy.directions,
            strategy.antithetic,
            None if strategy.bounds is not None else strategy.bound_perturbation,
        )


@dataclass(frozen=True)
class Setup:
    """A training's environment, policy and options, the engine that was chosen for them, and the plan.

    Attributes:
        engine_name: what was asked for; `choice` is what came of it.
        generations: the plan, or None.
        search: the strategy as it was at the beginning.
        module_name: of the user's Module that is trained, or None.
        preset: which one was taken, and why.
        notes: lines for `explain`.
        many: the workers that evaluate the training's populations; None: this process does.
        description: all of it that a file has, fit for JSON.
    """

    problem: Problem
    choice: Choice
    engine_name: str
    seed: int
    generations: int | None
    search: Search | None = None
    module_name: str | None = None
    warmup: bool = True
    common_starts: bool = False
    eval_every: int | None = None
    eval_episodes: int | None = None
    preset: str | None = None
    notes: tuple[str, ...] = ()
    many: Many | None = None
    description: dict[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if not self.description:
            object.__setattr__(self, "description", self._describe())

    @property
    def env(self) -> EnvSpec:
        return self.problem.env

    @property
    def strategy_name(self) -> str:
        """The strategy's class."""
        return str(self.description["strategy"]["type"])

    def make_engine(self, episodes: int | None = None) -> Engine:
        """A new engine for this problem, playing so many episodes a member where that is given."""
        self.env.need_steps()
        return self.choice.make(self.problem if episodes is None else self.problem.with_episodes(episodes))

    def _describe(self) -> dict[str, Any]:
        problem = self.problem
        compiled = isinstance(problem.policy, PolicySpec)
        return {
            "env": stored.describe(problem.env),
            "policy": {"spec": problem.policy.to_dict() if compiled else None, "class": self.module_name},
            "strategy": None if self.search is None else self.search.config,
            "seed": self.seed,
            "generations": self.generations,
            "trainer": {
                **{NAMES.get(name, name): value for name, value in vars(problem.options).items()},
                "warmup": self.warmup,
                "common_starts": self.common_starts,
                **vars(problem.where),
                "eval_every": self.eval_every,
                "eval_episodes": self.eval_episodes,
                "engine": self.engine_name,
            },
            "engine_used": self.choice.name,
        }
