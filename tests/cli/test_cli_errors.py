"""A hostile user's command lines: one clear line, the exit code of its kind, no traceback."""

import json
import os
import subprocess
import sys

import pytest
from conftest import skip_without
from ember_ml import cli, es
from ember_ml.cli import program
from ember_ml.cli.environment import environment

ENV = "Simple1D-v0"


def run(*words):
    return cli.main([str(word) for word in words])


@pytest.fixture(autouse=True)
def here(folder):
    (folder / "a folder").mkdir()
    assert run("train", ENV, "--generations", "2", "--seed", "0", "--quiet", "--save", "übung ☃.npz") == 0
    return folder


TRAIN = ["train", ENV, "--generations", "2"]
SAVED = "übung ☃.npz"


@pytest.mark.parametrize(
    "words, code, message",
    [
        ([*TRAIN, "--sigma", "nan"], 2, "sigma: got nan"),
        ([*TRAIN, "--seconds", "nan"], 2, "seconds: got nan"),
        ([*TRAIN, "--seconds", "-1"], 2, "seconds: got -1"),
        ([*TRAIN, "--until", "nan"], 2, "until: got nan"),
        ([*TRAIN, "--seed", "-1"], 2, "seed: got -1"),
        ([*TRAIN, "--seed", 10**30], 2, "seed: got 1000"),
        ([*TRAIN, "--steps", "0"], 2, "steps: got 0"),
        ([*TRAIN, "--episodes", 10**15], 2, "episodes: got 1000"),
        ([*TRAIN, "--threads", "0"], 2, "threads: got 0"),
        ([*TRAIN, "--workers", "-2"], 2, "workers: got -2"),
        ([*TRAIN, "--policy", "-3"], 2, "-3"),
        ([*TRAIN, "--layout", "memebrs"], 2, "layout: got 'memebrs'"),
        ([*TRAIN, "--device", "tpu"], 2, "device: got 'tpu'"),
        ([*TRAIN, "--theta0", "gone.npz"], 1, "no file at gone.npz"),
        (["train", ""], 2, "''"),
        (["train", "Simple1D-v0\n"], 2, "Simple1D-v0"),
        ([*TRAIN, "--save", ""], 2, "wanted the name of a file"),
        ([*TRAIN, "--save", "a folder"], 2, "it is a folder"),
        ([*TRAIN, "--save", "gone/a.npz"], 2, "the folder gone does not exist"),
        ([*TRAIN, "--save", "/dev/full"], 2, "it is a device or a pipe"),
        ([*TRAIN, "--out", ""], 2, "wanted the name of a folder"),
        ([*TRAIN, "--out", "thermostat.py"], 2, "it is a file, wanted the name of a folder"),
        ([*TRAIN, "--out", "o", "--checkpoint-every", "0"], 2, "every: got 0"),
        ([*TRAIN, "--plot", "x.xyz"], 2, "x.xyz"),
        ([*TRAIN, "--plot", "gone/x.png"], 2, "the folder gone does not exist"),
        (["train", "--resume", "gone.npz"], 1, "gone.npz"),
        (["train", "--resume", "thermostat.py"], 2, "not saved by ember-ml"),
        (["train", ENV, "--resume", SAVED, "--env", ENV], 2, "--env: got 'Simple1D-v0', but the first word"),
        (["train", "--resume", SAVED, "--preset", "auto"], 2, "--preset: the resumed training has its own"),
        (["evaluate", ""], 2, "wanted the name of a file"),
        (["evaluate", "a folder"], 2, "is a folder"),
        (["evaluate", "/dev/null"], 2, "not a file saved by ember-ml"),
        (["evaluate", "/dev/full"], 2, "not a file saved by ember-ml"),
        (["evaluate", SAVED, "--episodes", "0"], 2, "episodes: got 0"),
        (["evaluate", SAVED, "--episodes", 10**15], 2, "episodes: got 1000"),
        (["evaluate", SAVED, "--env", "gone.py:A"], 1, "gone.py: there is no such file"),
        (["evaluate", SAVED, "--env-arg", "a=1"], 2, "it needs --env"),
        (["evaluate", SAVED, "--gif", "gone/a.gif"], 2, "the folder gone does not exist"),
        (["animate", SAVED, "--fps", "0"], 2, "--fps: got 0"),
        (["animate", SAVED, "--episode", "-1"], 2, "--episode: got -1"),
        (["plot", SAVED, "--out", "x.xyz"], 2, "x.xyz"),
        (["plot", SAVED, "--x", "stepps"], 2, "did you mean 'steps'"),
        (["export", SAVED, "policy.exe"], 2, "policy.exe"),
        (["export", SAVED, "gone/policy.h"], 2, "the folder gone does not exist"),
        (["trian", ENV], 2, "did you mean 'train'"),
        ([*TRAIN, "--genrations", "3"], 2, "did you mean '--generations'"),
        ([*TRAIN, "--strategy", "snse"], 2, "did you mean 'snes'"),
        ([*TRAIN, "--strategy"], 2, "expected one argument"),
        ([*TRAIN, "more"], 2, "unrecognized arguments: more"),
        (["bench", "nosie"], 2, "did you mean 'noise'"),
        (["bench", "limits", "--seconds", "nan"], 2, "seconds: got nan"),
        (["completion", "csh"], 2, "SHELL: invalid choice 'csh'"),
    ],
)
def test_one_line_and_its_code(words, code, message, here, capsys):
    before = sorted(here.rglob("*"))
    assert run(*words) == code
    said = capsys.readouterr()
    assert message in said.err and said.err.startswith("ember-ml: ") and said.err.count("\n") == 1
    assert said.out == ""
    left = {path.name for path in set(here.rglob("*")) - set(before)}
    assert left <= {"o", "log.csv", "__pycache__"}


@pytest.mark.parametrize(
    "words", [["train", "--json"], [*TRAIN, "--nope", "--json"], ["evaluate", "x", "--json"]]
)
def test_an_error_is_one_json_object_too(words, capsys):
    code = run(*words)
    said = capsys.readouterr()
    answer = json.loads(said.out)
    assert code in (1, 2) and answer["exit_code"] == code
    assert said.err == f"ember-ml: {answer['error']}\n"


def test_json_has_no_nan(capsys, monkeypatch):
    assert json.loads(program.to_json({"a": [float("nan"), float("-inf"), 1.5], "b": (True, None, "x")})) == {
        "a": [None, None, 1.5],
        "b": [True, None, "x"],
    }


def test_until_that_is_not_reached_is_code_3(capsys):
    assert run(*TRAIN, "--until", "1e9", "--quiet") == 3
    assert run(*TRAIN, "--until", "-1e9", "--quiet") == 0


def test_a_bug_is_one_line_and_a_traceback_where_asked(capsys, monkeypatch):
    def fail(*_, **__):
        raise LookupError("a bug")

    monkeypatch.setattr(es.Trainer, "run", fail)
    assert run(*TRAIN) == 1
    assert capsys.readouterr().err.startswith("ember-ml: LookupError: a bug (test_cli_errors.py, line ")
    assert run("--traceback", *TRAIN) == 1
    assert "Traceback" in capsys.readouterr().err


def start(*words, **how):
    how = {"capture_output": True, "text": True, "check": False, **how}
    return subprocess.run([sys.executable, "-m", "ember_ml", *words], **how)


def test_disk_full_on_standard_output():
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    for words in (["envs"], ["info", "--json"], ["nope", "--json"]):
        with open("/dev/full", "w") as full:
            done = start(*words, stdout=full, stderr=subprocess.PIPE, capture_output=False)
        assert done.returncode == (2 if "nope" in words else 1)
        assert done.stderr.count("\n") == 1 and "Traceback" not in done.stderr


def test_a_reader_that_leaves_and_closed_streams():
    skip_without("gymnasium")
    command = f"{sys.executable} -m ember_ml"
    for line in (f"{command} envs --all | true", f"{command} envs >&-", f"{command} envs >&- 2>&-"):
        done = subprocess.run(
            ["bash", "-c", f"set -o pipefail; {line}"], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("presses", [1, 2])
def test_ctrl_c(presses, here):
    """An environment that presses Ctrl-C itself, in the middle of a generation."""
    (here / "pressed.py").write_text(
        "import os, signal\n"
        "from thermostat import Thermostat\n"
        "class Pressed(Thermostat):\n"
        "    def step(self, action):\n"
        f"        if Thermostat.steps in range(3000, 3000 + {presses}):\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "        return super().step(action)\n"
    )
    words = ["train", "pressed:Pressed", "--generations", "500", "--seed", "0", "--save", "a.npz", "--json"]
    done = start(*words)
    assert done.returncode == 130
    assert "Traceback" not in done.stderr
    assert 0 < len(es.load("a.npz", env=environment("thermostat.py:Thermostat")).history) < 500
    assert json.loads(done.stdout).get("interrupted", True)


def test_ctrl_c_while_workers_start(here):
    """It reaches all processes of a terminal: those that still import do not answer it."""
    words = ["train", "thermostat:Thermostat", "--generations", "2", "--workers", "2", "--json"]
    (here / "script.py").write_text(
        "import os, signal, sys\n"
        "if __name__ == '__mp_main__':\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "if __name__ == '__main__':\n"
        f"    from ember_ml.cli import main; sys.exit(main({words}))\n"
    )
    command = [sys.executable, "script.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "Traceback" not in done.stderr


def test_what_becomes_of_ctrl_c_inside_a_library(capsys, monkeypatch):
    def fail(*_, **__):
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as error:
            raise ImportError("initialization failed") from error

    monkeypatch.setattr(es.Trainer, "run", fail)
    assert run(*TRAIN) == 130
    assert capsys.readouterr().err == "ember-ml: interrupted\n"


def test_python_m_names_itself():
    done = start("trian")
    assert done.returncode == 2 and "(python -m ember_ml --help" in done.stderr
    assert start("--version").stdout.startswith("ember-ml ")
