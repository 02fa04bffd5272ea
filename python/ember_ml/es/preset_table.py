"""The presets as a table: by Python, and as the page docs/presets.md.

python -m ember_ml.es.preset_table > docs/presets.md
"""

from __future__ import annotations

from typing import NamedTuple

from ember_ml import validate
from ember_ml.es.options import STRATEGIES
from ember_ml.es.presets import DEFAULT, PRESETS, Preset, presets_of
from ember_ml.es.strategies import Strategy
from ember_ml.policy.trained import MLPPolicy

_HEAD = """\
# Presets

Settings by task, and where they come from. `es.train(env)` and `ember-ml train ENV` take the task's first,
and the general default where there is none; `preset="default"` or `None` is the general default, and any
argument that is given replaces the preset's. `es.list_presets()` gives this table to Python. The MuJoCo
tasks, without a version here, stand for -v4 and -v5; their values are published ones, and
[results.md](results.md) says what has been run of them here: of `ars-v2-decay` and `pgpe-clipup` nothing yet.

| task | preset | policy | strategy | generations | source |
|---|---|---|---|---|---|
"""


class PresetRow(NamedTuple):
    """One preset of one task, in words.

    Attributes:
        task: the environment's id; "any other" is the general default's.
        name: what `preset=` calls it.
        policy: the network.
        strategy: its name, as `strategy=` takes it, with the settings that are not its defaults.
        generations: the plan.
        options: further arguments of `Trainer`, in words.
        source: where the numbers come from.
    """

    task: str
    name: str
    policy: str
    strategy: str
    generations: int
    options: str
    source: str


def list_presets(task: str | None = None) -> list[PresetRow]:
    """All presets, or those of one task, the one that "auto" takes first.

    Raises:
        ValueError: no preset is known for the task.
    """
    if task is None:
        rows = [_row(name, preset) for name, presets in PRESETS.items() for preset in presets]
        return [*rows, _row("any other", DEFAULT)]
    found = presets_of(task)
    if not found:
        raise ValueError(
            f"task: no preset is known for {task!r}, which takes the general default; there are presets for"
            f" {', '.join(PRESETS)}{validate.suggest(task, PRESETS)}"
        )
    return [_row(task, preset) for preset in found]


def _row(task: str, preset: Preset) -> PresetRow:
    options = ", ".join(f"{name}={value!r}" for name, value in preset.options.items())
    return PresetRow(
        task,
        preset.name,
        _policy(preset.policy),
        _strategy(preset),
        preset.generations,
        options,
        preset.source,
    )


def _policy(policy: MLPPolicy) -> str:
    widths = " x ".join(str(width) for width in policy.hidden)
    words = f"{widths} hidden" if widths else "linear"
    return words if policy.bias else f"{words}, no bias"


def _strategy(preset: Preset) -> str:
    made = preset.strategy()
    name = next(name for name, kind in STRATEGIES.items() if kind == type(made).__name__)
    config, usual = made.config(), Strategy.from_config({"type": type(made).__name__}).config()
    always = ("directions", "sigma", "learning_rate")
    shown = {key: value for key, value in config.items() if key in always or usual.get(key) != value}
    optimizer = shown.pop("optimizer", None)
    settings = [f"{key} {value}" for key, value in shown.items()]
    if optimizer is not None:
        settings.append(f"{optimizer['name']} {optimizer['learning_rate']:g}")
        if "betas" in optimizer and optimizer["betas"][1] != 0.999:
            settings[-1] += f" with beta2 {optimizer['betas'][1]:g}"
    return f"{name}: {', '.join(settings).replace('_', ' ')}"


def markdown() -> str:
    """The page docs/presets.md."""
    lines = []
    for row in list_presets():
        settings = f"{row.strategy}; {row.options}" if row.options else row.strategy
        cells = (row.task, f"`{row.name}`", row.policy, settings, row.generations, row.source)
        lines.append(f"| {' | '.join(map(str, cells))} |\n")
    return _HEAD + "".join(lines)


if __name__ == "__main__":
    print(markdown(), end="")
