"""What ``ember-ml train`` says at its end, as JSON or as text."""

from __future__ import annotations

from typing import Any


def summary(run: Any, written: dict[str, str]) -> dict[str, Any]:
    history = run.history
    last = history[-1] if len(history) else None
    evaluation = run.evaluation if len(history) else None
    return {
        "env": run.env.name,
        "seed": run.seed,
        "generations": len(history),
        "policy_return": None if last is None else last["policy_return"],
        "best_policy_return": None if last is None else float(history["policy_return"].max()),
        "episodes": run.episodes,
        "steps": run.steps,
        "seconds": 0.0 if last is None else last["wall_time"],
        "policy": run.kept,
        "evaluation": None if evaluation is None else _result(evaluation),
        "evaluations": list(run.evaluations),
        "interrupted": run.interrupted,
        "until": run.until,
        "until_reached": run.reached,
        "confirmations": list(run.confirmations),
        "confirm_episodes": run.confirm_episodes,
        "confirm_steps": run.confirm_steps,
        "restarts": run.restarts,
        "files": written,
        "digest": run.digest,
        "config": run.config,
    }


def summary_of_seeds(runs: Any, written: dict[str, str]) -> dict[str, Any]:
    """Of each training what `summary` says, but the files."""
    each = [{name: value for name, value in summary(run, {}).items() if name != "files"} for run in runs]
    return {"runs": each, "interrupted": runs.interrupted, "files": written}


def print_summary_of_seeds(runs: Any, written: dict[str, str], explain: bool) -> None:
    if explain and len(runs):
        print(runs[0].explain() + "\n")
    print(runs.summary() if len(runs) else "interrupted before the first training was finished")
    for name, kind in (("saved to", "save"), ("unfinished", "unfinished"), ("plot", "plot")):
        if kind in written:
            print(f"  {name}  {written[kind]}")
    if not written:
        print("  not saved: --out FOLDER keeps the trainings")


def _result(evaluation: Any) -> dict[str, Any]:
    low, high = evaluation.confidence_interval
    several = len(evaluation.returns) > 1
    return {
        "mean": evaluation.mean,
        "confidence_interval": [low, high] if several else None,
        "std": evaluation.std,
        "episodes": len(evaluation.returns),
        "steps": evaluation.steps,
    }


def _mean(evaluation: Any) -> str:
    low, high = evaluation.confidence_interval
    interval = f"95% interval {low:.2f} to {high:.2f}, " if len(evaluation.returns) > 1 else ""
    return f"{evaluation.mean:.2f} ({interval}{len(evaluation.returns)} fresh episodes)"


def _until(run: Any) -> str:
    """Whether `until` was reached, and what finding out took."""
    tried = run.confirmations
    if run.reached and len(tried):
        text = (
            f"{run.until:g} reached: mean {tried[-1]['mean']:.2f} over {tried[-1]['episodes']} fresh episodes"
        )
    elif run.reached:
        text = f"{run.until:g} reached by the first draw"
    else:
        text = f"{run.until:g} not reached"
        if len(tried):
            text += f": none of {len(tried)} policies tried on fresh episodes"
    return text + (f"; {run.confirm_steps:,} steps for confirming" if run.confirm_steps else "")


def print_summary(run: Any, written: dict[str, str], explain: bool) -> None:
    from ember_ml.report.numbers import count_text, seconds_text

    history = run.history
    if explain:
        print(run.explain() + "\n")
    state = " (interrupted)" if run.interrupted else ""
    print(f"{run.env.name}, seed {run.seed}{state}")
    rows = []
    if len(history):
        first, last = history[0], history[-1]
        if run.evaluation is not None:
            rows.append(("evaluated mean", _mean(run.evaluation)))
        returns = (
            f"{last['policy_return']:.2f} in the last generation, {first['policy_return']:.2f} in the first"
        )
        rows.append(("policy return", returns))
        rows.append(("policy given", "the best of the training" if run.kept == "best" else "the last"))
        if run.until is not None:
            rows.append(("until", _until(run)))
        rows.append(("generations", f"{len(history)}"))
        rows.append(("episodes", f"{run.episodes:,}"))
        seconds = last["wall_time"]
        speed = f", {count_text(run.steps / seconds)} steps/s" if seconds > 0 and not run.restarts else ""
        rows.append(("environment steps", f"{run.steps:,}"))
        rows.append(("time", seconds_text(seconds) + speed))
        rows.append(("digest", f"{run.digest} of the last policy's parameters"))
    else:
        rows.append(("generations", "0: nothing was trained"))
    if run.restarts:
        judged = ", ".join(
            f"{r['judged_return']:.1f}{' (kept)' if r['chosen'] else ''}"
            for r in run.restarts
            if "judged_return" in r
        )
        rows.append(("restarts", judged))
    names = {"save": "saved to", "plot": "plot", "checkpoint": "checkpoint", "log": "log"}
    rows += [(names.get(kind, kind), path) for kind, path in written.items()]
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        print(f"  {name:<{width}}  {text}")
