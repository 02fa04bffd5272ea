"""Coverage-guided fuzzing of everything that reads what somebody else wrote (atheris, from the registry).

    pip install atheris
    python tests/fuzz/fuzz_guided.py array -runs=1000000 -max_len=4096 [more options of libFuzzer]

The first word is one of `targets.TARGETS`. Inputs that reach something new are kept in the folder that
EMBER_CORPUS names; `tests/fuzz/corpus` holds some of each, which the tests hand to the targets again. A crash
is written as crash-*: when it is mended, its input goes into the corpus.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
from pathlib import Path

import atheris

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

with atheris.instrument_imports(include=["ember_ml", "zipfile"], exclude=["ember_ml._core"]):
    from changed_files import Changes
    from targets import TARGETS, seeds

#: Changes values as the other fuzzer does, without making its trainings.
changer = Changes.__new__(Changes)


def mutated(data: bytes, most: int, seed: int) -> bytes:
    """JSON with a value of it changed as `changed_files` does, and now and then bytes as they come."""
    draw = random.Random(seed)
    at = data.find(b"{")
    try:
        found = json.loads(data[at:])
        if draw.random() < 0.2 or not found:
            raise ValueError
        changer.random = draw
        changer.change_config(found)
        text = data[: max(at, 0)] + json.dumps(found).encode()
    except (ValueError, RecursionError, LookupError, TypeError):
        return atheris.Mutate(data, most)
    return text if len(text) <= most else data


def main() -> None:
    name, *options = sys.argv[1:]
    corpus = Path(os.environ.get("EMBER_CORPUS") or tempfile.mkdtemp(prefix="ember-corpus-"))
    corpus.mkdir(exist_ok=True)
    for number, data in enumerate(seeds(name)):
        (corpus / f"seed-{number}").write_bytes(data)
    fixed = Path(__file__).parent / "corpus" / name
    folders = [str(corpus), *([str(fixed)] if fixed.exists() else [])]
    how = {"custom_mutator": mutated} if name in ("config", "state", "policy") else {}
    atheris.Setup([sys.argv[0], *options, *folders], lambda data: TARGETS[name](data) and None, **how)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
