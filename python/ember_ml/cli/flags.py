"""The options of ``ember-ml train``: every argument of `es.train` by its own name, and the shell's own."""

from __future__ import annotations

import argparse
from typing import Any

from ember_ml.cli.command import json_option
from ember_ml.cli.environment import env_arg_option
from ember_ml.cli.strategy import STRATEGIES

EXAMPLES = """\
examples:
  ember-ml train Simple1D-v0 --plot training.png
  ember-ml train CartPole-v1 --seed 0 --save cartpole.npz
  ember-ml train Pendulum-v1 --restarts 3 --out runs/pendulum
  ember-ml train CartPole-v1 --seeds 20 --out runs/cartpole
  ember-ml train HalfCheetah-v5 --preset ars-v2 --until 3430
  ember-ml train MountainCar-v0 --strategy pgpe --directions 32
  ember-ml train thermostat.py:Thermostat --env-arg target=21.5
  ember-ml train my_env.c --policy 32,32 --generations 200
  ember-ml train --resume cartpole.npz --generations 100

ENV is a native environment (`ember-ml envs` lists them), any gymnasium id, module:Class or file.py:Class
(also a function that makes one, or a numba environment), or a C file. A known task takes settings that are
known to work (`ember-ml presets`); --preset default, --strategy and the other options replace them.

With --save, --out or --resume the training is written every minute and at its end. Otherwise it is not,
unless it lasts longer than a minute: then it is in ENV-seedN.npz. A file that is there already is kept as
NAME.1.npz, unless --force is given. A resumed training goes back to its own file, unless --save or --out
names another.

Exit codes: 0 done, 1 training failed, 2 wrong usage, 3 --until was not reached, 130 interrupted."""

#: Arguments of `es.train` that are no options here, and why.
NOT_HERE = {
    "env": "the first word",
    "callbacks": "--out, --save and --tensorboard make them",
    "progress": "--quiet and --json turn it off",
    "objective": "a function of the model, which Python hands over",
    "batched": "of an objective",
    "folder": "--out names it, with --seeds",
}

#: What a resumed training may be given anew (`es.Trainer.load`), and how long it goes on.
FREE = ("threads", "engine", "device", "layout", "workers", "lanes", "eval_every", "eval_episodes", "record")
LIMITS = ("until", "confirm_episodes", "seconds", "steps")

#: What of a run's policies is given and how it is measured.
RESULT = ("evaluate", "keep")

#: Other arguments of `es.train` that pass through as they are, and those that make its strategy.
OWN = (
    *("preset", "theta0", "episodes", "max_steps", "frame_skip", "clip_actions", "normalize_observations"),
    *("warmup", "reward_offset", "reward_scale", "on_error", "common_starts", "seed"),
    *("seeds", "restarts", "generations"),
)
STRATEGY = ("strategy", "directions", "members", "sigma", "learning_rate", "policy")

_NUMBER: dict[str, Any] = {"type": int, "metavar": "N"}
_REAL: dict[str, Any] = {"type": float, "metavar": "X"}
_SWITCH: dict[str, Any] = {"action": argparse.BooleanOptionalAction}
_NAME: dict[str, Any] = {"metavar": "NAME"}


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.usage = "%(prog)s [ENV] [options]"
    parser.add_argument(
        "env", metavar="ENV", nargs="?", default=None, help="the environment; with --resume only your own"
    )
    group = parser.add_argument_group("what to train")
    _add(group, "env", {"metavar": "ENV", "dest": "named_env"}, "another way to give ENV")
    env_arg_option(group)
    _add(group, "preset", _NAME, "settings of a task: auto, default or a name (auto)")
    group.add_argument(
        "--policy",
        "--hidden",
        metavar="16,16",
        help="widths of the policy's hidden layers, 'linear' for none, or module:Module, file.py:Module (the"
        " preset's)",
    )
    _add(group, "theta0", {"metavar": "FILE"}, "a saved training whose policy is the first one")
    _add(group, "episodes", _NUMBER, "episodes a member plays in a generation (1)")
    _add(group, "max_steps", _NUMBER, "environment steps an episode may take (the environment's limit)")
    _add(group, "frame_skip", _NUMBER, "environment steps for which an action is held (1)")
    _add(group, "clip_actions", _SWITCH, "clip actions to the environment's bounds (yes)")
    _add(group, "normalize_observations", _SWITCH, "by running statistics (yes, but for ARS V1)")
    _add(group, "warmup", _SWITCH, "fill these statistics before training (yes)")
    _add(group, "reward_offset", _REAL, "subtracted from each step's reward for the fitness (0)")
    _add(group, "reward_scale", _REAL, "factor of each step's reward for the fitness (1)")
    on_error = {"choices": ("raise", "rank_last"), "metavar": "WHAT"}
    _add(group, "on_error", on_error, "raise, or rank_last members that cannot be simulated (raise)")
    group = parser.add_argument_group("how to train")
    group.add_argument(
        "--strategy",
        choices=sorted(STRATEGIES),
        metavar="NAME",
        help=f"{', '.join(STRATEGIES)} (the preset's)",
    )
    _add(group, "directions", _NUMBER, "noise vectors a generation, 2 N members (the preset's)")
    _add(group, "members", _NUMBER, "instead of directions: what is evaluated a generation")
    _add(group, "sigma", _REAL, "deviation of the search distribution (the preset's)")
    _add(group, "learning_rate", _REAL, "of the strategy's optimiser (the preset's)")
    _add(group, "common_starts", _SWITCH, "all members of a generation start alike (no)")
    _add(group, "seed", _NUMBER, "decides every number (drawn, and reported)")
    many = {"type": seeds, "metavar": "N|A:B|A,B,C"}
    _add(
        group,
        "seeds",
        many,
        "train many at once: N (0 to N - 1), A:B (without B) or a list; --out keeps them",
    )
    _add(group, "restarts", _NUMBER, "trainings of which the best is kept (1)")
    group = parser.add_argument_group("how long")
    _add(group, "generations", _NUMBER, "generations to train; schedules follow it (the preset's)")
    _add(group, "until", {"type": float, "metavar": "RETURN"}, "stop when the policy has this mean return")
    _add(
        group, "confirm_episodes", _NUMBER, "most fresh episodes that must show it; 0: believe one draw (400)"
    )
    _add(group, "seconds", _REAL, "stop after so much time")
    _add(group, "steps", _NUMBER, "stop after so many environment steps")
    group = parser.add_argument_group("where it runs (results do not depend on it)")
    _add(group, "threads", _NUMBER, "threads of the native engine (all cores)")
    _add(group, "engine", _NAME, "auto, native, python, torch, mlx, local or ray (auto)")
    _add(
        group, "ray", {"metavar": "ADDRESS"}, "a Ray cluster: auto, HOST:PORT, or local for one started here"
    )
    _add(group, "device", _NAME, "cpu, cuda, mps or gpu, of torch and mlx (cuda where there is one)")
    _add(
        group, "workers", _NUMBER, "processes for environments written in Python (1); of local and ray (all)"
    )
    _add(group, "lanes", _NUMBER, "episodes side by side of an environment in Python (else up to 64)")
    _add(group, "layout", _NAME, "members, episodes or units, of the native engine (it chooses)")
    group = parser.add_argument_group("what to measure")
    _add(
        group, "evaluate", _NUMBER, "episodes that say what the policy is worth (100; 20 in Python); 0: none"
    )
    keep = {"choices": ("last", "best"), "metavar": "WHICH"}
    _add(group, "keep", keep, "the policy to give: last, or the best of the training (last)")
    _add(group, "eval_every", _NUMBER, "evaluate the policy every N generations, for the curve (never)")
    _add(group, "eval_episodes", _NUMBER, "episodes of each (100; 20 where Python steps the environment)")
    group = parser.add_argument_group("what to write")
    _add(group, "save", {"metavar": "FILE"}, "the training: policy, history and what it needs to go on (npz)")
    _add(group, "out", {"metavar": "FOLDER"}, "the same as checkpoint.npz, with log.csv and training.png")
    _add(group, "resume", {"metavar": "FILE"}, "go on with a saved training, and save it again")
    _add(group, "force", {"action": "store_true"}, "replace files of other trainings instead of keeping them")
    _add(group, "checkpoint_every", _NUMBER, "with --out, save every N generations too (every minute)")
    _add(group, "record", {"metavar": "FILE"}, "a log from which any generation can be made again")
    _add(group, "plot", {"metavar": "PATH"}, "the learning curve (png, pdf, svg); replaces what is there")
    _add(group, "tensorboard", {"metavar": "FOLDER"}, "also log for TensorBoard")
    _add(group, "wandb", {"metavar": "PROJECT"}, "also log to Weights & Biases")
    group = parser.add_argument_group("what to print")
    _add(group, "quiet", {"action": "store_true"}, "nothing but errors")
    json_option(group)
    _add(group, "explain", {"action": "store_true"}, "also which engine runs this, and why")


def seeds(text: str) -> list[int]:
    """``20``, ``0:20`` or ``3,5,8`` as a list."""
    try:
        if ":" in text:
            first, _, behind = text.partition(":")
            return list(range(int(first or 0), int(behind)))
        return [int(part) for part in text.split(",")] if "," in text else list(range(int(text)))
    except ValueError:
        raise argparse.ArgumentTypeError(f"got {text!r}, wanted 20, 0:20 or 3,5,8") from None


def _add(group: Any, name: str, how: dict[str, Any], text: str) -> None:
    group.add_argument(f"--{name.replace('_', '-')}", **how, help=text, default=argparse.SUPPRESS)
