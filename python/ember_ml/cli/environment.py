"""Environments, and other objects of the user's, by what the shell calls them.

CartPole-v1            a native environment or a gymnasium id
module:Thermostat      a class, a function that makes one, or an environment of a module that Python finds;
                       the current folder is searched first
file.py:Thermostat     the same from a file; without a name, the only environment in it
file.c                 C or C++ against ember_env.h, compiled; file.so: loaded
"""

from __future__ import annotations

import argparse
import ast
import importlib
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from ember_ml.envs.spec import EnvSpec
from ember_ml.validate import suggest

SOURCES = (".c", ".cc", ".cpp", ".cxx")
LIBRARIES = (".so", ".dylib", ".dll")


def environment(name: str, arguments: list[str] | None = None) -> Any:
    """The EnvSpec that `name` and `--env-arg key=value ...` describe.

    Raises:
        ValueError, TypeError: no such environment, or arguments it does not take.
        FileNotFoundError: no such file.
        ImportError: the module cannot be imported.
    """
    from ember_ml import envs

    values = dict(_argument(text) for text in arguments or [])
    suffix = Path(name).suffix.lower()
    if suffix in SOURCES or suffix in LIBRARIES:
        if values:
            raise ValueError(f"--env-arg: {name} takes no arguments")
        return envs.compile(name) if suffix in SOURCES else envs.load(name)
    found = user_object(name, "environment") if is_user_object(name) else name
    if values and isinstance(found, EnvSpec):
        raise ValueError(f"--env-arg: {name} is already made, so it takes no arguments")
    return envs.make(found, **values)


def is_user_object(name: str) -> bool:
    """Whether the text names an object of a module or file, and not a gymnasium id ("module:Name-v0")."""
    if ".py:" in name or name.endswith(".py"):
        return True
    module, colon, attribute = name.partition(":")
    is_id = not attribute.replace(".", "").isidentifier()
    if colon and is_id:
        _search_here()  # gymnasium imports the module
    return bool(colon) and not is_id and module.replace(".", "").isidentifier()


def user_object(name: str, what: str) -> Any:
    """The object that ``module:Name`` or ``file.py:Name`` names."""
    if ".py:" in name or name.endswith(".py"):
        file, _, attribute = name.rpartition(":") if ".py:" in name else (name, "", "")
        module = _import_file(Path(file))
    else:
        file, _, attribute = name.partition(":")
        _search_here()
        module = _import(file)
    if not attribute:
        return _only_one(module, name, what)
    found: Any = module
    for part in attribute.split("."):
        if not hasattr(found, part):
            names = [n for n in vars(module) if not n.startswith("_")]
            raise ValueError(f"{name}: {file} has no {attribute!r}{suggest(attribute, names)}")
        found = getattr(found, part)
    return found


def needed_env(options: argparse.Namespace) -> Any:
    """What `--env` and `--env-arg` of a command on a saved file say, or None."""
    arguments = getattr(options, "env_arg", None)
    if hasattr(options, "env"):
        return environment(options.env, arguments)
    if arguments:
        raise ValueError("--env-arg: it needs --env as well")
    return None


def env_options(parser: Any) -> None:
    parser.add_argument(
        "--env",
        metavar="ENV",
        help="the environment, where it is your own: module:Class, file.py:Class, file.c",
    )
    env_arg_option(parser)


def env_arg_option(parser: Any) -> None:
    parser.add_argument(
        "--env-arg",
        action="append",
        metavar="KEY=VALUE",
        help="argument of the environment's constructor, or a native one's constant; may be repeated",
    )


def _argument(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals or not key.isidentifier():
        raise ValueError(f"--env-arg: got {text!r}, wanted key=value")
    plain = {"true": True, "false": False, "none": None}
    if value.lower() in plain:
        return key, plain[value.lower()]
    try:
        return key, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return key, value


def _search_here() -> None:
    here = os.getcwd()
    if here not in sys.path and "" not in sys.path:
        sys.path.insert(0, here)


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not (name == error.name or name.startswith(error.name + ".")):
            raise
        raise ImportError(
            f"{name}: no module of this name in {os.getcwd()} or among the installed ones"
        ) from None


def _import_file(path: Path) -> ModuleType:
    """The file as a module of its own name, so that worker processes find it as well."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such file")
    file = path.resolve()
    if str(file.parent) not in sys.path:
        sys.path.insert(0, str(file.parent))
    importlib.invalidate_caches()
    name = file.stem
    loaded = sys.modules.get(name)
    try:
        spec = loaded.__spec__ if loaded is not None else importlib.util.find_spec(name)
    except (ImportError, ValueError):
        spec = None
    if spec is not None and spec.origin and Path(spec.origin).resolve() == file:
        return importlib.import_module(name)
    # Another module has the name, or it is no name: then processes cannot find it, but this one can.
    spec = importlib.util.spec_from_file_location(f"ember_ml_file_{name}", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _only_one(module: ModuleType, name: str, what: str) -> Any:
    own = {
        key: value
        for key, value in vars(module).items()
        if not key.startswith("_") and getattr(value, "__module__", None) == module.__name__
    }
    found = [key for key, value in own.items() if hasattr(value, "reset") and hasattr(value, "step")]
    found += [key for key, value in vars(module).items() if isinstance(value, EnvSpec)]
    if len(found) == 1:
        return getattr(module, found[0])
    there = f"there are {', '.join(found)}" if found else f"wanted the name of the {what} in it"
    raise ValueError(f"{name}: {there}; write {name}:{found[0] if found else 'Name'}")
