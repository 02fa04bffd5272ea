"""`ember-ml report`: which files become which group of which page."""

import pytest
from ember_ml import cli, es


@pytest.fixture
def files(folder):
    for seed in (1, 2):
        words = ["train", "Simple1D-v0", "--generations", "3", "--seed", str(seed), "--quiet"]
        assert cli.main([*words, "--save", f"{seed}.npz"]) == 0
    return folder


def test_one_file_and_several(files, capsys):
    assert cli.main(["report", "1.npz"]) == 0
    assert cli.main(["report", "1.npz", "2.npz"]) == 0
    assert cli.main(["report", "a=1.npz", "b=2.npz", "-o", "both.html"]) == 0
    assert capsys.readouterr().out.split() == ["1.html", "report.html", "both.html"]
    one, both = (files / "1.html").read_text("utf8"), (files / "both.html").read_text("utf8")
    first, second = es.load("1.npz").digest, es.load("2.npz").digest
    assert first in one and second not in one
    assert first in both and second in both and "2.npz" in both


def test_errors_leave_no_page(files, capsys):
    assert cli.main(["report", "gone.npz"]) == 1
    assert cli.main(["report", "1.npz", "-o", "page.png"]) == 2
    assert cli.main(["report", "1.npz", "--episode", "-1"]) == 2
    assert cli.main(["report", "1.npz", "-o", "nowhere/page.html"]) == 2
    assert "gone.npz" in capsys.readouterr().err
    assert not list(files.glob("*.html"))
