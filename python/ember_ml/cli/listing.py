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
    from ember_ml.es.presets import DEFAULT, PRESETS, presets_of
    from ember_ml.validate import suggest

    table = dict(PRESETS)
    if options.env is not None:
        if not presets_of(options.env):
            near = suggest(options.env, PRESETS)
            raise ValueError(f"ENV: no preset is known for {options.env!r}, so it takes the default{near}")
        table = {options.env: presets_of(options.env)}
    rows: list[dict[str, Any]] = [
        {
            "env": env,
            "name": preset.name,
            "strategy": repr(preset.strategy()),
            "hidden": list(preset.policy.hidden),
            "generations": preset.generations,
            "options": dict(preset.options),
            "source": preset.source,
        }
        for env, presets in [*table.items(), ("any other", (DEFAULT,))]
        for preset in presets
    ]
    if options.json:
        options.answer = {"presets": rows}
        return OK
    heads = ("environment", "preset")
    widths = [max(len(row[key]) for row in rows) for key in ("env", "name")]
    print(f"{heads[0]:<{widths[0]}}  {heads[1]:<{widths[1]}}  hidden layers, length")
    for row in rows:
        network = " x ".join(map(str, row["hidden"])) or "linear"
        names = f"{row['env']:<{widths[0]}}  {row['name']:<{widths[1]}}"
        print(f"{names}  {network}, {row['generations']} generations")
        if options.env is not None:
            print(wrapped(row["strategy"], "  ") + "\n" + wrapped(row["source"], "  "))
    return OK
