"""``ember-ml train``."""

from __future__ import annotations

import argparse
import inspect
from pathlib import Path
from typing import Any

from ember_ml.cli import flags
from ember_ml.cli.command import (
    INTERRUPTED,
    NOT_REACHED,
    OK,
    command,
    given,
    make_folder,
    need_file,
    need_picture,
)
from ember_ml.cli.environment import environment, is_user_object, user_object
from ember_ml.cli.keeping import Keeper
from ember_ml.cli.strategy import strategy_arguments
from ember_ml.cli.summary import print_summary, print_summary_of_seeds, summary, summary_of_seeds
from ember_ml.errors import is_installed
from ember_ml.validate import count_or_off


def add(commands: Any) -> None:
    """Declares the command."""
    flags.add_options(command(commands, "train", _train, "train a policy on an environment", flags.EXAMPLES))


def _train(options: argparse.Namespace) -> int:
    resume = getattr(options, "resume", None)
    if hasattr(options, "named_env"):
        if options.env is not None:
            raise ValueError(f"--env: got {options.named_env!r}, but the first word is {options.env!r}")
        options.env = options.named_env
    if options.env is None and resume is None:
        raise ValueError(
            "train: wanted either an environment or --resume FILE (`ember-ml train --help` shows how)"
        )
    save, out, plot = (getattr(options, name, None) for name in ("save", "out", "plot"))
    need_file(save)
    need_picture(plot)
    if resume is not None:
        _refuse_with_resume(options)
    if hasattr(options, "seeds"):
        return _train_seeds(options)
    folder = None if out is None else make_folder(out)
    keepers = _keepers(options, folder)
    try:
        run = _run(options, resume, [*keepers.values(), *_loggers(options, folder)])
        if len(run.history):
            run.evaluation  # noqa: B018  played once, for the summary, the plot and the file
    except BaseException:
        options.rescued = "".join(keeper.rescue() for keeper in keepers.values())
        raise
    written = {
        name: str(path) for name, keeper in keepers.items() if (path := keeper.finish(run)) is not None
    }
    saved = bool(written)
    if folder is not None:
        written["log"] = str(folder / "log.csv")
    plots = [plot] if plot is not None else []
    if folder is not None and is_installed("matplotlib") and len(run.history):
        plots.append(str(folder / "training.png"))
    for path in plots:
        run.plot(path)
    if plots:
        written["plot"] = ", ".join(plots)
    kept = [str(path) for keeper in keepers.values() for path in keeper.kept]
    if kept:
        written["kept"] = ", ".join(kept)
    if options.json:
        options.answer = summary(run, written)
    elif not options.quiet:
        print_summary(run, written, hasattr(options, "explain"))
        if not saved:
            print(f"  not saved: {keepers['save'].failure or '--save FILE keeps a training'}")
    if run.interrupted:
        return INTERRUPTED
    return NOT_REACHED if hasattr(options, "until") and not run.reached else OK


def _train_seeds(options: argparse.Namespace) -> int:
    """``--seeds``: files of all in the folder of ``--out``, one picture, one table."""
    for name in ("save", "tensorboard", "wandb", "checkpoint_every", "force"):
        if hasattr(options, name):
            flag = "--" + name.replace("_", "-")
            raise ValueError(f"{flag}: not with --seeds, whose trainings --out FOLDER keeps")
    folder = None if not hasattr(options, "out") else make_folder(options.out)
    there = [] if folder is None else sorted(folder.glob("*seed-*.npz"))
    if there:
        raise ValueError(
            f"--out: {folder} has trainings already, such as {there[0].name}; name another folder"
        )
    runs = _run(options, None, [])
    # Each was written when it was finished; this is for one that could not be then.
    written = {} if folder is None or not len(runs) else {"save": str(runs.save(folder))}
    if folder is not None and runs.unfinished:
        names = [str(run.save(folder / f"unfinished-seed-{run.seed}.npz")) for run in runs.unfinished]
        written["unfinished"] = ", ".join(names)
    plots = [options.plot] if hasattr(options, "plot") else []
    if folder is not None and is_installed("matplotlib"):
        plots.append(str(folder / "training.png"))
    for path in plots if len(runs) else []:
        runs.plot(path)
        written["plot"] = ", ".join(plots)
    if options.json:
        options.answer = summary_of_seeds(runs, written)
    elif not options.quiet:
        print_summary_of_seeds(runs, written, hasattr(options, "explain"))
    if runs.interrupted:
        return INTERRUPTED
    return NOT_REACHED if hasattr(options, "until") and not all(run.reached for run in runs) else OK


def _keepers(options: argparse.Namespace, folder: Path | None) -> dict[str, Keeper]:
    """What saves the training, by what the summary calls its file."""
    ours = [Path(options.resume)] if hasattr(options, "resume") else []
    force = hasattr(options, "force")
    keepers = {}
    if folder is not None:
        checkpoint, *beside = (folder / name for name in ("checkpoint.npz", "log.csv", "training.png"))
        if any(file.resolve() == checkpoint.resolve() for file in ours):
            ours += beside
        every = getattr(options, "checkpoint_every", None)
        keepers["checkpoint"] = Keeper(checkpoint, ours, force, beside, every)
        ours = [*ours, checkpoint]
    if hasattr(options, "save"):
        keepers["save"] = Keeper(Path(options.save), ours, force)
    elif folder is None:
        for file in ours:  # before hours of training instead of after
            need_file(file)
        keepers["save"] = Keeper(ours[0] if ours else None, ours, force)
    return keepers


def _loggers(options: argparse.Namespace, folder: Path | None) -> list[Any]:
    from ember_ml.es import CSVLogger, TensorBoardLogger, WandbLogger

    loggers: list[Any] = [] if folder is None else [CSVLogger(folder / "log.csv")]
    if hasattr(options, "tensorboard"):
        loggers.append(TensorBoardLogger(make_folder(options.tensorboard)))
    if hasattr(options, "wandb"):
        loggers.append(WandbLogger(project=options.wandb))
    return loggers


def _run(options: argparse.Namespace, resume: str | None, callbacks: list[Any]) -> Any:
    from ember_ml.es.train import train

    arguments: dict[str, Any] = {"callbacks": callbacks, "progress": not (options.quiet or options.json)}
    arguments.update(given(options, flags.FREE))
    if hasattr(options, "ray"):
        arguments["engine"] = _ray(options)
        arguments.pop("workers", None)
    env: Any = None
    if options.env is not None:
        env = environment(options.env, getattr(options, "env_arg", None))
    policy = _policy(getattr(options, "policy", None))
    if resume is not None:
        return _go_on(options, resume, env, policy, arguments)
    arguments.update(given(options, (*flags.LIMITS, *flags.RESULT, *flags.OWN)))
    if hasattr(options, "seeds") and hasattr(options, "out"):
        arguments["folder"] = options.out
    return train(env, policy, **strategy_arguments(options), **arguments)


def _ray(options: argparse.Namespace) -> Any:
    """The engine that --ray asks for."""
    from ember_ml.engines import Ray

    if hasattr(options, "engine"):
        raise ValueError(f"--ray: got it beside --engine {options.engine}, wanted one of them")
    address = None if options.ray == "local" else options.ray
    return Ray(address, workers=getattr(options, "workers", None), threads=getattr(options, "threads", None))


def _go_on(options: argparse.Namespace, file: str, env: Any, policy: Any, arguments: dict[str, Any]) -> Any:
    from ember_ml.es import Trainer

    trainer = Trainer.load(file, env=env, policy=policy, **arguments)
    more, plan = getattr(options, "generations", None), trainer.generations
    if more is None and plan is not None and trainer.generation >= plan:
        raise ValueError(
            f"--resume: {file} has done the {plan} generations that were planned;"
            " --generations N trains N more"
        )
    result = given(options, flags.RESULT)
    if "evaluate" in result:
        result["evaluate"] = count_or_off("evaluate", result["evaluate"])
    run = trainer.run(generations=more, **given(options, flags.LIMITS))
    run.evaluation_episodes = result.get("evaluate")
    if "keep" in result:
        run.keep(result["keep"])
    return run


def _refuse_with_resume(options: argparse.Namespace) -> None:
    for name in given(options, (*flags.OWN, *flags.STRATEGY)):
        if name != "generations":
            flag = "--" + name.replace("_", "-")
            raise ValueError(f"{flag}: the resumed training has its own; leave it away, or start a new one")


def _policy(text: str | None) -> Any:
    if text is None:
        return None
    if text.strip() in ("", "linear", "none"):
        return ()
    if is_user_object(text):
        found = user_object(text, "Module")
        return found() if inspect.isclass(found) or inspect.isfunction(found) else found
    try:
        return tuple(int(width) for width in text.split(","))
    except ValueError:
        raise ValueError(
            f"--policy: got {text!r}, wanted widths such as 16,16, 'linear', or file.py:Module"
        ) from None
