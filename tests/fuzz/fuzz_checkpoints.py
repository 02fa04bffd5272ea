"""Loads files that nobody wrote, and watches: whatever a file says, it is read or refused, and nothing else.

    python tests/fuzz/fuzz_checkpoints.py --count 3000 --seed 0

Files are made from a few trainings: bytes of the whole file changed; the header or the data of one array
changed; or, most often, numbers, texts and shapes of the config and the arrays changed and the file signed
anew, so that it passes its checksum. Each is loaded by `es.load`, and what loads is used: the policy acts,
the run is exported, a Trainer goes on from it and evaluates. With --direct a part of the last kind is handed
to the loader past the archive and its checksum, which is faster. It must show that

- nothing is raised but ValueError (and MissingExtra, for the torch and mlx engines) that says something,
- nothing is imported, opened (but the file itself), compiled, linked or started (an audit hook looks),
- no warning is given and no more than 1 GiB is asked for.

To look for bad accesses run it with a sanitizer build of the core (CONTRIBUTING.md says how).
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import math
import pkgutil
import random
import resource
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

for extra in ("torch", "mlx", "gymnasium", "mujoco", "jax", "numba"):  # a file may ask for engines of them
    sys.modules[extra] = None
sys.path.insert(0, str(Path(__file__).parents[1]))

import ember_ml  # noqa: E402
import numpy as np  # noqa: E402
from changed_files import Changes  # noqa: E402
from ember_ml import es  # noqa: E402
from ember_ml.errors import EvaluationError, MissingExtra  # noqa: E402
from ember_ml.es.files import checkpoint  # noqa: E402
from walk_env import Walk  # noqa: E402

WATCHED = {
    "import", "open", "compile", "exec", "ctypes.dlopen", "ctypes.dlsym", "subprocess.Popen", "os.exec",
    "os.fork", "os.posix_spawn", "os.system", "socket.connect", "shutil.rmtree", "os.remove", "os.rename",
    "os.mkdir",
}  # fmt: skip


class Wrong(Exception):
    """What no file may bring about."""


class Watch:
    """What happens while a file is loaded and used."""

    def __init__(self) -> None:
        self.allowed = ""
        self.seen: list[str] = []
        self.on = False
        sys.addaudithook(self.hook)

    def hook(self, event: str, arguments: tuple) -> None:
        own = event == "open" and (not isinstance(arguments[0], str) or arguments[0].startswith(self.allowed))
        if self.on and event in WATCHED and not own:
            self.seen.append(f"{event} {str(arguments)[:200]}")


def use(path: str, out: Path, draw: random.Random) -> str:
    """Loads the file and uses what is there; how far it came."""
    try:
        run = es.load(path)
    except ValueError as error:
        if not str(error):
            raise Wrong("an error without words") from error
        return "refused"
    reached = "loaded"
    width = run.env.observation_size
    one, two = np.zeros(width, np.float32), np.ones((2, width))
    first, second = lambda: run.policy(one), lambda: run.policy(two)
    for act in (first, lambda: run.policy.reset(), second, run.explain):
        try:
            act()
        except ValueError as error:
            if "policy: " not in str(error):
                raise
    if draw.random() < 0.2 and run._snapshot.problem.policy is not None:
        run.export(out)
        reached = "exported"
    if draw.random() < 0.3:
        try:
            trainer = es.Trainer.load(path, progress=False, env=Walk if run.env.name == "Walk" else None)
        except (ValueError, MissingExtra):
            return reached
        reached = "resumed"
        if trainer.problem.where.workers is not None:  # processes, which its reader starts by training on
            return reached
        small = trainer.problem.options
        if trainer.strategy.members * small.episodes * (small.max_steps or 999) * small.frame_skip < 10**4:
            try:
                with np.errstate(all="ignore"):  # a search may diverge from where a file puts it
                    trainer.step()
                    trainer.evaluate(2)
                reached = "trained"
            except (ValueError, EvaluationError, ArithmeticError, MissingExtra):
                pass
    return reached


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=3000, help="files to load (3000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=math.inf, help="stop earlier")
    parser.add_argument("--keep", metavar="FOLDER", default=".", help="where a file that fails is kept (.)")
    parser.add_argument(
        "--direct", type=float, default=0.0, metavar="PART", help="load so many past the archive: faster (0)"
    )
    parser.add_argument("--limit", action="store_true", help="limit the address space (not with sanitizers)")
    options = parser.parse_args(arguments)
    shm = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shm if shm.is_dir() else None) as folder:
        return fuzz(options, Path(folder))


def fuzz(options: argparse.Namespace, folder: Path) -> int:
    path, out = str(folder / "file.npz"), folder / "policy.h"
    changes, watch = Changes(options.seed), Watch()
    for module in pkgutil.walk_packages(ember_ml.__path__, "ember_ml."):
        if module.name != "ember_ml.__main__":
            with contextlib.suppress(ImportError):  # what needs an extra
                importlib.import_module(module.name)
    for config, arrays in changes.bases:  # whatever is imported for good files is not the doing of bad ones
        Path(path).write_bytes(changes.archive.signed(config, arrays))
        for seed in range(12):
            use(path, out, random.Random(seed))
    if options.limit:
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + 2**30, -1))
    warnings.simplefilter("error")
    warnings.filterwarnings(
        "ignore", ".* has no effect"
    )  # an option of the file that its engine has no use for
    began, counts, failed, read = time.monotonic(), Counter(), 0, checkpoint.read
    for number in range(options.count):
        if time.monotonic() - began > options.seconds or failed >= 20:
            break
        direct = changes.random.random() < options.direct
        if direct:
            kind, (config, arrays) = "direct", changes.structure()
            text = json.dumps(config)
            checkpoint.read = lambda path, text=text, arrays=arrays: (json.loads(text), arrays)
            if any(array.dtype.kind not in checkpoint.KINDS for array in map(np.asarray, arrays.values())):
                counts[kind, "refused"] += 1
                continue
        else:
            kind, data = changes.file()
            checkpoint.read = read
            with open(path, "wb") as file:
                file.write(data)
        watch.allowed, watch.seen, watch.on = str(folder), [], True
        try:
            reached = use(path, out, changes.random)
            strange = [
                what for what in watch.seen if not (what.startswith("os.rename") and str(folder) in what)
            ]
            if strange:
                raise Wrong("; ".join(strange[:5]))
        except Exception:
            watch.on = False
            failed += 1
            kept = Path(options.keep) / f"fuzzed-{options.seed}-{number}.npz"
            kept.write_bytes(changes.archive.signed(config, arrays) if direct else data)
            print(f"{kind}, file {number}: kept as {kept}\n{traceback.format_exc()}", flush=True)
            reached = "failed"
        watch.on = False
        counts[kind, reached] += 1
        if (number + 1) % 50_000 == 0:
            print(f"{number + 1} loads, {time.monotonic() - began:.0f} s", flush=True)
    total = sum(counts.values())
    print(f"{total} files loaded in {time.monotonic() - began:.0f} s, {failed} failed")
    for (kind, reached), count in sorted(counts.items()):
        print(f"  {kind:>10} {reached:<9} {count}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
