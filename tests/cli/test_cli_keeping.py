"""Nothing that was trained from the shell is lost: what is saved where, and what older files become."""

import errno
import json
import re

import numpy as np
import pytest
from ember_ml import cli, es
from ember_ml.cli import command, keeping

ENV = "Simple1D-v0"
QUICK = ("--generations", "6", "--directions", "4", "--seed", "3")


def run(*words):
    return cli.main([str(word) for word in words])


@pytest.fixture(autouse=True)
def here(folder):
    return folder


@pytest.fixture
def saved(here):
    path = here / "saved.npz"
    assert run("train", ENV, *QUICK, "--save", path, "--quiet") == 0
    return path


def files(folder):
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".py" and path.is_file())


def test_resume_writes_back_to_its_file_and_says_so(saved, here, capsys):
    assert run("train", "--resume", saved, "--generations", "2") == 0
    assert f"saved to           {saved}" in capsys.readouterr().out
    assert len(es.load(saved).history) == 8 and files(here) == ["saved.npz"]


def test_resume_with_save_leaves_the_file(saved, here):
    before = saved.read_bytes()
    assert run("train", "--resume", saved, "--generations", "2", "--save", "b.npz", "--quiet") == 0
    assert saved.read_bytes() == before and len(es.load("b.npz").history) == 8
    assert run("train", "--resume", saved, "--generations", "3", "--out", "o", "--quiet") == 0
    assert saved.read_bytes() == before and len(es.load("o/checkpoint.npz").history) == 9


def test_resume_in_its_own_folder_keeps_no_copies(here):
    assert run("train", ENV, *QUICK, "--out", "o", "--quiet") == 0
    names = files(here / "o")
    assert run("train", "--resume", "o/checkpoint.npz", "--generations", "2", "--out", "o", "--quiet") == 0
    assert files(here / "o") == names
    assert len((here / "o" / "log.csv").read_text().splitlines()) == 9


def test_resume_of_a_file_that_may_not_be_written_says_so_at_once(saved, capsys, monkeypatch):
    monkeypatch.setattr(command.os, "access", lambda path, mode: False)  # root may write everything
    monkeypatch.setattr(es.Trainer, "run", None)
    assert run("train", "--resume", saved, "--generations", "2") == 1
    assert f"{saved}: it may not be written" in capsys.readouterr().err


def test_a_finished_training_says_how_to_go_on(saved, capsys):
    before = saved.read_bytes()
    assert run("train", "--resume", saved) == 2
    assert "--generations N trains N more" in capsys.readouterr().err
    assert saved.read_bytes() == before


def test_a_plain_training_says_that_it_is_not_saved(here, capsys):
    assert run("train", ENV, *QUICK) == 0
    assert "not saved: --save FILE" in capsys.readouterr().out and files(here) == []


def test_a_long_training_is_saved_without_being_asked(here, capsys, monkeypatch):
    monkeypatch.setattr(keeping, "MINUTE", 1e-6)
    assert run("train", ENV, *QUICK) == 0
    assert "Simple1D-v0-seed3.npz" in capsys.readouterr().out
    assert len(es.load("Simple1D-v0-seed3.npz").history) == 6
    assert run("train", ENV, *QUICK, "--json") == 0
    assert json.loads(capsys.readouterr().out)["files"]["kept"] == "Simple1D-v0-seed3.1.npz"


def test_where_nothing_can_be_written_an_unasked_save_is_no_error(capsys, monkeypatch):
    monkeypatch.setattr(keeping, "MINUTE", 1e-6)

    def fail(*_):
        raise OSError(errno.ENOSPC, "cannot write: No space left on device")

    for kind in (es.Trainer, es.Run):
        monkeypatch.setattr(kind, "save", fail)
    assert run("train", ENV, *QUICK) == 0
    said = capsys.readouterr()
    assert "No space left" in said.err and said.err.count("\n") == 1 and "not saved: " in said.out


def test_a_save_that_fails_at_the_end_is_kept_elsewhere(capsys, monkeypatch):
    whole = es.Run.save

    def fail(training, path):
        if path.name == "a.npz" and path.parent.name == "":
            raise OSError(errno.ENOSPC, "cannot write a.npz: No space left on device")
        return whole(training, path)

    monkeypatch.setattr(es.Run, "save", fail)
    assert run("train", ENV, *QUICK, "--save", "a.npz") == 1
    said = capsys.readouterr().err
    assert "No space left" in said and "the training is in " in said
    assert len(es.load(re.search(r"the training is in (\S+)", said).group(1)).history) == 6


def test_older_files_are_kept_with_numbers(here, capsys):
    for seed in (1, 2, 3):
        assert run("train", ENV, "--generations", "2", "--seed", seed, "--save", "a.npz") == 0
    assert "kept               a.2.npz" in capsys.readouterr().out
    assert files(here) == ["a.1.npz", "a.2.npz", "a.npz"]
    assert [es.load(name).seed for name in files(here)] == [1, 2, 3]


def test_force_replaces(here):
    for seed in (1, 2):
        assert run("train", ENV, "--generations", "2", "--seed", seed, "--save", "a.npz", "--force") == 0
    assert files(here) == ["a.npz"] and es.load("a.npz").seed == 2


def test_older_files_of_a_folder_are_kept_together(here):
    for seed in (1, 2):
        assert run("train", ENV, "--generations", "2", "--seed", seed, "--out", "o", "--quiet") == 0
    names = files(here / "o")
    assert {"checkpoint.1.npz", "checkpoint.npz", "log.1.csv", "log.csv"} <= set(names)
    assert [es.load(here / "o" / f"checkpoint{n}.npz").seed for n in (".1", "")] == [1, 2]
    old, new = ((here / "o" / f"log{n}.csv").read_text() for n in (".1", ""))
    assert old != new


def test_a_training_that_cannot_start_leaves_the_older_file(saved, here):
    before = saved.read_bytes()
    assert run("train", ENV, *QUICK, "--save", saved, "--sigma", "-1") == 2
    assert run("train", "Simple1D-v9", *QUICK, "--save", saved) != 0
    assert saved.read_bytes() == before and files(here) == ["saved.npz"]


def test_what_was_trained_before_a_failure_is_kept(here, capsys):
    options = ("--generations", "50", "--directions", "4", "--seed", "0", "--env-arg", "fault=step")
    assert run("train", "thermostat.py:Thermostat", *options, "--save", "a.npz") == 1
    said = capsys.readouterr().err
    assert "the motor burnt out" in said and "thermostat.py, line" in said and said.count("\n") == 1
    assert "generations before are in a.npz" in said
    import thermostat

    assert 0 < len(es.load("a.npz", env=thermostat.Thermostat).history) < 50


def test_saves_while_it_runs(here, monkeypatch):
    monkeypatch.setattr(keeping, "MINUTE", 1e-6)
    lengths = []
    whole = es.Trainer.save
    monkeypatch.setattr(
        es.Trainer, "save", lambda trainer, path: lengths.append(trainer.generation) or whole(trainer, path)
    )
    assert run("train", ENV, *QUICK, "--save", "a.npz", "--quiet") == 0
    assert lengths == [1, 2, 3, 4, 5, 6]


def test_the_same_numbers_saved_or_not(here, monkeypatch):
    assert run("train", ENV, *QUICK, "--save", "a.npz", "--quiet") == 0
    monkeypatch.setattr(keeping, "MINUTE", 1e-6)
    assert run("train", ENV, *QUICK, "--save", "b.npz", "--quiet") == 0
    assert np.array_equal(es.load("a.npz").theta, es.load("b.npz").theta)
