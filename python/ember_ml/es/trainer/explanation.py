"""What runs where, and why, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ember_ml.policy.handing import class_name
from ember_ml.policy.spec import PolicySpec

if TYPE_CHECKING:
    from ember_ml.engines.select import Problem
    from ember_ml.es.files.saved import Saved
    from ember_ml.es.state.setup import Search, Setup
    from ember_ml.es.state.snapshot import Snapshot


def explain(setup: Setup, search: Search, parameters: int, engine: str) -> str:
    """What runs where, and why: text. `engine` is what the engine says of itself (`engine_text`)."""
    problem, env, network = setup.problem, setup.env, setup.problem.policy
    lines = []
    if setup.preset:
        lines.append(f"preset: {setup.preset}")
    lines.append(f"environment: {env.name} ({_stepper(env)})")
    lines.extend(_starts(env))
    if isinstance(network, PolicySpec):
        lines.append(f"policy: {network.describe()}, {network.parameters} parameters")
    else:
        lines.append(
            f"policy: {class_name(network)}, {parameters} parameters, not compiled: {problem.not_compiled}"
        )
    lines.append(f"strategy: {search.text}")
    why = search.why_not_native if setup.choice.name == "native" else "the engine is not native"
    if setup.many is not None:
        why = "each is evaluated by many workers"
    lines.append("generations: " + ("many in one native call" if not why else f"one by one in Python: {why}"))
    if not problem.options.normalize:
        lines.append("observations: as they come")
    else:
        lines.append("observations: normalised" + (", after a warm-up population" if setup.warmup else ""))
    name = setup.choice.name if setup.many is None else setup.many.name
    lines.append(f"engine: {name}; {engine}")
    lines.extend(setup.choice.reasons)
    lines.extend(setup.notes)
    return "\n".join(lines)


def explain_snapshot(snapshot: Snapshot) -> str:
    """What ran where when the snapshot was taken: text."""
    setup = snapshot.setup
    search = snapshot.search or setup.search
    assert search is not None
    engine = snapshot.engine_text or engine_text(setup, search, setup.make_engine())
    return explain(setup, search, snapshot.theta.size, engine)


def engine_text(setup: Setup, search: Search, engine: Any) -> str:
    """What an engine says of itself and a strategy's populations."""
    if setup.choice.name == "native" and hasattr(engine, "evaluator"):
        low_rank = None if search.perturbation is None else search.perturbation.native
        return str(engine.evaluator.explain(search.directions, search.antithetic, low_rank))
    return str(engine.explain())


def explain_saved(file: Saved, problem: Problem) -> str:
    """What ran when the file was written: text."""
    network = problem.policy
    how = f"normalised: {file.options['normalize_observations']}"
    arguments = ", ".join(f"{name}={value!r}" for name, value in file.strategy.items() if name != "type")
    lines = [
        *([f"preset: {file.preset}"] if file.preset else []),
        f"environment: {file.env.name} ({_stepper(file.env)})" + (", not here" if file.env.absent else ""),
        f"policy: {network.describe()}, {network.parameters} parameters"
        if isinstance(network, PolicySpec)
        else f"policy: {file.module_name}, {file.theta.size} parameters, not compiled",
        f"strategy: {file.strategy.get('type')}({arguments})",
        f"observations: {how}",
        f"engine: {file.engine}, when {file.path} was written",
    ]
    return "\n".join(lines)


def _starts(env: Any) -> list[str]:
    """What is not as everywhere: starts that a seed of each episode decides."""
    if not env.seedable:
        return [
            f"starts: {env.name} takes no seed, so this training can be repeated only if its episodes start"
            " alike by themselves"
        ]
    if env.one_seed:
        return [
            f"starts: {env.name} takes one seed for all of its {env.lanes} lanes, so results depend on how"
            " many it has, and the two members of a pair do not start alike"
        ]
    return []


def _stepper(env: Any) -> str:
    if env.opener is not None:
        return "MuJoCo, in native threads"
    return {
        "builtin": "native",
        "custom": "your own, native",
        "python": "in Python",
        "objective": "a function of the model",
    }[env.kind]
