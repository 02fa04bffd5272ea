"""What there is to choose from: ``ember-ml envs`` and ``presets``."""

from __future__ import annotations

import argparse
from typing import Any

from ember_ml.cli.command import OK, command, json_option, wrapped


def add(commands: Any) -> None:
    """Declares the commands."""
    sub = command(commands, "envs", _envs, "list the environments that can be named")
    sub.add_argument("--all", action="store_true", help="gymnasium's as well, where that is installed")
    json_option(sub)
    sub = command(commands, "presets", _presets, "list the settings that are known to work, by environment")
    sub.add_argument("env", metavar="ENV", nargs="?", default=None, help="only those of this environment")
    json_option(sub)


def _envs(options: argparse.Namespace) -> int:
    from ember_ml import envs

    rows = [
        {
            "name": name,
            "native": True,
            "observations": spec.observation_size,
            "actions": spec.action_size,
            "discrete": spec.discrete,
            "max_steps": spec.max_steps,
            "reward_threshold": spec.reward_threshold,
        }
        for name, spec in envs.registry().items()
    ]
    if hasattr(options, "all"):
        from ember_ml.errors import need

        native = set(envs.registry())
        ids = sorted(set(need("gymnasium", "gym").registry) - native)
        rows += [{"name": name, "native": False} for name in ids]
    if options.json:
        options.answer = {"environments": rows}
        return OK
    width = max(len(str(row["name"])) for row in rows)
    for row in rows:
        if not row["native"]:
            print(row["name"])
            continue
        kind = "choices" if row["discrete"] else "actions"
        sizes = f"{row['observations']} observed, {row['actions']} {kind}"
        print(f"{row['name']:<{width}}  {sizes}, at most {row['max_steps']} steps")
    if not hasattr(options, "all"):
        print("and any gymnasium id (--all lists them), module:Class, file.py:Class and file.c")
    return OK


def _presets(options: argparse.Namespace) -> int:
    from ember_ml.es.preset_table import list_presets

    rows = list_presets(options.env)
    if options.json:
        options.answer = {"presets": [row._asdict() for row in rows]}
        return OK
    widths = [max(len(getattr(row, key)) for row in rows) for key in ("task", "name")]
    print(f"{'environment':<{widths[0]}}  {'preset':<{widths[1]}}  policy, generations")
    for row in rows:
        names = f"{row.task:<{widths[0]}}  {row.name:<{widths[1]}}"
        print(f"{names}  {row.policy}, {row.generations}")
        if options.env is not None:
            for text in (row.strategy, row.options, row.source):
                if text:
                    print(wrapped(text, "  "))
    return OK
