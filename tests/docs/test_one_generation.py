"""The walk through one generation in docs/design.md names files that are there, few enough to be read, and
those that a training runs through.
"""

import re
import sys
from pathlib import Path

from ember_ml import es

ROOT = Path(__file__).parents[2]


def walk():
    text = (ROOT / "docs" / "design.md").read_text("utf8")
    section = text[text.index("## One generation") : text.index("## Contracts")]
    python, cpp = section.split("| C++ |")
    named = re.compile(r"`([\w/]+\.(?:py|h))`")
    return [
        name
        for line in python.splitlines()
        for name in named.findall(line.split("|")[1 if "|" in line else 0])
    ], named.findall(cpp)


def test_its_files_are_there_and_few():
    python, headers = walk()
    assert 8 <= len(python) == len(set(python)) <= 12 and 20 <= len(headers) == len(set(headers)) <= 30
    for folder, names in (("python/ember_ml", python), ("cpp", headers)):
        assert [name for name in names if not (ROOT / folder / name).is_file()] == []


def test_a_training_runs_through_its_python_files():
    package = str(Path(es.__file__).parents[1])
    seen = set()

    def called(frame, event, _):
        if event == "call" and frame.f_code.co_filename.startswith(package):
            seen.add(Path(frame.f_code.co_filename).relative_to(package).as_posix())

    es.train("CartPole-v1", seed=0, generations=1, progress=False)
    before = sys.getprofile()
    sys.setprofile(called)
    try:
        es.train("CartPole-v1", seed=0, generations=1, progress=False)
    finally:
        sys.setprofile(before)
    assert set(walk()[0]) <= seen
