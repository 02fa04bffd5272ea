"""What ``ember-ml train`` says at its end, as JSON or as text."""

from __future__ import annotations

from typing import Any


def summary(run: Any, written: dict[str, str]) -> dict[str, Any]:
    history = run.history
    last = history[-1] if len(history) else None
    return {
        "env": run.env.name,
        "seed": run.seed,
        "generations": len(history),
        "policy_return": None if last is None else last["policy_return"],
        "best_policy_return": None if last is None else float(history["policy_return"].max()),
        "episodes": run.episodes,
        "steps": run.steps,
        "seconds": 0.0 if last is None else last["wall_time"],
        "interrupted": run.interrupted,
        "until_reached": run.reached,
        "restarts": run.restarts,
        "files": written,
        "config": run.config,
    }


def print_summary(run: Any, written: dict[str, str], explain: bool) -> None:
    from ember_ml.plot import count_text, seconds_text

    history = run.history
    if explain:
        print(run.explain() + "\n")
    state = " (interrupted)" if run.interrupted else ""
    print(f"{run.env.name}, seed {run.seed}{state}")
    rows = []
    if len(history):
        first, last = history[0], history[-1]
        rows.append(("policy return", f"{last['policy_return']:.2f} (began at {first['policy_return']:.2f})"))
        rows.append(("generations", f"{len(history)}" + (", stopped at --until" if run.reached else "")))
        rows.append(("episodes", f"{run.episodes:,}"))
        seconds = last["wall_time"]
        speed = f", {count_text(run.steps / seconds)} steps/s" if seconds > 0 and not run.restarts else ""
        rows.append(("environment steps", f"{run.steps:,}"))
        rows.append(("time", seconds_text(seconds) + speed))
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
