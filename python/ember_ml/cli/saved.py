"""What works on a saved training: ``ember-ml evaluate``, ``plot`` and ``export``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from ember_ml.cli.command import OK, command, need_picture


def add(commands: Any) -> None:
    """Declares the commands."""
    sub = command(commands, "evaluate", _evaluate, "play a saved policy from starts that training never used")
    sub.add_argument("file", metavar="FILE", help="what `train --save` or `--out` wrote")
    sub.add_argument("--episodes", type=int, default=100, metavar="N", help="episodes to play (100)")
    sub.add_argument("--best", action="store_true", help="the best policy of the training, not its last")
    sub.add_argument("--gif", metavar="PATH", help="also write one episode as an animation")
    sub.add_argument("--json", action="store_true", help="print one JSON object")

    sub = command(commands, "plot", _plot, "draw the learning curve of a saved training")
    sub.add_argument("file", metavar="FILE", help="what `train --save` or `--out` wrote")
    sub.add_argument("--out", metavar="PATH", help="png, pdf or svg to write (FILE with .png)")
    sub.add_argument(
        "--x", choices=("generation", "steps", "time"), default="generation", help="horizontal axis"
    )
    sub.add_argument(
        "--trajectory", action="store_true", help="one episode of the policy instead of the curve"
    )

    sub = command(
        commands,
        "export",
        _export,
        "write a trained policy for use without this package",
        "The suffix of OUT decides: .h a C99 header for microcontrollers, .onnx, .pt2 (torch.export).",
    )
    sub.add_argument("file", metavar="FILE", help="what `train --save` or `--out` wrote")
    sub.add_argument("out", metavar="OUT", help="file to write: policy.h, policy.onnx, policy.pt2")
    sub.add_argument("--best", action="store_true", help="the best policy of the training, not its last")


def _load(path: str) -> Any:
    from ember_ml import es

    return es.load(path)


def _evaluate(options: argparse.Namespace) -> int:
    from ember_ml.es.evaluation import evaluate_policy

    run = _load(options.file)
    if options.best and run.best is not run.policy:
        best = run.best
        result = evaluate_policy(
            run._snapshot, options.episodes, "evaluate", best.theta, best.mean, best.inverse
        )
    else:
        result = run.evaluate(episodes=options.episodes)
    files = {}
    if options.gif is not None:
        files["gif"] = str(run.animate(options.gif))
    low, high = result.confidence_interval
    if options.json:
        print(
            json.dumps(
                {
                    "file": options.file,
                    "env": run.env.name,
                    "episodes": len(result.returns),
                    "mean": result.mean,
                    "std": result.std,
                    "confidence_interval": [low, high] if len(result.returns) > 1 else None,
                    "min": float(result.returns.min()),
                    "max": float(result.returns.max()),
                    "mean_length": float(result.lengths.mean()),
                    "files": files,
                }
            )
        )
        return OK
    print(f"{run.env.name}, {len(result.returns)} episodes")
    print(f"  mean return        {result.mean:.2f}  (95% interval {low:.2f} to {high:.2f})")
    print(f"  deviation          {result.std:.2f}")
    print(f"  least and most     {result.returns.min():.2f}, {result.returns.max():.2f}")
    print(f"  steps an episode   {result.lengths.mean():.1f}")
    for kind, path in files.items():
        print(f"  {kind:<18} {path}")
    return OK


def _plot(options: argparse.Namespace) -> int:
    out = options.out or str(Path(options.file).with_suffix(".png"))
    need_picture(out)
    run = _load(options.file)
    if options.trajectory:
        run.plot_trajectory(out)
    else:
        run.plot(out, x=options.x)
    print(out)
    return OK


def _export(options: argparse.Namespace) -> int:
    from ember_ml.es.export import export

    run = _load(options.file)
    print(export(run.best if options.best else run.policy, options.out))
    return OK
