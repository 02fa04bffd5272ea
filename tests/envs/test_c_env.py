"""C environments: the worked example, and one clear error for each thing that can be wrong."""

from __future__ import annotations

import math
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from ember_ml import envs, es
from ember_ml.envs.abi import CustomLanes

EXAMPLE = Path(__file__).parents[2] / "examples" / "my_env.c"

pytestmark = pytest.mark.skipif(
    not any(shutil.which(name) for name in ("cc", "gcc", "clang")), reason="no C compiler"
)

SOURCE = """
#include "ember_env.h"
#include <string.h>
typedef struct {{ double x; }} S;
static void reset(void* c, int32_t n, void* s, const uint64_t* k, float* o) {{
  S* p = s; for (int i = 0; i < n; ++i) {{ p[i].x = (double)(k[i] % 7); o[i] = (float)p[i].x; }}
  {reset}
}}
static void step(void* c, int32_t n, void* s, const float* a, float* o, float* r, uint8_t* f) {{
  S* p = s; for (int i = 0; i < n; ++i) {{ p[i].x += a[i]; o[i] = (float)p[i].x; r[i] = 1; f[i] = p[i].x > 9;
  }} {step}
}}
static float low = -1, high = 1, nan_bound = 0.0f / 0.0f;
static ember_env env = {{
  .abi_version = EMBER_ENV_ABI, .struct_size = sizeof(ember_env), .name = "Line", .state_size = sizeof(S),
  .observation_size = 1, .action_size = 1, .max_steps = 20, .action_low = &low, .action_high = &high,
  .reset = reset, .step = step, {fields} }};
{export}
"""
EXPORT = "const ember_env* ember_env_get(void) { return &env; }"


def build(tmp_path, fields="", export=EXPORT, reset="", step=""):
    source = tmp_path / "line.c"
    source.write_text(SOURCE.format(fields=fields, export=export, reset=reset, step=step))
    return envs.compile(source, flags=["-Wno-override-init", "-Wno-initializer-overrides"])


def test_libraries_stand_behind_the_source_that_needs_them(tmp_path):
    (tmp_path / "bonus.c").write_text("float bonus(void) { return 2.0f; }")
    subprocess.run(
        ["cc", "-fPIC", "-c", "bonus.c", "-o", "bonus.o"], cwd=tmp_path, check=True, capture_output=True
    )
    subprocess.run(["ar", "rcs", "libbonus.a", "bonus.o"], cwd=tmp_path, check=True, capture_output=True)
    source = tmp_path / "line.c"
    text = SOURCE.format(fields="", export=EXPORT, reset="", step="r[0] = bonus();")
    source.write_text(text.replace("typedef struct", "float bonus(void); typedef struct", 1))
    folder = f"-L{tmp_path}"
    for flags in (
        [folder, "-lbonus"],
        ["-lbonus", folder],
        [str(tmp_path / "libbonus.a")],
        [str(tmp_path / "bonus.o")],
        [folder, "-Wl,-Bstatic", "-lbonus", "-Wl,-Bdynamic"],
    ):
        lanes = CustomLanes(envs.compile(source, flags=["-Wno-override-init", *flags]), 1)
        lanes.reset([0], [1])
        assert lanes.step([0], np.zeros((1, 1), np.float32))[1] == [2.0], flags


def test_the_worked_example_is_a_pendulum():
    spec = envs.compile(EXAMPLE)
    assert (spec.name, spec.kind, spec.observation_size, spec.action_size) == ("MyPendulum", "custom", 3, 1)
    assert spec.max_steps == 200 and spec.action_low.tolist() == [-2.0] and not spec.restorable
    assert envs.make(spec) is spec
    lanes = CustomLanes(spec, 8)
    observations = lanes.reset(range(8), list(range(8)))
    assert len(np.unique(observations[:, 2])) == 8 and (np.abs(observations[:, 2]) <= 1).all()
    cosine, sine, speed = observations.astype(float).T
    angle = np.arctan2(sine, cosine)
    for number in range(5):
        torque = np.linspace(-3, 3, 8) * (1 - 0.3 * number)
        held = np.clip(torque, -2, 2)
        cost = ((angle + math.pi) % (2 * math.pi) - math.pi) ** 2 + 0.1 * speed**2 + 0.001 * held**2
        speed = np.clip(speed + (15 * np.sin(angle) + 3 * held) * 0.05, -8, 8)
        angle = angle + speed * 0.05
        actions = torque[:, None].astype(np.float32)
        observations, rewards, terminated, truncated = lanes.step(range(8), actions)
        np.testing.assert_allclose(rewards, -cost, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(observations[:, 2], speed, rtol=1e-5, atol=1e-5)
        assert not terminated.any() and not truncated.any()


def test_lanes_may_be_stepped_in_any_subset(tmp_path):
    spec = build(tmp_path)
    lanes = CustomLanes(spec, 4)
    assert lanes.reset([2, 0], [3, 5]).tolist() == [[3.0], [5.0]]
    lanes.reset([1], [6])
    assert lanes.step([0, 1], np.array([[1.0], [4.0]], np.float32))[0].tolist() == [[6.0], [10.0]]
    observations, _, terminated, _ = lanes.step([1, 2], np.array([[0.0], [0.5]], np.float32))
    assert observations.tolist() == [[10.0], [3.5]] and terminated.tolist() == [True, False]


def test_a_library_can_be_kept_and_loaded(tmp_path):
    kept = tmp_path / "libmy.so"
    envs.compile(EXAMPLE, output=kept)
    assert envs.load(kept).name == "MyPendulum"
    envs.compile(EXAMPLE, output=kept)
    assert [p.name for p in tmp_path.iterdir()] == ["libmy.so"]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"fields": ".abi_version = 2"}, r"line.c: written for version 2 of ember_env.h, this package has"),
        ({"fields": ".struct_size = 16"}, r"is 16, an ember_env of version 1 has at least \d+ bytes"),
        ({"export": ""}, r"exports no function ember_env_get"),
        ({"export": "void* ember_env_get(void) { return 0; }"}, r"ember_env_get returned NULL"),
        ({"fields": ".observation_size = 0"}, r"observation_size is 0; wanted 1 to"),
        ({"fields": ".action_size = 1u << 30"}, r"action_size is 1073741824; wanted 1 to"),
        ({"fields": ".max_steps = 0"}, r"max_steps is 0; wanted 1 to"),
        ({"fields": ".discrete = 2"}, r"discrete is 2; wanted 0 or 1"),
        ({"fields": ".discrete = 1"}, r"action_size is 1; a discrete action has at least 2 choices"),
        ({"fields": ".step = 0"}, r"the function step is NULL"),
        ({"fields": ".action_low = &nan_bound"}, r"a bound of the actions is NaN"),
        ({"fields": ".action_low = &high, .action_high = &low"}, r"action_low is above action_high"),
        ({"fields": ".name = \"\\xff\""}, r"name is not UTF-8"),
        ({"fields": ".state_size = 4"}, r"reset wrote past the end of its 4-byte states"),
        ({"step": "o[n] = 1;"}, r"step wrote past the end"),
        ({"fields": ".observation_size = 2"}, r"reset left a value of the observation unwritten"),
        ({"step": "r[0] = 0.0f / 0.0f;"}, r"step left a value of the reward unwritten or nan"),
        ({"step": "f[1] = EMBER_ERROR;"}, r"step set the flag EMBER_ERROR"),
        ({"reset": "static int g; o[0] = (float)(++g + 9);"}, r"two resets with the same seed"),
    ],
)  # fmt: skip
def test_mistakes(tmp_path, changes, text):
    with pytest.raises(ValueError, match=text):
        build(tmp_path, **changes)


def test_files_that_are_no_library(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such library"):
        envs.load(tmp_path / "none.so")
    with pytest.raises(FileNotFoundError, match="no such source file"):
        envs.compile(tmp_path / "none.c")
    text = tmp_path / "text.so"
    text.write_text("hello")
    with pytest.raises(ValueError, match=r"text.so: it cannot be loaded as a library"):
        envs.load(text)


def test_compiler_errors(tmp_path, monkeypatch):
    source = tmp_path / "wrong.c"
    source.write_text("int main( {")
    with pytest.raises(RuntimeError, match=r"wrong.c does not compile .*\n.*error"):
        envs.compile(source)
    with pytest.raises(RuntimeError, match="the compiler 'no-such-cc' is not there"):
        envs.compile(source, compiler="no-such-cc")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    with pytest.raises(RuntimeError, match=r"no C compiler found \(looked for \$CC, cc, gcc, clang\)"):
        envs.compile(source)


def test_the_header_is_found():
    assert (Path(envs.include_dir()) / "ember_env.h").is_file()


OPENED = """
#include "ember_env.h"
typedef struct { float x; int opened; } place;
static place places[64];
static int taken = 0, given_back = 0;
static void* open_one(void* context) { return &places[__sync_fetch_and_add(&taken, 1) % 64]; }
static void close_one(void* opened) { __sync_fetch_and_add(&given_back, 1); }
static void reset(void* opened, int32_t lanes, void* states, const uint64_t* seeds, float* observations) {
  uint64_t seed = seeds[0];
  ((place*)opened)->x = ember_uniform(&seed);
  observations[0] = lanes == 1 ? ((place*)opened)->x : 1e30f;
}
static void step(void* opened, int32_t lanes, void* states, const float* actions, float* observations,
                 float* rewards, uint8_t* flags) {
  place* p = (place*)opened;
  p->x += 0.1f * actions[0];
  observations[0] = p->x;
  rewards[0] = lanes == 1 ? -p->x * p->x : -1e30f;
  flags[0] = 0;
}
static ember_env env = {EMBER_ENV_ABI, sizeof(ember_env), "Opened", 0, 1, 1, 0, 20, 0, 0, 0, reset, step,
                        open_one, close_one, 1};
const ember_env* ember_env_get(void) { return &env; }
int opened_now(void) { return taken - given_back; }
int opened_ever(void) { return taken; }
"""


def test_a_thread_opens_what_its_episodes_lie_in_and_closes_it(tmp_path):
    import ctypes

    source = tmp_path / "opened.c"
    source.write_text(OPENED)
    spec = envs.compile(source)
    results = []
    for options in ({"threads": 1}, {"threads": 3}, {"engine": "python"}, {"layout": "members"}):
        trainer = es.Trainer(spec, (), seed=0, generations=3, progress=False, **options)
        trainer.run()
        trainer.close()
        results.append(trainer.theta)
    for theta in results[1:]:
        np.testing.assert_array_equal(theta, results[0])
    library = ctypes.CDLL(spec.keepalive._name)
    assert library.opened_ever() > 0
    assert library.opened_now() == 0


@pytest.mark.parametrize(
    ("end", "match"), [("0, close_one, 1", "come together"), ("0, 0, 1", "one_at_a_time needs open")]
)
def test_what_is_opened_is_declared_whole(tmp_path, end, match):
    source = tmp_path / "opened.c"
    source.write_text(OPENED.replace("open_one, close_one, 1}", end + "}"))
    with pytest.raises(ValueError, match=match):
        envs.compile(source)
