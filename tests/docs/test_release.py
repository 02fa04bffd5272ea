"""What stands in more than one of the files a release is made of says the same everywhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECIPE = ROOT / "packaging" / "conda" / "recipe.yaml"

if not RECIPE.exists():
    pytest.skip("the package's source is not here", allow_module_level=True)


def found(pattern, file):
    (value,) = re.findall(pattern, (ROOT / file).read_text("utf8"), re.MULTILINE)
    return value


def test_the_version_is_one():
    version = found(r'^version = "(.*)"$', "pyproject.toml")
    assert found(r"^version: (\S+)$", "CITATION.cff") == version
    assert found(r'^  version: "(.*)"$', RECIPE) == version


def test_the_recipe_needs_what_the_package_needs():
    built = re.findall(r'"(.+?)"', found(r"^requires = \[(.*)\]$", "pyproject.toml"))
    run = re.findall(r'"(.+?)"', found(r"^dependencies = \[(.*)\]$", "pyproject.toml"))
    host, needed = re.search(r"  host:\n(.*?)  run:\n(.*?)\n\n", RECIPE.read_text("utf8"), re.DOTALL).groups()
    listed = [re.findall(r"- (.+)", part.replace(" >=", ">=")) for part in (host, needed)]
    assert listed == [["python", "pip", *built], ["python", *run]]


def test_classifiers_begin_where_the_package_does():
    text = (ROOT / "pyproject.toml").read_text("utf8")
    claimed = re.findall(r"Python :: 3\.(\d+)", text)
    oldest = int(found(r'^requires-python = ">=3\.(\d+)"$', "pyproject.toml"))
    assert [int(minor) for minor in claimed] == list(range(oldest, oldest + len(claimed)))
