"""What is said while a training runs: a bar, lines where no bar can be drawn, or nothing."""

import io
import re
import sys
import types

import numpy as np
import pytest
from ember_ml import es
from ember_ml.es.result.history import DTYPE, History
from ember_ml.es.trainer import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def history(generations):
    records = np.zeros(generations, DTYPE)
    records["steps"], records["policy_return"] = 50_000, -3.0
    return History(records)


@pytest.fixture(params=[Terminal, io.StringIO], ids=["terminal", "file"])
def stderr(request, monkeypatch):
    stream = request.param()
    monkeypatch.setattr(sys, "stderr", stream)
    return stream


@pytest.fixture
def clock(monkeypatch):
    clock = types.SimpleNamespace(now=1000.0)
    monkeypatch.setattr(progress, "time", types.SimpleNamespace(perf_counter=lambda: clock.now))
    return clock


def test_a_short_run_shows_nothing(stderr, clock):
    bar = progress.Progress(True, 10, "Walk")
    clock.now += 0.49
    bar.show(history(3), 0)
    bar.close()
    assert stderr.getvalue() == ""


def test_the_bar_counts_from_the_start_and_names_the_environment(monkeypatch, clock):
    monkeypatch.setattr(sys, "stderr", Terminal())
    bar = progress.Progress(True, 10, "Walk")
    clock.now += 42.0
    bar.show(history(3), 0)
    text = sys.stderr.getvalue()
    bar.close()
    assert "Walk" in text and "3/10" in text and "00:42" in text and "return -3.00" in text


def test_lines_where_there_is_no_terminal(monkeypatch, clock):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    bar = progress.Progress(True, 10, "Walk")
    seen = []
    for _ in range(8 * 3600):
        clock.now += 1.0
        before = len(sys.stderr.getvalue())
        bar.show(history(6), 2)
        if len(sys.stderr.getvalue()) > before:
            seen.append(clock.now - 1000)
    lines = sys.stderr.getvalue().splitlines()
    assert lines[0] == ("Walk: generation 4 of 10, return -3.00, 200,000 steps, 0:30 gone, about 0:45 left")
    assert seen[:3] == [30, 60, 90] and 40 < len(lines) < 80
    assert max(np.diff(seen)) <= 1800


def test_every_engine_reports_while_it_runs(monkeypatch, walk):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    monkeypatch.setattr(progress, "HEARTBEAT", 1e-9)
    for env in (walk, "Simple1D-v0"):
        es.train(env, generations=5, seed=0)
        name = env if isinstance(env, str) else env.__name__
        assert re.search(rf"{name}: generation \d of 5, return ", sys.stderr.getvalue())


def test_progress_false_silences_all(monkeypatch, stderr, walk):
    monkeypatch.setattr(progress, "HEARTBEAT", 1e-9)
    monkeypatch.setattr(progress, "PATIENCE", 1e-9)
    es.train(walk, generations=3, seed=0, progress=False)
    assert stderr.getvalue() == ""


def test_no_standard_error(monkeypatch, walk):
    monkeypatch.setattr(sys, "stderr", None)
    es.train(walk, generations=2, seed=0)


def test_a_notebook_has_a_bar_and_no_complaint_about_widgets(monkeypatch, clock, recwarn):
    shell = types.SimpleNamespace(config={"IPKernelApp": {}})
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    for name in ("tqdm.auto", "tqdm.autonotebook"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    bar = progress.Progress(True, 10, "Walk")
    clock.now += 1.0
    bar.show(history(3), 0)
    bar.close()
    assert "3/10" in sys.stderr.getvalue()
    assert [w for w in recwarn if "IProgress" in str(w.message)] == []


@pytest.mark.parametrize("stream", [Terminal, io.StringIO])
def test_what_an_engine_says_of_its_workers_stands_behind_the_numbers(monkeypatch, clock, stream):
    monkeypatch.setattr(sys, "stderr", stream())
    bar = progress.Progress(True, 10, "CartPole-v1")
    bar.note("2 nodes, 4 workers, 7 shards in flight")
    clock.now += 31.0
    bar.show(history(3), 0)
    clock.now += 1.0
    bar.note("1 node, 2 workers, 3 shards in flight")
    said = sys.stderr.getvalue()
    bar.close()
    assert "2 nodes, 4 workers, 7 shards in flight" in said
    assert ("1 node, 2 workers, 3 shards in flight" in said) == sys.stderr.isatty()
