"""The report page: what is in it, that nothing in a training can become markup, that it needs no network."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from conftest import skip_without
from ember_ml import envs, es
from ember_ml.report.page.numbers import in_script, short
from pictures import run_of

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>&\"'"


class Page(HTMLParser):
    """Elements with their attributes, the text of the page, and its scripts."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.scripts, self.texts = [], [], []
        self.rawdata_text = text
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data):
        tag = self.elements[-1][0] if self.elements else ""
        (self.scripts if tag in ("script", "style") else self.texts).append(data)

    @property
    def text(self):
        return " ".join(self.texts)

    @property
    def data(self):
        return json.loads(next(script for script in self.scripts if script.lstrip().startswith('{"chart"')))


@pytest.fixture
def page(tmp_path):
    def made(runs, **options):
        path = es.report(runs, tmp_path / "report.html", **options)
        return Page(path.read_text(encoding="utf-8"))

    return made


@pytest.fixture(scope="module")
def run():
    return es.train("CartPole-v1", generations=40, seed=5, eval_every=10, progress=False)


def test_the_page_of_a_training(page, run):
    found = page(run)
    assert run.digest in found.text and "ember-ml train CartPole-v1" in found.text
    assert run.command in found.text and "numpy" in found.text and np.__version__ in found.text
    chart = found.data["chart"]
    names = [series["name"] for series in chart["series"]]
    assert names[0] == "population, mean and deviation" and names[-1] == "evaluated, mean and 95%"
    raw = chart["series"][names.index("policy, each generation")]["data"]["steps"]
    assert chart["columns"][raw["y"]] == run.history["policy_return"].tolist()
    assert chart["columns"][raw["x"]] == np.cumsum(run.history["steps"]).tolist()
    evaluated = chart["series"][-1]["data"]["generation"]
    assert chart["columns"][evaluated["y"]] == short(run.evaluations["mean"])
    assert {line["name"]: line["y"] for line in chart["lines"]}["solved"] == 475


def test_the_episode_is_the_one_of_evaluate(page, run):
    film = page(run, episode=3).data["films"][0]["film"]
    result = run.evaluate(episodes=4)
    assert film["steps"] == result.lengths[3] and film["total"] == result.returns[3]
    assert len(film["frames"]) == len(film["frame_steps"]) <= 250
    assert {kind for kind, *_ in film["strokes"]} == {"line", "fill", "ring"}
    assert max(max(frame) for frame in film["frames"]) == len(film["strokes"]) - 1
    assert film["choices"] == ["push left", "push right"]
    assert [row["name"] for row in film["rows"]][-2:] == ["action", "return so far"]


def test_it_loads_nothing_and_runs_only_its_own_scripts(page, run):
    found = page(run)
    policy = next(
        a["content"] for tag, a in found.elements if a.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'; img-src data:")
    for kind in ("script", "style"):
        inside = re.findall(rf"<{kind}>(.*?)</{kind}>", found.rawdata_text, re.S)
        (digest,) = re.findall(rf"{kind}-src 'sha256-([^']+)'", policy)
        assert [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in inside] == [
            digest
        ]
    for tag, attributes in found.elements:
        assert tag not in ("link", "iframe", "object", "base", "form")
        assert not {"src", "href", "style", "onclick", "onload", "onerror"} & attributes.keys()


class Hostile:
    """An environment that a stranger named."""

    observation_size, action_size, max_steps = 1, 1, 5
    observation_names = (HOSTILE,)

    def reset(self, seed):
        return np.zeros(1, np.float32)

    def step(self, action):
        return np.ones(1, np.float32), 1.0, False, {}


def test_names_of_a_stranger_stay_text(page, tmp_path):
    Hostile.__name__ = HOSTILE
    run = es.train(Hostile, generations=2, seed=0, progress=False)
    assert "<script>" in run.env.name
    run.save(tmp_path / "hostile.npz")
    usual = page(es.train("CartPole-v1", generations=2, seed=0, progress=False))
    for runs in (run, tmp_path / "hostile.npz", {HOSTILE: [run, run], "b": [tmp_path / "hostile.npz"]}):
        found = page(runs)
        assert [tag for tag, _ in found.elements].count("script") == 2
        assert {tag for tag, _ in found.elements} <= {tag for tag, _ in usual.elements} | {"th"}
        assert HOSTILE[:30] in found.text
        assert found.data["chart"]["series"]
    text = in_script({HOSTILE: [HOSTILE, float("nan"), "\u2028"]})
    assert not re.search("[<>&\u2028]", text) and json.loads(text) == {HOSTILE: [HOSTILE, None, "\u2028"]}


def test_several_are_compared(page, tmp_path):
    runs = [run_of(np.arange(10.0) + seed, seed=seed) for seed in range(3)]
    chart = page({"a": runs, "b": runs[:1]}).data["chart"]
    assert [series["name"] for series in chart["series"]] == ["a, median of 3 runs", "b"]
    data = chart["series"][0]["data"]["generation"]
    low, median, high = (chart["columns"][data[key]] for key in ("low", "y", "high"))
    assert median == [1.0 + i for i in range(10)]
    assert low == [0.5 + i for i in range(10)] and high == [1.5 + i for i in range(10)]


def test_the_films_of_groups_are_of_their_median(page):
    runs = [es.train("CartPole-v1", generations=g, seed=1, progress=False) for g in (1, 4, 40)]
    means = [run.evaluation.mean for run in runs]
    found = page({"a": runs, "b": runs[::-1]})
    steps = runs[int(np.argsort(means)[1])].evaluate(episodes=1).lengths[0]
    assert [one["film"]["steps"] for one in found.data["films"]] == [steps, steps]
    assert all(run.digest in found.text for run in runs)


def test_a_file_whose_environment_is_not_here_has_its_curve(page, walk, tmp_path):
    run = es.train(walk, generations=3, seed=0, progress=False)
    run.save(tmp_path / "walk.npz")
    found = page(tmp_path / "walk.npz")
    assert "not at hand" in found.data["films"][0]["film"]["missing"]
    assert "ENV stands for your environment Walk" in found.text
    found = page(tmp_path / "walk.npz", env=walk)
    assert found.data["films"][0]["film"]["steps"] > 0


def test_an_environments_own_pictures(page):
    skip_without("PIL", "pillow")

    class Painter(Hostile):
        def render(self):
            return np.full((600, 900, 3), 128, np.uint8)

    film = page(es.train(Painter, generations=1, seed=0, progress=False)).data["films"][0]["film"]
    assert film["size"] == [480, 320] and len(film["pictures"]) == 6
    assert all(picture.startswith("data:image/jpeg;base64,/9j/") for picture in film["pictures"])


def test_long_trainings_and_returns_that_are_not_finite(page):
    returns = np.arange(5000.0)
    returns[10:20] = np.nan
    chart = page(run_of(returns)).data["chart"]
    assert max(map(len, chart["columns"])) == 1500
    assert None in chart["columns"][chart["series"][2]["data"]["generation"]["y"]]


def test_what_cannot_be_written_is_said(tmp_path, run):
    with pytest.raises(ValueError, match=r"wanted a name that ends in \.html"):
        run.report(tmp_path / "report.pdf")
    with pytest.raises(ValueError, match="got no runs"):
        es.report([], tmp_path / "report.html")
    with pytest.raises(ValueError, match="episode"):
        run.report(tmp_path / "report.html", episode=-1)
    with pytest.raises(FileNotFoundError):
        run.report(tmp_path / "nowhere" / "report.html")
    assert not list(tmp_path.iterdir())


def test_constants_of_an_environment_are_in_the_command(page):
    run = es.train(envs.make("Simple1D-v0", target=4.0), generations=1, seed=0, progress=False)
    assert "--env-arg=target=4.0" in page(run).text
