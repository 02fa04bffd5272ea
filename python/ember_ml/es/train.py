"""One call from an environment to a trained policy."""

from __future__ import annotations

import inspect
import secrets
from typing import Any

from ember_ml import validate
from ember_ml.es import presets
from ember_ml.es.interrupt import remember
from ember_ml.es.run import Run
from ember_ml.es.trainer import Trainer

#: What `train` decides itself; everything else of `Trainer` may be given.
_OWN = {"self", "env", "policy", "strategy", "generations", "seed"}
OPTIONS = tuple(name for name in inspect.signature(Trainer.__init__).parameters if name not in _OWN)
_LIMITS = ("until", "seconds", "steps")


def train(
    env: Any,
    policy: Any = None,
    strategy: Any = None,
    preset: str | None = "auto",
    generations: int | None = None,
    seed: int | None = None,
    restarts: int = 1,
    **trainer_options: Any,
) -> Run:
    """Trains a policy and returns what came of it.

    Args:
        env: a native environment's name, a gymnasium id, or an environment of your own (`Trainer`).
        policy, strategy: yours; what is None comes from the preset.
        preset: "auto" takes the task's own if one is known, else the general default; None or "default" is
            the general default; or a name. `run.explain()` says which it was.
        generations: how long to train and what schedules follow; None takes the preset's.
        seed: decides every number; None draws one (`run.seed`).
        restarts: trainings from different seeds, of which the one whose policy does best on fresh starts is
            returned; `run.steps` counts all of them and `run.restarts` describes them.
        trainer_options: further arguments of `Trainer`, and `until`, `seconds`, `steps` of `Trainer.run`.

    Raises:
        TypeError: an option that does not exist.
        ValueError: a value that does not fit; the message names it.
    """
    trainers = make_trainers(env, policy, strategy, preset, generations, seed, restarts, trainer_options)
    limits = {name: trainer_options[name] for name in _LIMITS if name in trainer_options}
    best: Run | None = None
    tried: list[dict[str, Any]] = []
    chosen = 0
    for index, make in enumerate(trainers):
        trainer = make()
        run = trainer.run(**limits)
        record: dict[str, Any] = {"seed": run.seed, "episodes": run.episodes, "steps": run.steps}
        if len(trainers) > 1 and len(run.history):
            record["judged_return"] = run._judge().mean
            record["judge_steps"] = run.judge_steps
        tried.append(record)
        if best is None or record.get("judged_return", -float("inf")) > tried[chosen].get(
            "judged_return", -float("inf")
        ):
            best, chosen = run, index
        if run.interrupted:
            best._interrupted = True
            remember(best)
            break
    assert best is not None
    if len(trainers) > 1:
        best.restarts = [{**record, "chosen": index == chosen} for index, record in enumerate(tried)]
        module = best._snapshot.module
        if module is not None:
            module.from_vector(best.theta)
    return best


def make_trainers(
    env: Any,
    policy: Any,
    strategy: Any,
    preset: str | None,
    generations: int | None,
    seed: int | None,
    restarts: int,
    options: dict[str, Any],
) -> list[Any]:
    """One function for each restart that makes its trainer."""
    from ember_ml import envs
    from ember_ml.es.noise import derived_seed
    from ember_ml.es.strategies import Strategy

    for name in options:
        if name not in OPTIONS and name not in _LIMITS:
            known = [*sorted(_OWN - {"self"}), "preset", "restarts", *OPTIONS, *_LIMITS]
            raise TypeError(f"train() got an unknown option {name!r}{validate.suggest(name, known)}")
    restarts = validate.positive_int("restarts", restarts)
    seed = secrets.randbits(32) if seed is None else validate.seed_number(seed)
    env = envs.make(env)
    chosen, why = presets.find(preset, env.name)
    if policy is not None and not chosen.any_policy:
        why = f"default: the preset {chosen.name} is for its own policy"
        chosen = presets.DEFAULT
    elif strategy is not None:
        why += ", with your strategy"
    arguments = {**chosen.options, **{n: v for n, v in options.items() if n not in _LIMITS}}
    arguments["generations"] = chosen.generations if generations is None else generations

    first = policy.to_vector() if hasattr(policy, "to_vector") else None

    def maker(index: int) -> Any:
        def make() -> Trainer:
            if index and first is not None:
                policy.from_vector(first)  # it holds what the last restart trained
            own = strategy
            if own is None:
                own = chosen.strategy()
            elif index and isinstance(own, Strategy):
                own = Strategy.from_config(own.config(), own.optimizer)
            number = seed if index == 0 else derived_seed("init", seed, index, 0, 0)
            trainer = Trainer(env, chosen.policy if policy is None else policy, own, seed=number, **arguments)
            trainer.preset = why
            return trainer

        return make

    return [maker(index) for index in range(restarts)]
