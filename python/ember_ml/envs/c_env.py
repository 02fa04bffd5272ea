"""Environments written in C against ember_env.h: `compile` the source or `load` the library."""

from __future__ import annotations

import ctypes
import importlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ember_ml.envs.abi import spec_of
from ember_ml.envs.spec import EnvSpec

FLAGS = ("-O3", "-ffp-contract=off", "-fno-math-errno")


def include_dir() -> str:
    """The folder that holds `ember_env.h`, for `-I`."""
    for folder in importlib.import_module("ember_ml").__path__:
        if (Path(folder) / "include" / "ember_env.h").is_file():
            return str(Path(folder) / "include")
    raise FileNotFoundError("ember_env.h is not in the installed package; reinstall ember-ml")


def load(path: str | os.PathLike[str]) -> EnvSpec:
    """The environment in a shared library that exports `ember_env_get`.

    Raises:
        ValueError: not a library, no such symbol, or a struct that is wrong (see `abi.spec_of`).
        FileNotFoundError: no such file.
    """
    file = Path(path).resolve()
    if not file.is_file():
        raise FileNotFoundError(f"no such library: {file}")
    return _open(file, file.name)


def _open(file: Path, source: str) -> EnvSpec:
    try:
        library = ctypes.CDLL(str(file))
    except OSError as error:
        raise ValueError(f"{source}: it cannot be loaded as a library: {error}") from error
    try:
        get = library.ember_env_get
    except AttributeError:
        raise ValueError(
            f"{source}: it exports no function ember_env_get; end the source with "
            '`const ember_env* ember_env_get(void) { return &env; }` (extern "C" in C++)'
        ) from None
    get.restype = ctypes.c_void_p
    get.argtypes = ()
    address = get()
    if not address:
        raise ValueError(f"{source}: ember_env_get returned NULL")
    return replace(spec_of(address, source, library), recipe=Library(file.read_bytes(), source))


@dataclass(frozen=True)
class Library:
    """A library as its bytes, to be loaded in another process, where its file may not be."""

    data: bytes = field(repr=False)
    source: str

    def __call__(self) -> EnvSpec:
        with tempfile.TemporaryDirectory(prefix="ember-env-") as folder:
            file = Path(folder) / "library.so"
            file.write_bytes(self.data)
            return _open(file, self.source)


def compile(
    source: str | os.PathLike[str],
    flags: Sequence[str] = (),
    output: str | os.PathLike[str] | None = None,
    compiler: str | None = None,
) -> EnvSpec:
    """Compiles a C or C++ file into a library and loads it.

    Args:
        source: the file; one that ends in .c is C, anything else C++17.
        flags: more compiler flags, behind the package's own `-O3 -ffp-contract=off -fno-math-errno`;
            libraries (`-lname`, `-Wl,...`, files ending in .a, .o, .so, .dylib) come behind the source, where
            the linker wants them.
        output: keep the library here; None leaves no file behind.
        compiler: the program to run; None takes $CC or $CXX, else the first of cc, gcc, clang (c++, g++,
        clang++).

    Raises:
        FileNotFoundError: no such source file.
        RuntimeError: no compiler, or it fails; the message holds what it said.
        ValueError: see `load`.
    """
    file = Path(source).resolve()
    if not file.is_file():
        raise FileNotFoundError(f"no such source file: {file}")
    plain = file.suffix == ".c"
    program = _compiler(plain, compiler)
    with tempfile.TemporaryDirectory(prefix="ember-env-") as folder:
        built = Path(folder) / (file.stem + ".so")
        standard = "-std=c11" if plain else "-std=c++17"
        libraries = [flag for flag in flags if _is_for_linker(flag)]
        others = [flag for flag in flags if not _is_for_linker(flag)]
        command = [*program, standard, *FLAGS, "-shared", "-fPIC", f"-I{include_dir()}", *others, str(file)]
        command += ["-o", str(built), *libraries, "-lm"]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        if answer.returncode != 0:
            text = (answer.stderr or answer.stdout).strip()
            raise RuntimeError(
                f"{file.name} does not compile ({program[0]}, exit status {answer.returncode}):\n{text}"
            )
        if output is not None:
            kept = Path(output).resolve()
            # Renamed into place: writing over a library that is in use would pull it from under its users.
            fresh = kept.with_name(f".{kept.name}.{os.getpid()}")
            shutil.copyfile(built, fresh)
            os.replace(fresh, kept)
            return _open(kept, kept.name)
        # Mapped memory outlives the name of the file, which goes with the folder.
        return _open(built, file.name)


def _is_for_linker(flag: str) -> bool:
    """Whether a flag must stand behind the source: linkers drop a library that nothing before it needs."""
    return flag.startswith(("-l", "-Wl,")) or Path(flag).suffix in (".a", ".o", ".so", ".dylib")


def _compiler(plain: bool, named: str | None) -> list[str]:
    variable, usual = ("CC", ("cc", "gcc", "clang")) if plain else ("CXX", ("c++", "g++", "clang++"))
    wanted = named or os.environ.get(variable)
    if wanted:
        program = wanted.split()
        if shutil.which(program[0]) is None:
            source = "compiler=" if named else f"${variable}"
            raise RuntimeError(f"the compiler {program[0]!r} is not there ({source})")
        return program
    for name in usual:
        if shutil.which(name):
            return [name]
    raise RuntimeError(
        f"no C compiler found (looked for ${variable}, {', '.join(usual)}); install one, or `load` a library"
    )
