"""What libraries print while environments are made and drawn: each message once, and into no file."""

import os
import subprocess
import sys

from conftest import skip_without


def run_python(code, folder, **variables):
    environment = {name: value for name, value in os.environ.items() if name != "XDG_RUNTIME_DIR"}
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", code],
        cwd=folder,
        env={**environment, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def test_a_deprecated_environment_says_so_once_and_mujoco_writes_no_file(tmp_path):
    skip_without("gymnasium")
    skip_without("mujoco")
    code = """
if __name__ == "__main__":
    from ember_ml import es
    es.train("HalfCheetah-v4", generations=1, seed=0, max_steps=3, progress=False)
    es.train("HalfCheetah-v4", generations=1, seed=0, max_steps=3, progress=False).evaluate(2)
"""
    _, said = run_python(code, tmp_path)
    assert said.count("HalfCheetah-v4 is out of date") == 1
    assert said.count("settotalmass") <= 1
    assert list(tmp_path.iterdir()) == []


def test_workers_do_not_say_it_again(tmp_path):
    skip_without("gymnasium")
    skip_without("mujoco")
    (tmp_path / "main.py").write_text("""
from ember_ml import es
if __name__ == "__main__":
    es.train("HalfCheetah-v4", generations=1, seed=0, max_steps=3, workers=2, progress=False)
""")
    code = "import runpy, sys; sys.argv = ['main.py']; runpy.run_path('main.py', run_name='__main__')"
    _, said = run_python(code, tmp_path)
    assert said.count("is out of date") == 1 and said.count("settotalmass") <= 1
    assert [path.name for path in tmp_path.iterdir()] == ["main.py"]


def test_a_mujoco_handler_of_the_user_stands(tmp_path):
    skip_without("gymnasium")
    skip_without("mujoco")
    code = """
import mujoco
def mine(text): pass
mujoco.set_mju_user_warning(mine)
from ember_ml import envs
envs.make("Hopper-v5")
assert mujoco.get_mju_user_warning() is mine
"""
    run_python(code, tmp_path)


def test_a_picture_needs_no_screen_and_does_not_complain(tmp_path):
    for package in ("gymnasium", "pygame", "PIL"):
        skip_without(package)
    code = """
import os
from ember_ml import es
run = es.train("CartPole-v1", generations=1, seed=0, progress=False)
run.animate("a.gif")
assert "SDL_VIDEODRIVER" not in os.environ
"""
    _, said = run_python(code, tmp_path)
    assert "XDG" not in said and "ALSA" not in said
