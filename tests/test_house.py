"""The rooms and their arrows: what may import what, and no circles (the table in docs/design.md)."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from ember_ml import moved

ROOT = Path(__file__).parents[1]

#: Room -> the rooms that it may import. A file is in the room of the longest name that begins its own. The
#: floor (errors, validate, npz, atomic_file, the version, _core) may be imported from everywhere.
PYTHON = {
    "noise": "",
    "backend": "noise",
    "ops": "backend",
    "nn": "backend ops",
    "training": "backend nn ops",
    "envs": "",
    "perturbation": "",
    "rollout": "noise perturbation",
    "policy": "noise backend nn envs perturbation rollout",
    "engines": "noise backend envs perturbation rollout policy",
    "report": "noise envs rollout policy engines",
    "es": "noise backend nn training envs perturbation rollout policy engines report",
    "plot": "report es",
    "playback": "report envs",
    "bench": "es training",
    "cli": "envs engines report es plot bench",
    "gym": "",
}
FLOOR = {"", "_core", "atomic_file", "errors", "moved", "npz", "validate"}

CPP = {
    "include": "",
    "core": "",
    "noise": "core",
    "policy": "core noise",
    "envs": "core noise include",
    "gym": "core envs",
    "rollout": "core noise policy envs include",
    "update": "core noise",
    "run": "core noise rollout update",
    "bench": "core noise policy envs rollout run include",
    "browser": "core noise policy envs gym rollout run",
    "bindings": "core noise policy envs gym rollout update run include bench",
}

Edges = dict[str, set[str]]


def python_edges() -> Edges:
    source = ROOT / "python"
    files = {".".join(p.relative_to(source).with_suffix("").parts): p for p in source.rglob("*.py")}
    files = {name.removesuffix(".__init__"): path for name, path in files.items()}
    found = {
        name: set(imports(ast.parse(path.read_text("utf8")), files)) - {name} for name, path in files.items()
    }
    del found["ember_ml.__main__"]
    return {short(name): {short(i) for i in targets} for name, targets in found.items()}


def short(name: str) -> str:
    return name.partition(".")[2]


def imports(tree: ast.AST, files: dict[str, Path]) -> Iterator[str]:
    """Modules of this package that a file imports at any time; for types alone does not count."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("ember_ml"))
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("ember_ml"):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            yield from {name if name in files or name == "ember_ml._core" else node.module for name in names}
        yield from imports(node, files)


def cpp_edges() -> Edges:
    source = ROOT / "cpp"
    files = {
        p.relative_to(source).as_posix(): p for p in source.rglob("*") if p.suffix in (".h", ".cpp", ".c")
    }
    include = re.compile(r'^#include "([^"]+)"', re.M)
    found = {name: set(include.findall(path.read_text("utf8"))) for name, path in files.items()}
    return {name: {f"include/{i}" if "/" not in i else i for i in found[name]} for name in found}


def room_of(name: str, table: dict[str, str]) -> str:
    parts = re.split(r"[./]", name)
    names = ("/".join(parts[:n]) for n in range(len(parts), 0, -1))
    return next((name for name in names if name in table), parts[0])


def against(edges: Edges, table: dict[str, str], floor: set[str]) -> set[str]:
    """Imports that the table does not allow."""
    wrong = set()
    for name, targets in edges.items():
        room = room_of(name, table)
        for target in targets:
            there = room_of(target, table)
            if there != room and there not in floor and there not in table.get(room, "").split():
                wrong.add(f"{name} -> {target}")
    return wrong


def circle(edges: Edges) -> list[str]:
    """The files of one circle, or none."""
    left = {name: targets & edges.keys() for name, targets in edges.items()}
    while leaves := [name for name, targets in left.items() if not targets & left.keys()]:
        for name in leaves:
            del left[name]
    path = [min(left)] if left else []
    while path and path.count(path[-1]) == 1:
        path.append(min(left[path[-1]] & left.keys()))
    return path[path.index(path[-1]) :] if path else []


HOUSES = {"python": (python_edges, PYTHON, FLOOR), "cpp": (cpp_edges, CPP, set())}


@pytest.mark.parametrize("house", HOUSES)
def test_arrows_run_one_way_and_no_circles(house):
    find, table, floor = HOUSES[house]
    edges = find()
    assert len(edges) > 90
    assert sorted(against(edges, table, floor)) == []
    assert circle(edges) == []


def test_the_order_of_rooms_is_no_circle():
    for _, table, _ in HOUSES.values():
        assert circle({room: set(targets.split()) for room, targets in table.items()}) == []


@pytest.mark.parametrize("old", moved.MOVED)
def test_a_module_that_moved_is_found_under_its_old_name(old):
    assert not (ROOT / "python" / old.replace(".", "/")).with_suffix(".py").exists()
    spec = importlib.import_module(moved.MOVED[old]).__spec__
    module = importlib.import_module(old)
    assert module is importlib.import_module(moved.MOVED[old]) and module.__spec__ is spec


def test_no_two_test_files_have_one_name() -> None:
    """pytest imports them by their bare names."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(set(names)) == sorted(names)


def test_no_file_is_long() -> None:
    """A file is one concept: beyond 350 lines it is two."""
    kinds = {
        "python/ember_ml": ("py",),
        "cpp": ("h", "cpp"),
        "tests": ("py", "h", "cpp"),
        "benchmarks": ("py", "cpp"),
    }
    files = [path for room, ends in kinds.items() for end in ends for path in (ROOT / room).rglob(f"*.{end}")]
    assert len(files) > 500
    assert [str(path) for path in files if len(path.read_text("utf8").splitlines()) > 350] == []
