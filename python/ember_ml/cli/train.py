"""``ember-ml train``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from ember_ml.cli.command import INTERRUPTED, OK, command, need_folder, need_picture
from ember_ml.cli.strategy import STRATEGIES, strategy_of
from ember_ml.cli.summary import print_summary, summary
from ember_ml.errors import is_installed

_TRAIN_EXAMPLES = """\
examples:
  ember-ml train Simple1D-v0 --plot training.png       the built-in task, solved in a moment, with its curve
  ember-ml train CartPole-v1 --seed 0 --save cartpole.npz
  ember-ml train Pendulum-v1 --restarts 3              the best of three trainings
  ember-ml train HalfCheetah-v5 --preset ars-v2 --until 3430 --out runs/cheetah
  ember-ml train MountainCar-v0 --strategy pgpe --directions 32 --generations 200
  ember-ml train --resume runs/cheetah/checkpoint.npz --generations 100

ENV is a native environment (`ember-ml info` lists them) or any gymnasium id. A known task takes settings that
are known to work; --preset default, --strategy and the other options replace them."""


def add(commands: Any) -> None:
    """Declares the command."""
    _options(command(commands, "train", _train, "train a policy on an environment", _TRAIN_EXAMPLES))


def _options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("env", metavar="ENV", nargs="?", help="environment; not needed with --resume")
    group = sub.add_argument_group("how to train")
    group.add_argument(
        "--preset", default="auto", metavar="NAME", help="settings of a task: auto, default or a name"
    )
    group.add_argument(
        "--strategy", choices=sorted(STRATEGIES), help="evolution strategy instead of the preset's"
    )
    group.add_argument("--directions", type=int, metavar="N", help="noise vectors a generation (2 N members)")
    group.add_argument("--sigma", type=float, metavar="X", help="deviation of the search distribution")
    group.add_argument("--learning-rate", type=float, metavar="X", help="of the strategy's optimiser")
    group.add_argument(
        "--hidden", metavar="16,16", help="widths of the policy's hidden layers; 'linear' for none"
    )
    group.add_argument("--episodes", type=int, metavar="N", help="episodes a member plays in a generation")
    group.add_argument(
        "--seed", type=int, metavar="N", help="decides every number; drawn and reported if not given"
    )
    group.add_argument(
        "--restarts", type=int, default=1, metavar="N", help="trainings of which the best is kept"
    )
    group = sub.add_argument_group("how long")
    group.add_argument(
        "--generations", type=int, metavar="N", help="generations to train; schedules follow it"
    )
    group.add_argument(
        "--until", type=float, metavar="RETURN", help="stop when the policy reaches this return"
    )
    group.add_argument("--seconds", type=float, metavar="X", help="stop after so much time")
    group.add_argument("--steps", type=int, metavar="N", help="stop after so many environment steps")
    group = sub.add_argument_group("where it runs (results do not depend on it)")
    group.add_argument("--threads", type=int, metavar="N", help="threads of the native engine (all cores)")
    group.add_argument("--engine", default=None, metavar="NAME", help="auto, native, python, torch or mlx")
    group.add_argument("--device", default=None, metavar="NAME", help="cpu, cuda, mps or gpu (torch, mlx)")
    group.add_argument(
        "--workers", type=int, metavar="N", help="processes for environments written in Python"
    )
    group = sub.add_argument_group("what to write")
    group.add_argument(
        "--save", metavar="FILE", help="the trained policy and everything needed to train on (npz)"
    )
    group.add_argument("--plot", metavar="PATH", help="the learning curve (png, pdf, svg)")
    group.add_argument("--out", metavar="FOLDER", help="folder for checkpoint.npz, log.csv and training.png")
    group.add_argument(
        "--checkpoint-every", type=int, default=10, metavar="N", help="with --out, generations (10)"
    )
    group.add_argument("--resume", metavar="FILE", help="go on with a saved training")
    group.add_argument("--tensorboard", metavar="FOLDER", help="also log for TensorBoard")
    group = sub.add_argument_group("what to print")
    group.add_argument("--quiet", action="store_true", help="nothing but errors")
    group.add_argument("--json", action="store_true", help="one JSON object instead of the summary")
    group.add_argument("--explain", action="store_true", help="also print which engine runs this, and why")


def _train(options: argparse.Namespace) -> int:
    from ember_ml.es import CSVLogger, Trainer
    from ember_ml.es.callbacks import Checkpoint
    from ember_ml.es.train import train

    if (options.env is None) == (options.resume is None):
        raise ValueError(
            "train: wanted either an environment or --resume FILE (`ember-ml train --help` shows how)"
        )
    callbacks: list[Any] = []
    written: dict[str, str] = {}
    need_folder(options.save)
    need_picture(options.plot)
    if options.out is not None:
        folder = Path(options.out)
        folder.mkdir(parents=True, exist_ok=True)
        callbacks += [Checkpoint(folder / "checkpoint.npz", every=options.checkpoint_every)]
        callbacks += [CSVLogger(folder / "log.csv", every=options.checkpoint_every)]
        written.update(checkpoint=str(folder / "checkpoint.npz"), log=str(folder / "log.csv"))
    if options.tensorboard is not None:
        from ember_ml.es import TensorBoardLogger

        callbacks.append(TensorBoardLogger(options.tensorboard))
    limits = {
        n: getattr(options, n) for n in ("until", "seconds", "steps") if getattr(options, n) is not None
    }
    where = {
        n: getattr(options, n)
        for n in ("threads", "engine", "device", "workers")
        if getattr(options, n) is not None
    }
    where["progress"] = not (options.quiet or options.json)
    if options.resume is not None:
        _refuse_with_resume(options)
        trainer = Trainer.load(options.resume, callbacks=callbacks, **where)
        run = trainer.run(generations=options.generations, **limits)
    else:
        arguments = {**where, **limits, "callbacks": callbacks}
        if options.episodes is not None:
            arguments["episodes"] = options.episodes
        run = train(
            options.env,
            _hidden(options.hidden),
            strategy_of(options),
            preset=options.preset,
            generations=options.generations,
            seed=options.seed,
            restarts=options.restarts,
            **arguments,
        )
    if options.save is not None:
        written["save"] = str(run.save(options.save))
    plots = [options.plot] if options.plot is not None else []
    if options.out is not None:
        run.save(folder / "checkpoint.npz")
        if is_installed("matplotlib") and len(run.history):
            plots.append(str(folder / "training.png"))
    for path in plots:
        run.plot(path)
        written["plot"] = ", ".join(filter(None, (written.get("plot"), str(path))))
    if options.json:
        print(json.dumps(summary(run, written)))
    elif not options.quiet:
        print_summary(run, written, options.explain)
    return INTERRUPTED if run.interrupted else OK


def _refuse_with_resume(options: argparse.Namespace) -> None:
    for name in ("strategy", "directions", "sigma", "learning_rate", "hidden", "episodes", "seed"):
        if getattr(options, name) is not None:
            flag = "--" + name.replace("_", "-")
            raise ValueError(f"{flag}: the resumed training has its own; leave it away, or start a new one")
    if options.restarts != 1 or options.preset != "auto":
        raise ValueError("--restarts and --preset are for new trainings, not for --resume")


def _hidden(text: str | None) -> Any:
    if text is None:
        return None
    if text.strip() in ("", "linear", "none"):
        return ()
    try:
        return tuple(int(width) for width in text.split(","))
    except ValueError:
        raise ValueError(f"--hidden: got {text!r}, wanted widths such as 16,16, or 'linear'") from None
