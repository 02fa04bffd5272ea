"""The program ``ember-ml``: train, evaluate, plot, export, bench, info."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130

STRATEGIES = {
    "openai-es": "OpenAIES",
    "ars": "ARS",
    "snes": "SNES",
    "pgpe": "PGPE",
    "sep-cmaes": "SepCMAES",
    "cmaes": "CMAES",
    "cr-fm-nes": "CRFMNES",
}

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

_EPILOG = """\
examples:
  ember-ml train CartPole-v1 --save cartpole.npz --plot curve.png
  ember-ml evaluate cartpole.npz --episodes 1000
  ember-ml export cartpole.npz policy.h
  ember-ml info

`ember-ml COMMAND --help` explains each. Exit codes: 0 done, 1 training or evaluation failed, 2 wrong usage,
130 interrupted."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command. Returns the exit code."""
    parser = _parser()
    try:
        options = parser.parse_args(arguments)
    except SystemExit as stop:
        return OK if stop.code in (0, None) else USAGE
    if not hasattr(options, "command"):
        parser.print_help()
        return USAGE
    from ember_ml.errors import EvaluationError

    try:
        return int(options.command(options))
    except KeyboardInterrupt:
        return _complain("interrupted", INTERRUPTED)
    except BrokenPipeError:
        sys.stdout = None  # type: ignore[assignment]  # the reader left: nothing more to say
        return OK
    except EvaluationError as error:
        return _complain(str(error), FAILED)
    except (ValueError, TypeError) as error:
        return _complain(str(error), USAGE)
    except (OSError, ImportError, RuntimeError, MemoryError) as error:
        return _complain(str(error) or type(error).__name__, FAILED)


def _complain(message: str, code: int) -> int:
    print(f"ember-ml: {message}", file=sys.stderr)
    return code


# -------------------------------------------------------------------------------------------------------
# options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ember-ml",
        description="Train policies by evolution strategies, from episode returns alone.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"ember-ml {_version()}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def command(name: str, run: Callable[[Any], int], text: str, epilog: str = "") -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name,
            help=text,
            description=text[0].upper() + text[1:] + ".",
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.set_defaults(command=run)
        return sub

    _train_options(command("train", _train, "train a policy on an environment", _TRAIN_EXAMPLES))

    sub = command("evaluate", _evaluate, "play a saved policy from starts that training never used")
    sub.add_argument("file", metavar="FILE", help="what `train --save` or `--out` wrote")
    sub.add_argument("--episodes", type=int, default=100, metavar="N", help="episodes to play (100)")
    sub.add_argument("--best", action="store_true", help="the best policy of the training, not its last")
    sub.add_argument("--gif", metavar="PATH", help="also write one episode as an animation")
    sub.add_argument("--json", action="store_true", help="print one JSON object")

    sub = command("plot", _plot, "draw the learning curve of a saved training")
    sub.add_argument("file", metavar="FILE", help="what `train --save` or `--out` wrote")
    sub.add_argument("--out", metavar="PATH", help="png, pdf or svg to write (FILE with .png)")
    sub.add_argument(
        "--x", choices=("generation", "steps", "time"), default="generation", help="horizontal axis"
    )
    sub.add_argument(
        "--trajectory", action="store_true", help="one episode of the policy instead of the curve"
    )

    sub = command(
        "export",
        _export,
        "write a trained policy for use without this package",
        "The suffix of OUT decides: .h a C99 header for microcontrollers, .onnx, .pt2 (torch.export).",
    )
    sub.add_argument("file", metavar="FILE", help="what `train --save` or `--out` wrote")
    sub.add_argument("out", metavar="OUT", help="file to write: policy.h, policy.onnx, policy.pt2")
    sub.add_argument("--best", action="store_true", help="the best policy of the training, not its last")

    sub = command(
        "bench",
        _bench,
        "measure how fast this machine trains",
        "Each figure stands beside what the machine can do at most, measured in the same run: multiply-adds\n"
        "a second (fma), or numbers read from memory a second. All groups together take about 20 seconds.",
    )
    sub.add_argument(
        "groups",
        nargs="*",
        metavar="GROUP",
        help="limits, noise, tanh, forward, environments, rollouts, update, training (all)",
    )
    sub.add_argument("--seconds", type=float, default=0.3, metavar="X", help="time for each figure (0.3)")
    sub.add_argument("--json", action="store_true", help="print one JSON object")

    sub = command("info", _info, "version, SIMD level, threads, backends and environments found")
    sub.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _train_options(sub: argparse.ArgumentParser) -> None:
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


# ---------------------------------------------------------------------------------------------------------
# train


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
    if options.plot is not None:
        _need_matplotlib()  # before minutes of training, not after
    for path in (options.save, options.plot):
        _need_folder(path)
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
            _strategy(options),
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
        if _has("matplotlib") and len(run.history):
            plots.append(str(folder / "training.png"))
    for path in plots:
        run.plot(path)
        written["plot"] = ", ".join(filter(None, (written.get("plot"), str(path))))
    if options.json:
        print(json.dumps(_summary(run, written)))
    elif not options.quiet:
        _print_summary(run, written, options.explain)
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


def _strategy(options: argparse.Namespace) -> Any:
    """The strategy of the options, or None where the preset's stays."""
    from ember_ml import es
    from ember_ml.es import presets

    changes = {"directions": options.directions, "sigma": options.sigma}
    changes = {name: value for name, value in changes.items() if value is not None}
    rate = options.learning_rate
    if options.strategy is None and not changes and rate is None:
        return None
    if options.strategy is not None:
        kind = getattr(es, STRATEGIES[options.strategy])
        config: dict[str, Any] = {}
    else:
        chosen, _ = presets.find(options.preset, options.env)
        made = chosen.strategy()
        kind, config = type(made), made.config()
        config.pop("name", None), config.pop("type", None)
        if "optimizer" in config:
            config["optimizer"] = made.optimizer
        if "directions" in changes and "top" in config:
            config["top"] = None
    if rate is not None:
        optimizer = config.get("optimizer")
        if kind is es.OpenAIES or kind is es.PGPE:
            from ember_ml.training import Adam, ClipUp

            if optimizer is not None:
                optimizer.learning_rate = rate
            config["optimizer"] = optimizer or (
                Adam(learning_rate=rate) if kind is es.OpenAIES else ClipUp(rate)
            )
        else:
            config["learning_rate"] = rate
    try:
        return kind(**{**config, **changes})
    except TypeError as error:
        raise ValueError(f"--strategy {options.strategy}: {error}") from None


def _summary(run: Any, written: dict[str, str]) -> dict[str, Any]:
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


def _print_summary(run: Any, written: dict[str, str], explain: bool) -> None:
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


# ------------------------------------------------------------------------------------------------ other
# commands


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
    _need_matplotlib()
    out = options.out or str(Path(options.file).with_suffix(".png"))
    _need_folder(out)
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


def _bench(options: argparse.Namespace) -> int:
    from ember_ml.bench import about, bench, head, line

    rows = bench(options.groups, options.seconds)
    if options.json:
        print(json.dumps(about() | {"rows": list(rows)}))
        return OK
    print(head(about()), flush=True)
    group = None
    for row in rows:
        if row["group"] != group:
            group = row["group"]
            print(f"\n{group}")
        print(line(row), flush=True)
    return OK


def _info(options: argparse.Namespace) -> int:
    from ember_ml import _core, envs
    from ember_ml.es.run import versions

    packages = {}
    for name in (
        "torch",
        "mlx",
        "gymnasium",
        "mujoco",
        "numba",
        "ray",
        "cma",
        "matplotlib",
        "onnx",
        "tensorboard",
    ):
        packages[name] = _installed(name)
    backends = ["numpy", *(name for name in ("torch", "mlx") if packages[name])]
    found = {
        **versions(),
        "simd_levels": list(_core.simd_levels()),
        "threads": _core.available_threads(),
        "backends": backends,
        "environments": sorted(envs.registry()),
        "optional_packages": packages,
    }
    if options.json:
        print(json.dumps(found))
        return OK
    print(
        f"ember-ml {found['ember_ml']}, Python {found['python']}, numpy {found['numpy']}, {found['platform']}"
    )
    print(f"  SIMD level    {found['simd']} (built and runnable here: {', '.join(_core.simd_levels())})")
    print(f"  threads       {found['threads']}")
    print(f"  backends      {', '.join(backends)}")
    print(f"  environments  {', '.join(sorted(envs.registry()))}; any gymnasium id where that is installed")
    there = [f"{name} {version}" for name, version in packages.items() if version]
    missing = [name for name, version in packages.items() if not version]
    print(f"  installed     {', '.join(there) or 'none of the optional packages'}")
    if missing:
        print(f"  not installed {', '.join(missing)}: pip install 'ember-ml[all]' brings them")
    return OK


def _version() -> str:
    import ember_ml

    return ember_ml.__version__


def _installed(name: str) -> str | None:
    import importlib.metadata

    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _has(module: str) -> bool:
    import importlib.util

    return importlib.util.find_spec(module) is not None


def _need_matplotlib() -> None:
    from ember_ml.errors import need

    need("matplotlib", "plot")


def _need_folder(path: str | None) -> None:
    if path is not None and not Path(path).parent.is_dir():
        raise ValueError(f"{path}: the folder {Path(path).parent} does not exist")


if __name__ == "__main__":
    sys.exit(main())
