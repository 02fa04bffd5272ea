"""`ember-ml completion`: the scripts run in their shells and offer what the parser knows."""

import shutil
import subprocess

import pytest
from ember_ml import cli


def script(shell, capsys):
    assert cli.main(["completion", shell]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    "line, wanted, not_wanted",
    [
        ("ember-ml tr", {"train"}, {"evaluate"}),
        ("ember-ml ", {"train", "evaluate", "plot", "export", "--version"}, {"--sigma"}),
        ("ember-ml train --st", {"--strategy", "--steps"}, {"--seed"}),
        ("ember-ml train --strategy s", {"snes", "sep-cmaes"}, {"pgpe"}),
        ("ember-ml train Cart", {"CartPole-v1"}, {"Pendulum-v1"}),
        ("ember-ml train --engine n", {"native"}, {"torch"}),
        ("ember-ml plot a.npz --x ", {"steps", "time"}, {"--out"}),
        ("ember-ml completion ", {"bash", "zsh", "fish"}, set()),
        ("ember-ml evaluate sav", {"saved file.npz"}, set()),
    ],
)
def test_bash(line, wanted, not_wanted, capsys, tmp_path):
    if shutil.which("bash") is None:
        pytest.skip("no bash here")
    (tmp_path / "saved file.npz").touch()
    words = line.split(" ")
    code = (
        f"{script('bash', capsys)}\nCOMP_WORDS=({' '.join(word or chr(39) * 2 for word in words)})\n"
        f"COMP_CWORD={len(words) - 1}\n_ember_ml\nprintf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    found = set(done.stdout.splitlines())
    assert done.stderr == "" and wanted <= found and not not_wanted & found


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_read_it(shell, capsys):
    text = script(shell, capsys)
    assert "strategy" in text and "sep-cmaes" in text and "evaluate" in text
    if shutil.which(shell) is not None:
        flag = ["-f", "-c"] if shell == "zsh" else ["--no-config", "-c"]
        done = subprocess.run([shell, *flag, text], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
