"""What works on saved trainings: ``evaluate``, ``plot``, ``compare``, ``report``, ``animate``, ``export``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ember_ml.cli.command import OK, command, json_option, need_file, need_picture
from ember_ml.cli.environment import env_options, needed_env

_FILE = "what `train --save` or `--out` wrote"
_OWN = """\
A training on an environment of your own needs it again, as --env file.py:Class, module:Class or file.c:
a saved file never runs code that its reader did not name."""


def add(commands: Any) -> None:
    """Declares the commands."""
    sub = command(
        commands, "evaluate", _evaluate, "play a saved policy from starts that training never used", _OWN
    )
    sub.add_argument("file", metavar="FILE", help=_FILE)
    sub.add_argument("--episodes", type=int, default=100, metavar="N", help="episodes to play (100)")
    _best(sub)
    sub.add_argument("--gif", metavar="PATH", help="also write one episode as a gif or mp4")
    env_options(sub)
    json_option(sub)

    sub = command(commands, "plot", _plot, "draw the learning curve of a saved training")
    sub.add_argument("file", metavar="FILE", help=_FILE)
    sub.add_argument("--out", metavar="PATH", help="png, pdf or svg to write (FILE with .png)")
    _axis(sub)
    sub.add_argument(
        "--trajectory", action="store_true", help="one episode of the policy instead of the curve"
    )
    env_options(sub)

    sub = command(
        commands,
        "compare",
        _compare,
        "draw several saved trainings in one axis",
        "Trainings of one NAME are drawn as their median and the band between their quartiles:\n\n"
        "  ember-ml compare snes=a.npz snes=b.npz pgpe=c.npz --out compare.png",
    )
    sub.add_argument("files", metavar="[NAME=]FILE", nargs="+", help=_FILE)
    sub.add_argument(
        "--out", metavar="PATH", default="compare.png", help="png, pdf or svg to write (compare.png)"
    )
    _axis(sub)

    sub = command(
        commands,
        "report",
        _report,
        "write a web page of one saved training, or of several compared",
        "One self-contained file: the curve to look into, the policy at work, configuration, versions,\n"
        "digest and the command that makes it again. Trainings of one NAME are one group:\n\n"
        "  ember-ml report cartpole.npz -o cartpole.html\n"
        "  ember-ml report snes=a.npz snes=b.npz pgpe=c.npz",
    )
    sub.add_argument("files", metavar="[NAME=]FILE", nargs="+", help=_FILE)
    sub.add_argument(
        "-o", "--out", metavar="PATH", help="html to write (FILE with .html; report.html of several)"
    )
    sub.add_argument("--episode", type=int, default=0, metavar="N", help="decides the start (0)")
    env_options(sub)

    sub = command(commands, "animate", _animate, "write one episode of a saved policy as an animation", _OWN)
    sub.add_argument("file", metavar="FILE", help=_FILE)
    sub.add_argument("--out", metavar="PATH", help="gif or mp4 to write (FILE with .gif)")
    sub.add_argument("--episode", type=int, default=0, metavar="N", help="decides the start (0)")
    sub.add_argument("--fps", type=int, default=30, metavar="N", help="pictures a second (30)")
    env_options(sub)

    sub = command(
        commands,
        "export",
        _export,
        "write a trained policy for use without this package",
        "The suffix of OUT decides: .h a C99 header for microcontrollers, .onnx, .pt2 (torch.export).",
    )
    sub.add_argument("file", metavar="FILE", help=_FILE)
    sub.add_argument("out", metavar="OUT", help="file to write: policy.h, policy.onnx, policy.pt2")
    _best(sub)
    env_options(sub)


def _axis(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--x",
        choices=("generation", "steps", "time"),
        default="generation",
        help="horizontal axis: generation, steps or time (generation)",
    )


def _best(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--best", action="store_true", help="the best policy of the training, not its last")


def _which(options: argparse.Namespace) -> Any:
    return "best" if hasattr(options, "best") else None


def _load(options: argparse.Namespace) -> Any:
    from ember_ml import es

    return es.load(options.file, env=needed_env(options))


def _evaluate(options: argparse.Namespace) -> int:
    gif = getattr(options, "gif", None)
    need_file(gif)
    run = _load(options)
    result = run.evaluate(options.episodes, _which(options))
    files = {}
    if gif is not None:
        files["gif"] = str(run.animate(gif))
    low, high = result.confidence_interval
    if options.json:
        options.answer = {
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
    out = getattr(options, "out", None) or str(Path(options.file).with_suffix(".png"))
    need_picture(out)
    run = _load(options)
    if hasattr(options, "trajectory"):
        run.plot_trajectory(out)
    else:
        run.plot(out, x=options.x)
    print(out)
    return OK


def _compare(options: argparse.Namespace) -> int:
    from ember_ml import es

    need_picture(options.out)
    es.compare(_groups(options.files), options.out, x=options.x)
    print(options.out)
    return OK


def _groups(words: list[str]) -> list[str] | dict[str, list[str]]:
    """The files that ``[NAME=]FILE`` words name; by group where any is named."""
    groups: dict[str, list[str]] = {}
    for word in words:
        name, equals, file = word.partition("=")
        if not equals or Path(word).exists():
            name, file = "", word
        groups.setdefault(name, []).append(file)
    unnamed = groups.pop("", [])
    if not groups:
        return unnamed
    for file in unnamed:
        groups.setdefault(Path(file).stem, []).append(file)
    return groups


def _report(options: argparse.Namespace) -> int:
    from ember_ml import es

    groups = _groups(options.files)
    out = getattr(options, "out", None)
    if out is None:
        out = (
            str(Path(groups[0]).with_suffix(".html"))
            if isinstance(groups, list) and len(groups) == 1
            else "report.html"
        )
    need_file(out)
    print(es.report(groups, out, options.episode, needed_env(options)))
    return OK


def _animate(options: argparse.Namespace) -> int:
    out = getattr(options, "out", None) or str(Path(options.file).with_suffix(".gif"))
    need_file(out)
    for name, least in (("episode", 0), ("fps", 1)):
        if getattr(options, name) < least:
            raise ValueError(f"--{name}: got {getattr(options, name)}, wanted at least {least}")
    print(_load(options).animate(out, episode=options.episode, fps=options.fps))
    return OK


def _export(options: argparse.Namespace) -> int:
    need_file(options.out)
    print(_load(options).export(options.out, _which(options)))
    return OK
