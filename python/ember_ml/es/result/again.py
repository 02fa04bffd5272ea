"""What makes a training again: a command line, or a Python program where the shell has no word for it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

from ember_ml.engines.options import NAMES as ENGINE_OPTIONS
from ember_ml.es import presets
from ember_ml.es.files.saved import OPTIONS
from ember_ml.es.options import STRATEGIES, STRATEGY_OPTIONS
from ember_ml.es.strategies import names
from ember_ml.policy.spec import ACTIVATIONS
from ember_ml.policy.trained import MLPPolicy

if TYPE_CHECKING:
    from ember_ml.es.result.run import Run

#: Options of the trainer that decide its numbers.
_DECIDING = tuple(name for name in OPTIONS if name not in (*ENGINE_OPTIONS, "eval_every", "eval_episodes"))


class Again(NamedTuple):
    """How a training is made again.

    Attributes:
        text: a command line, or a Python program.
        shell: whether it is a command line.
        notes: sentences on what a reader has to put in.
    """

    text: str
    shell: bool
    notes: tuple[str, ...]


def again(run: Run) -> Again:
    """How `run` is made again, from what its file holds. Its first parameters are taken to be those that its
    seed draws: a file does not say whether they were given (`theta0=`).
    """
    config = run.config
    notes = []
    env = config["env"]
    word = env["name"]
    if not env["restorable"]:
        word = "ENV"
        notes.append(f"ENV stands for your environment {env['name']}: file.py:Class, module:Class or file.c.")
    if env["kind"] == "objective":
        word = "OBJECTIVE"
        notes[:] = [f"OBJECTIVE stands for your function {env['name']}."]
    if config["policy"]["class"] is not None:
        notes.append(f"MODULE stands for your Module {config['policy']['class']}, as it was made.")
    limits = _limits(run, notes)
    words = None if env["kind"] == "objective" else _in_the_shell(run, config)
    if words is None:
        return Again(_in_python(run, config, word, limits), False, tuple(notes))
    words = [word, *(f"--env-arg={k}={v!r}" for k, v in env["kwargs"].items()), *words]
    words += [f"--{name}={value!r}" for name, value in limits.items()]
    line = " ".join(["ember-ml train", *(shlex.quote(word) for word in words), f"--seed={run.seed}"])
    return Again(line, True, tuple(notes))


def _limits(run: Run, notes: list[str]) -> dict[str, Any]:
    """What ended the training, as arguments of `es.train`."""
    done, plan = len(run.history), run.config["generations"]
    if run.reached:
        if run.until is not None:
            return {"until": run.until}
        notes.append("It stopped at until=, whose value its file does not hold.")
    if plan is None or done > plan:
        notes.append(f"It was trained for {done} generations in all: train on behind the plan.")
    elif done < plan and done:
        return {"steps": int(run.history["steps"].sum())}
    return {}


def _in_the_shell(run: Run, config: Mapping[str, Any]) -> list[str] | None:
    """The options of ``ember-ml train``, or None where there are none that make this training."""
    for preset, first in _presets(run):
        network = _network(run, config, preset)
        strategy = _strategy(preset, config["strategy"])
        if network is None or strategy is None:
            continue
        words = [] if first else [f"--preset={preset.name}"]
        words += network + strategy
        if config["generations"] != preset.generations and config["generations"] is not None:
            words.append(f"--generations={config['generations']}")
        return words + [_flag(name, value) for name, value in _options(config, preset.options).items()]
    return None


def _presets(run: Run) -> Iterator[tuple[presets.Preset, bool]]:
    """The presets that may have been taken, and whether it is the one that is taken unasked."""
    own = presets.presets_of(run.env.name)
    for index, preset in enumerate((*own, presets.DEFAULT)):
        yield preset, index == 0


def _network(run: Run, config: Mapping[str, Any], preset: presets.Preset) -> list[str] | None:
    if config["policy"]["class"] is not None:
        return ["--policy=MODULE"]
    wanted = _plain(config["policy"]["spec"])
    if _plain(preset.policy.compile(run.env).to_dict()) == wanted:
        return []
    hidden = _hidden(config)
    if preset.any_policy and _plain(MLPPolicy(hidden).compile(run.env).to_dict()) == wanted:
        return ["--policy=" + (",".join(map(str, hidden)) or "linear")]
    return None


def _hidden(config: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(layer["outputs"] for layer in config["policy"]["spec"]["layers"][:-1])


def _strategy(preset: presets.Preset, wanted: Mapping[str, Any]) -> list[str] | None:
    """The options that make the strategy `wanted` describes of a preset's, or of one of that name."""
    optimizer = wanted.get("optimizer") or {}
    there = {**wanted, "learning_rate": optimizer.get("learning_rate", wanted.get("learning_rate"))}
    changes = {name: there[name] for name in STRATEGY_OPTIONS if there.get(name) is not None}
    shown = next(name for name, kind in STRATEGIES.items() if kind == wanted["type"])
    kinds: tuple[tuple[Any, list[str]], ...] = (
        (preset.strategy, []),
        (lambda: names.kind_of(shown), [f"--strategy={shown}"]),
    )
    for count in range(len(changes) + 1):
        for some in combinations(changes, count):
            for like, words in kinds:
                given = {name: changes[name] for name in some}
                try:
                    made = names.make(like(), given)
                except (TypeError, ValueError):  # this kind takes no such option
                    continue
                if _plain(made.config()) == _plain(wanted):
                    return words + [_flag(name, value) for name, value in given.items()]
    return None


def _options(config: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Options of the trainer that are neither `given` nor its defaults."""
    strategy = config["strategy"]
    normal = not (strategy["type"] == "ARS" and str(strategy["version"]).startswith("V1"))
    usual = {**OPTIONS, "normalize_observations": normal, **given}
    there = config["trainer"]
    return {name: there[name] for name in _DECIDING if name in there and there[name] != usual[name]}


def _flag(name: str, value: Any) -> str:
    flag = name.replace("_", "-")
    if isinstance(value, bool):
        return f"--{flag}" if value else f"--no-{flag}"
    return f"--{flag}={value}"


def _in_python(run: Run, config: Mapping[str, Any], word: str, limits: Mapping[str, Any]) -> str:
    env = repr(word) if word not in ("ENV", "OBJECTIVE") else word
    lines = ["from ember_ml import envs, es", ""]
    if config["env"]["kwargs"]:
        lines.append(f"env = envs.make({env}, **{config['env']['kwargs']!r})")
        env = "env"
    lines.append(f"strategy = es.Strategy.from_config({dict(config['strategy'])!r})")
    env = "objective=OBJECTIVE" if env == "OBJECTIVE" else env
    own = config["policy"]["class"] is not None or config["env"]["kind"] == "objective"
    policy = "MODULE" if own else repr(_policy(run, config))
    policy = policy.replace("MLPPolicy(", "es.MLPPolicy(")
    options = {"generations": config["generations"], "seed": run.seed, **_options(config, {}), **limits}
    arguments = ", ".join(f"{name}={value!r}" for name, value in options.items())
    lines.append(f"run = es.train({env}, policy={policy}, strategy=strategy, preset=None, {arguments})")
    return "\n".join(lines)


def _policy(run: Run, config: Mapping[str, Any]) -> MLPPolicy | str:
    """The network that the training had, drawn as a preset of the task or the default network draws it."""
    wanted, hidden = _plain(config["policy"]["spec"]), _hidden(config)
    for preset, _ in _presets(run):
        for activation in ACTIVATIONS:
            for bias in (True, False):
                for bounds in (True, False):
                    found = replace(
                        preset.policy, hidden=hidden, activation=activation, bias=bias, scale_to_bounds=bounds
                    )
                    if _plain(found.compile(run.env).to_dict()) == wanted:
                        return found
    return "MODULE"


def _plain(value: Any) -> Any:
    """As a file has it."""
    return json.loads(json.dumps(value))
