"""From the arguments of `es.train` to its trainers: preset, policy and strategy of each, and restarts."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from ember_ml import envs, validate
from ember_ml.es import presets
from ember_ml.es.interrupt import remember
from ember_ml.es.options import STRATEGY_OPTIONS
from ember_ml.es.result.run import Run, Which
from ember_ml.es.strategies import Strategy, names
from ember_ml.es.strategies.optimizers import is_native
from ember_ml.es.trainer.trainer import Trainer
from ember_ml.noise.stream import derived_seed
from ember_ml.policy.network import holder_of

#: What `train` decides itself; everything else of `Trainer` may be given.
_OWN = {"self", "env", "policy", "strategy", "generations", "seed", "objective", "batched"}
OPTIONS = tuple(name for name in inspect.signature(Trainer.__init__).parameters if name not in _OWN)
LIMITS = ("until", "seconds", "steps", "confirm_episodes")


class Recipe:
    """Makes and runs trainings that differ in their seeds alone.

    Args:
        options: of `Trainer`, and `LIMITS`; what is not there is the preset's or the trainer's default.
        changes: some of `STRATEGY_OPTIONS`.
        own: trainings use the policy and the strategy that were given, one after another; else each has
            copies of its own, and what was given stays as it is.
    """

    def __init__(
        self,
        env: Any,
        policy: Any,
        strategy: Any,
        preset: str | None,
        generations: int | None,
        options: Mapping[str, Any],
        changes: Mapping[str, Any],
        own: bool = True,
    ) -> None:
        for name in options:
            if name not in OPTIONS and name not in LIMITS:
                known = [*sorted(_OWN - {"self"}), "preset", "restarts", "seeds", *STRATEGY_OPTIONS]
                hint = validate.suggest(name, [*known, *OPTIONS, *LIMITS])
                raise TypeError(f"train() got an unknown option {name!r}{hint}")
        self.env = envs.make(env)
        self._preset, self._why = presets.find(preset, self.env.name)
        if policy is not None and not self._preset.any_policy:
            self._why = f"default: the preset {self._preset.name} is for its own policy"
            self._preset = presets.DEFAULT
        elif strategy is not None:
            self._why += ", with your strategy"
        elif changes:
            self._why += f", with {', '.join(f'{name}={value!r}' for name, value in changes.items())}"
        if strategy is not None and not isinstance(strategy, str):
            strategy = names.as_strategy(strategy, changes)
        self._policy, self._strategy, self._changes = policy, strategy, changes
        self.limits = {name: value for name, value in options.items() if name in LIMITS}
        arguments = {name: value for name, value in options.items() if name not in LIMITS}
        self._arguments: dict[str, Any] = {**self._preset.options, **arguments}
        self._arguments["generations"] = self._preset.generations if generations is None else generations
        # As they are now: a training changes the policy, and a callback may change a strategy's settings.
        self._described = strategy.config() if isinstance(strategy, Strategy) else {}
        holder = holder_of(policy)
        self._first = None if holder is None else holder.to_vector()
        self._own = own
        self._used = False

    def trainer(self, seed: int, **options: Any) -> Trainer:
        """A trainer of that seed; `options` replace those that were given."""
        policy: Any = self._preset.policy if self._policy is None else self._policy
        if self._first is not None:
            policy = policy if self._own else copy.deepcopy(policy)
            if self._used or not self._own:
                holder_of(policy).from_vector(self._first)  # it may hold what an earlier training learnt
        strategy = self._make_strategy()
        self._used = True
        trainer = Trainer(self.env, policy, strategy, seed=seed, **{**self._arguments, **options})
        trainer.preset = self._why
        return trainer

    def _make_strategy(self) -> Strategy:
        given = self._strategy
        if given is None:
            made = self._preset.strategy()
            return names.make(made, self._changes) if self._changes else made
        if isinstance(given, str):
            return names.as_strategy(given, self._changes)
        if self._own and not self._used:
            own: Strategy = given
            return own
        optimizer = given.optimizer
        if optimizer is None or is_native(optimizer):
            return Strategy.from_config(self._described)
        return Strategy.from_config(self._described, optimizer if self._own else copy.deepcopy(optimizer))

    def train(
        self,
        seed: int,
        restarts: int = 1,
        keep: Which = "last",
        evaluate: int | None = None,
        run: Callable[[Trainer], Run] | None = None,
        **options: Any,
    ) -> Run:
        """Trains once, or `restarts` times from seeds that follow from `seed`, and gives back the best.

        Args:
            run: runs a trainer; None: up to the limits.
            options: as for `trainer`.
        """
        best: Run | None = None
        tried: list[dict[str, Any]] = []
        chosen = 0
        for index in range(restarts):
            number = seed if index == 0 else derived_seed("init", seed, index, 0, 0)
            with self.trainer(number, **options) as trainer:
                one = trainer.run(**self.limits) if run is None else run(trainer)
            record: dict[str, Any] = {"seed": one.seed, "episodes": one.episodes, "steps": one.steps}
            record.update(confirm_episodes=one.confirm_episodes, confirm_steps=one.confirm_steps)
            if restarts > 1 and len(one.history):
                record["judged_return"] = one.judged.mean
                record["judge_steps"] = one.judge_steps
            tried.append(record)
            worst = -float("inf")
            judged, most = record.get("judged_return", worst), tried[chosen].get("judged_return", worst)
            if best is None or one.reached or judged > most:
                best, chosen = one, index
            if one.reached:
                break
            if one.interrupted:
                best.interrupted = True
                remember(best)
                break
        assert best is not None
        if restarts > 1:
            best.restarts = [{**record, "chosen": index == chosen} for index, record in enumerate(tried)]
        best.evaluation_episodes = evaluate
        if restarts > 1 or keep != "last":
            best.keep(keep)
        return best
