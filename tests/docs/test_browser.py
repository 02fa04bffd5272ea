"""The page that trains in a browser (docs/browser): the presets' settings, and the native core's bits."""

from __future__ import annotations

import json
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest
from ember_ml import es
from ember_ml.es import presets

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "browser"

#: Trains everything that settings.js lists, without a page, and prints the digests.
_NODE = """
const {readFileSync} = require("fs"), {webcrypto} = require("crypto");
const read = (name) => readFileSync(`${process.argv[2]}/${name}`, "utf8");
const page = read("page.js").replace(/\\nmain\\(\\);/, "");
const code = readFileSync(process.argv[3], "utf8") + read("settings.js") + page;
const {load, begin, digest, TRAININGS} = new Function("require", "process", "__dirname", "crypto",
  code + "; return {load, begin, digest, TRAININGS}")(require, process, "", webcrypto);
load().then(async (core) => {
  const found = {};
  for (const training of TRAININGS) {
    begin(core, training, 3);
    core._ember_run(10);
    const steps = [];
    for (let start = 0; start < 2; ++start) {
      core._ember_watch(start);
      let count = 1;
      while (core._ember_watch_step() === 1) ++count;
      steps.push(count);
    }
    found[training.env] = [await digest(core), steps];
  }
  console.log(JSON.stringify(found));
});
"""


def test_the_pages_settings_are_the_presets() -> None:
    maker = runpy.run_path(str(PAGE / "settings.py"))
    assert (PAGE / "settings.js").read_text() == maker["text"]()


def test_the_core_in_webassembly_trains_to_the_same_digests(tmp_path: Path) -> None:
    for program in ("em++", "node"):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}")
    core, script = tmp_path / "ember.js", tmp_path / "train.js"
    subprocess.run([str(ROOT / "cpp" / "browser" / "build.sh"), str(core)], check=True, capture_output=True)
    script.write_text(_NODE)
    page = sum(file.stat().st_size for file in PAGE.iterdir() if file.suffix in (".html", ".css", ".js"))
    assert page + core.stat().st_size < 2_000_000
    done = subprocess.run(
        ["node", str(script), str(PAGE), str(core)], check=True, capture_output=True, text=True
    )
    found = json.loads(done.stdout)
    assert sorted(found) == ["Acrobot-v1", "CartPole-v1", "MountainCar-v0"]
    for env, (digest, steps) in found.items():
        trainer = es.Trainer(**{**_preset(env), "seed": 3})
        assert digest == trainer.run(10).digest, env
        assert all(0 < count <= 500 for count in steps)


def _preset(env: str) -> dict[str, object]:
    chosen = presets.find("auto", env)[0]
    return {
        "env": env,
        "policy": chosen.policy,
        "strategy": chosen.strategy(),
        "generations": chosen.generations,
        "progress": False,
        **chosen.options,
    }
