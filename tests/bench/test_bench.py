"""`ember-ml bench`: what it measures is up to the machine; that it adds up is tested here."""

import json

import pytest
from ember_ml import _core, bench, cli


@pytest.fixture(scope="module")
def rows():
    return list(bench.bench(("tanh", "forward", "environments", "training"), seconds=0.001))


def test_every_row_says_what_was_measured(rows):
    fields = {"group", "what", "threads", "figure", "unit", "limit", "limit_name", "ratio"}
    assert all(set(row) == fields and row["figure"] > 0 and row["threads"] >= 1 for row in rows)
    assert len({(row["what"], row["threads"]) for row in rows}) == len(rows)
    layouts = [row["what"] for row in rows if row["group"] == "forward"]
    for layout in ("members", "output units", "episodes"):
        assert any(f"{layout} in lanes" in what for what in layouts)
    environments = " ".join(row["what"] for row in rows if row["group"] == "environments")
    assert all(name in environments for name in ("CartPole-v1", "Pendulum-v1", "Acrobot-v1"))


def test_ratio_is_the_share_of_the_limit(rows):
    limited = [row for row in rows if row["limit"] is not None]
    assert len(limited) == len(rows)  # only the group of the limits has none
    assert {row["limit_name"] for row in limited} == {"fma", "memory"}
    for row in limited:
        share = (row["limit"], row["figure"]) if row["unit"] == "ms" else (row["figure"], row["limit"])
        assert row["ratio"] == pytest.approx(share[0] / share[1])


def test_training_is_timed_natively_and_as_users_run_it(rows):
    native, users = (row for row in rows if row["group"] == "training")
    assert native["unit"] == users["unit"] == "ms" and "Trainer.run" in users["what"]
    assert native["limit"] == users["limit"]


def test_the_command_prints_a_table(capsys):
    assert cli.main(["bench", "tanh", "training", "--seconds", "0.001"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert _core.simd_level() in lines[0]
    assert [x for x in lines if x and not x.startswith(" ")][1:] == ["tanh", "training"]
    measured = [x for x in lines if x.startswith("  ") and "% of" in x]
    assert len(measured) == 3 and len({x.index("% of") for x in measured}) == 1  # one column


def test_the_command_prints_json(capsys):
    assert cli.main(["bench", "noise", "--seconds", "0.001", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["simd"] == _core.simd_level() and found["threads"] == _core.available_threads()
    assert [row["what"] for row in found["rows"]] == ["normals"]


@pytest.mark.parametrize("arguments, said", [(["speed"], "'speed'"), (["--seconds", "0"], "seconds: got 0")])
def test_wrong_usage_is_named(arguments, said, capsys):
    assert cli.main(["bench", *arguments]) == 2
    printed = capsys.readouterr()
    assert said in printed.err and printed.out == ""


def test_help_names_the_groups(capsys):
    assert cli.main(["bench", "--help"]) == 0
    text = capsys.readouterr().out
    assert all(name in text for name in _core.bench_names())
