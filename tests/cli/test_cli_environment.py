"""Environments and policies of the user's own, by name from the shell."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import skip_without
from ember_ml import cli
from ember_ml.cli.environment import _argument

EXAMPLES = Path(__file__).parents[2] / "examples"
QUICK = ("--generations", "2", "--directions", "4", "--seed", "3")


def run(*words):
    return cli.main([str(word) for word in words])


@pytest.mark.parametrize(
    "name", ["thermostat:Thermostat", "thermostat.py:Thermostat", "thermostat.py", "thermostat:make"]
)
def test_classes_and_functions_of_modules_and_files(name, folder, capsys):
    assert run("train", name, *QUICK, "--env-arg", "target=21.5", "--json", "--save", "a.npz") == 0
    said = capsys.readouterr()
    summary = json.loads(said.out)  # what the environment prints is elsewhere
    assert summary["env"] in ("Thermostat", "make") and "a step" in said.err
    assert run("evaluate", "a.npz", "--env", name, "--episodes", "2", "--json") == 0
    assert json.loads(capsys.readouterr().out)["mean_length"] == 10


def test_constructor_arguments_reach_it(folder, capsys):
    returns = []
    for target in (15, 25):
        assert run("train", "thermostat.py:make", *QUICK, "--env-arg", f"target={target}", "--json") == 0
        returns.append(json.loads(capsys.readouterr().out)["policy_return"])
    assert returns[0] != returns[1]
    assert run("train", "Simple1D-v0", *QUICK, "--env-arg", "target=3", "--quiet") == 0
    assert run("train", "Simple1D-v0", *QUICK, "--env-arg", "aim=3") == 2
    assert "target" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text, value",
    [
        ("a=1", 1),
        ("a=-2.5e3", -2500.0),
        ("a=true", True),
        ("a=False", False),
        ("a=none", None),
        ("a=fast", "fast"),
        ("a='1'", "1"),
        ("a=(1, 2)", (1, 2)),
        ("a=x=y", "x=y"),
        ("a=", ""),
    ],
)
def test_values(text, value):
    key, found = _argument(text)
    assert key == "a" and found == value and type(found) is type(value)


def test_workers_find_a_file(folder, tmp_path):
    """In a process of its own: what processes start anew must find the module by its name."""
    command = [sys.executable, "-m", "ember_ml", "train", "thermostat.py:Thermostat", *QUICK]
    done = subprocess.run(
        [*command, "--workers", "2", "--json"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["generations"] == 2


def test_the_program_sees_the_current_folder(folder):
    """As a console script does: its own folder is first on the path, not the current one."""
    code = "import sys; sys.path.pop(0); from ember_ml.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code, "train", "thermostat:Thermostat", *QUICK, "--quiet"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_c_file(folder, capsys):
    if shutil.which("cc") is None and shutil.which("gcc") is None:
        pytest.skip("no C compiler here")
    shutil.copy(EXAMPLES / "my_env.c", folder)
    assert run("train", "my_env.c", *QUICK, "--save", "a.npz", "--explain") == 0
    assert "engine: native" in capsys.readouterr().out
    assert run("evaluate", "a.npz", "--env", "my_env.c", "--episodes", "3") == 0
    assert run("train", "my_env.c", "--resume", "a.npz", "--generations", "2", "--json") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["generations"] == 4
    assert run("train", "my_env.c", "--env-arg", "g=1") == 2
    assert "--env-arg: my_env.c takes no arguments" in capsys.readouterr().err


def test_a_numba_environment(folder, capsys):
    skip_without("numba")
    shutil.copy(EXAMPLES / "numba_env.py", folder)
    assert run("train", "numba_env.py", *QUICK, "--json", "--explain") == 0
    assert json.loads(capsys.readouterr().out)["config"]["engine_used"] == "native"
    assert run("train", "numba_env.py:MyPendulum", "--env-arg", "g=1") == 2
    assert "already made" in capsys.readouterr().err


def test_a_policy_of_the_users(folder, capsys):
    (folder / "net.py").write_text(
        "from ember_ml.nn.modules import Dense, Module\n"
        "class Net(Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.out = Dense(1, 1)\n"
        "    def forward(self, x):\n"
        "        return self.out(x)\n"
    )
    assert run("train", "Simple1D-v0", *QUICK, "--policy", "net.py:Net", "--json") == 0
    assert json.loads(capsys.readouterr().out)["config"]["policy"]["class"] == "Net"


def test_a_file_with_the_name_of_another_module(folder):
    shutil.copy(folder / "thermostat.py", folder / "json.py")
    shutil.copy(folder / "thermostat.py", folder / "my-env.py")
    for name in ("json.py:Thermostat", "my-env.py:Thermostat"):
        assert run("train", name, *QUICK, "--quiet") == 0
    assert not hasattr(json, "Thermostat")


@pytest.mark.parametrize(
    "words, code, message",
    [
        (["thermostat.py:Thermstat"], 2, "did you mean 'Thermostat'"),
        (["nothing.py:Thermostat"], 1, "nothing.py: there is no such file"),
        (["nothing:Thermostat"], 1, "nothing: no module of this name"),
        (["nothing.c"], 1, "nothing.c"),
        (["nothing.so"], 1, "nothing.so"),
        (["thermostat.py:SOURCE"], 2, "has no 'SOURCE'"),
        (["thermostat.py:np"], 2, "env: module is no environment"),
        (["broken.py:A"], 1, "SyntaxError"),
        (["raises.py:A"], 1, "ZeroDivisionError: division by zero (raises.py, line 1)"),
        (["two.py"], 2, "there are A, B; write two.py:A"),
        (["empty.py"], 2, "write empty.py:Name"),
        (["thermostat.py:Thermostat", "--env-arg", "target"], 2, "wanted key=value"),
        (["thermostat.py:Thermostat", "--env-arg", "aim=1"], 2, "aim"),
        (["thermostat.py:Thermostat", "--env-arg", "fault=made"], 1, "KeyError: 'no heater' (thermostat.py"),
        (["gone:Env-v0"], 2, "gone"),
    ],
)
def test_mistakes_are_one_line(words, code, message, folder, capsys):
    (folder / "broken.py").write_text("def f(:\n")
    (folder / "raises.py").write_text("1 / 0\n")
    (folder / "empty.py").write_text("")
    body = "class {0}:\n    def reset(self): ...\n    def step(self, action): ...\n"
    (folder / "two.py").write_text(body.format("A") + body.format("B"))
    if words[0] == "gone:Env-v0":
        skip_without("gymnasium")
    assert run("train", *words, *QUICK) == code
    said = capsys.readouterr()
    assert message in said.err and said.err.count("\n") == 1 and said.out == ""


def test_a_saved_training_is_drawn_and_exported_without_its_environment(folder, capsys):
    skip_without("matplotlib")
    assert run("train", "thermostat.py:Thermostat", *QUICK, "--save", "a.npz", "--quiet") == 0
    (folder / "thermostat.py").rename(folder / "gone.py")
    for module in ("thermostat", "gone"):
        sys.modules.pop(module, None)
    capsys.readouterr()
    assert run("plot", "a.npz") == 0 and run("export", "a.npz", "policy.h") == 0
    assert capsys.readouterr().out.split() == ["a.png", "policy.h"]
    for words in (
        ["evaluate"],
        ["animate"],
        ["plot", "--trajectory"],
        ["train", "--generations", "1", "--resume"],
    ):
        assert run(*words, "a.npz") == 2
        assert "trained on your own Thermostat; name it by --env" in capsys.readouterr().err
    assert run("plot", "a.npz", "--trajectory", "--env", "gone.py:Thermostat", "--out", "way.png") == 0
    assert run("animate", "a.npz", "--env", "gone.py:Thermostat") == 0
    assert (folder / "way.png").stat().st_size > 10_000 and (folder / "a.gif").stat().st_size > 10_000
