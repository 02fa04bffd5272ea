"""About this machine and installation: ``ember-ml bench`` and ``info``."""

from __future__ import annotations

import argparse
from typing import Any

from ember_ml.cli.command import OK, command, json_option, wrapped
from ember_ml.errors import pip_install


def add(commands: Any) -> None:
    """Declares the commands."""
    sub = command(
        commands,
        "bench",
        _bench,
        "measure how fast this machine trains",
        "Each figure stands beside what the machine can do at most, measured in the same run: multiply-adds\n"
        "a second (fma), or numbers read from memory a second. All groups together take about 20 seconds.",
    )
    sub.add_argument(
        "groups",
        nargs="*",
        default=[],
        metavar="GROUP",
        help="limits, noise, tanh, forward, environments, rollouts, update, training (all)",
    )
    sub.add_argument("--seconds", type=float, default=0.3, metavar="X", help="time for each figure (0.3)")
    json_option(sub)

    sub = command(commands, "info", _info, "version, SIMD level, threads, backends and environments found")
    json_option(sub)


def _bench(options: argparse.Namespace) -> int:
    from ember_ml.bench import about, bench, head, line

    rows = bench(options.groups, options.seconds)
    if options.json:
        options.answer = about() | {"rows": list(rows)}
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
    from ember_ml.es.files.writing import versions

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
        options.answer = found
        return OK
    there = [f"{name} {version}" for name, version in packages.items() if version]
    missing = [name for name, version in packages.items() if not version]
    rows = {
        "platform": found["platform"],
        "SIMD level": f"{found['simd']} (built and runnable here: {', '.join(_core.simd_levels())})",
        "threads": found["threads"],
        "backends": ", ".join(backends),
        "environments": f"{', '.join(sorted(envs.registry()))}; any gymnasium id where that is installed",
        "installed": ", ".join(there) or "none of the optional packages",
    }
    if missing:
        rows["not installed"] = f"{', '.join(missing)}: {pip_install('all')} brings them"
    print(f"ember-ml {found['ember_ml']}, Python {found['python']}, numpy {found['numpy']}")
    for name, text in rows.items():
        print(wrapped(str(text), " " * 16, f"  {name:<13} "))
    return OK


def _installed(name: str) -> str | None:
    import importlib.metadata

    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
