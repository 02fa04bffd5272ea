"""Training on MuJoCo's tasks: one result, whatever plays it; failures counted; gymnasium's own on request."""

import ctypes
import hashlib
import os
import re

import numpy as np
import pytest
from conftest import skip_without
from ember_ml import _core, envs, es
from ember_ml.envs.robots.library import entry_points
from ember_ml.es.files import checkpoint

skip_without("gymnasium")
skip_without("mujoco")
import mujoco  # noqa: E402
from simd_levels import digest_at  # noqa: E402

TASKS = ["Swimmer-v5", "Hopper-v5", "HalfCheetah-v5", "Walker2d-v5", "Ant-v5", "Humanoid-v5"]


def trainer(name, threads=None, policy=(), **options):
    strategy = es.ARS(directions=3, top=2, sigma=0.03, learning_rate=0.02)
    options = {"seed": 7, "generations": 4, "max_steps": 40, "progress": False, **options}
    return es.Trainer(name, policy, strategy, threads=threads, **options)


@pytest.mark.parametrize("name", TASKS)
def test_the_result_is_one(name, tmp_path):
    runs = [trainer(name, threads) for threads in (1, 2, 3, 8)]
    thetas = [t.run().theta for t in runs]
    stepped = trainer(name, 2)
    for _ in range(2):
        stepped.step()
    stepped.save(tmp_path / "half.npz")
    resumed = es.Trainer.load(tmp_path / "half.npz", progress=False)
    assert resumed.choice.name == "native"
    thetas.append(resumed.run().theta)
    for theta in thetas[1:]:
        assert np.array_equal(theta, thetas[0])
    returns = {t.history["policy_return"].tobytes() for t in (*runs, resumed)}
    assert len(returns) == 1


def digest():
    made = trainer("HalfCheetah-v5", policy=(8,))
    made.run()
    level = re.search(r"engine: native; native, (\w+):", made.explain())[1]
    return f"{level} {hashlib.sha256(made.theta.tobytes()).hexdigest()}"


def test_simulations_keep_the_clock_up_and_every_level_gives_the_same():
    """Multiply-adds of 512 bits would slow MuJoCo down, so AVX2 plays; a level asked for is obeyed."""
    played = {level: digest_at(level, __file__).split() for level in ("", *_core.simd_levels())}
    best = os.environ.get("EMBER_SIMD") or _core.simd_levels()[-1]
    assert played.pop("")[0] == ("avx2" if best == "avx512" else best)
    for level, (name, theta) in played.items():
        assert (name, theta) == (level, played["base"][1])


def test_the_native_engine_is_chosen_and_said():
    text = trainer("HalfCheetah-v5").explain()
    assert "MuJoCo, in native threads" in text
    assert "native" in trainer("HalfCheetah-v5").choice.name


def test_short_episodes_of_a_small_policy_are_worth_threads():
    """Their physics is what costs, and the layout's own arithmetic is next to nothing."""
    made = trainer("Hopper-v5", 2, max_steps=5)
    made.step()
    assert "2 threads" in made.explain()


def test_gymnasiums_own_environment_on_the_python_engine():
    made = trainer("Swimmer-v5", engine="python", max_steps=10)
    assert made.choice.name == "python"
    record = made.step()
    assert record["steps"] == (6 * 2 + 1) * 10


def test_both_engines_return_the_same_from_the_same_start():
    """Without noise at the start every episode of one policy is the same."""
    spec = envs.make("HalfCheetah-v5", reset_noise_scale=0.0)
    native = trainer(spec, policy=(8,), max_steps=25).evaluate(2)
    python = trainer(spec, policy=(8,), max_steps=25, engine="python").evaluate(2)
    assert native.returns[0] == native.returns[1]
    np.testing.assert_allclose(native.returns, python.returns, rtol=1e-4)


@pytest.mark.parametrize("policy", [(), (16, 16)], ids=["linear", "16-16"])
def test_an_evaluation_is_one_result_on_any_number_of_threads(policy):
    """Its episodes are handed out one by one; each is that of its number, however many there are."""
    made = [trainer("Walker2d-v5", threads, policy, generations=1) for threads in (1, 2, 3, 8)]
    results = [one.run().evaluate(7) for one in made] + [made[1].evaluate(7)]
    for other in results[1:]:
        np.testing.assert_array_equal(other.returns, results[0].returns)
        np.testing.assert_array_equal(other.lengths, results[0].lengths)
    np.testing.assert_array_equal(made[1].evaluate(3).returns, results[0].returns[:3])
    assert len(set(results[0].returns)) == 7


def test_a_simulation_that_diverges_ranks_last_and_is_counted(tmp_path, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # A spring this stiff blows up within a few steps.
    (tmp_path / "spring.xml").write_text(
        """<mujoco><option timestep="0.01" integrator="Euler"/><worldbody>
        <body><joint name="slide" type="slide" axis="1 0 0"/><geom size="0.1" mass="1"/>
        <body pos="0 0 1"><joint type="slide" axis="1 0 0" stiffness="1e8"/><geom size="0.1" mass="1e-3"/>
        </body></body></worldbody>
        <actuator><motor joint="slide" ctrlrange="-1 1" ctrllimited="true" gear="1e9"/></actuator></mujoco>"""
    )
    spec = envs.make("HalfCheetah-v5", xml_file=str(tmp_path / "spring.xml"), frame_skip=5)
    made = trainer(spec, max_steps=200)
    record = made.step()
    assert record["failed"] == 6 * 1
    assert record["steps"] < 7 * 200
    assert np.isfinite(made.theta).all()
    assert np.isfinite(made.observations.normalizer.mean).all()
    assert capfd.readouterr() == ("", "")
    assert not (tmp_path / "MUJOCO_LOG.TXT").exists()


def test_every_file_tells_the_version(tmp_path):
    made = trainer("Swimmer-v5")
    made.step()
    made.save(tmp_path / "run.npz")
    config, _ = checkpoint.read(tmp_path / "run.npz")
    assert config["versions"]["mujoco"] == mujoco.__version__


def other_version(path, version="3.1.0"):
    """The file as another version of mujoco would have written it."""
    config, arrays = checkpoint.read(path)
    config["versions"]["mujoco"] = version
    checkpoint.write(path, config, arrays)


@pytest.mark.parametrize("load", [es.load, es.Trainer.load], ids=["load", "Trainer.load"])
def test_another_version_is_said(load, tmp_path, recwarn):
    made = trainer("Swimmer-v5")
    made.step()
    made.save(tmp_path / "run.npz")
    load(tmp_path / "run.npz")
    assert not [w for w in recwarn if "mujoco" in str(w.message)]
    other_version(tmp_path / "run.npz")
    both = f"trained with mujoco '3.1.0', and here is mujoco {mujoco.__version__}"
    with pytest.warns(UserWarning, match=both):
        load(tmp_path / "run.npz")


def test_other_environments_do_not_ask_for_a_version(tmp_path, recwarn):
    made = trainer("CartPole-v1", engine="python")
    made.step()
    made.save(tmp_path / "run.npz")
    other_version(tmp_path / "run.npz")
    es.load(tmp_path / "run.npz")
    assert not [w for w in recwarn if "mujoco" in str(w.message)]


def timed():
    """Seconds that MuJoCo's clock saw one step of a simulation of the user's take."""
    model = mujoco.MjModel.from_xml_string('<mujoco><worldbody><geom size="1"/></worldbody></mujoco>')
    data = mujoco.MjData(model)
    mujoco.mj_step(model, data)
    return data.timer[mujoco.mjtTimer.mjTIMER_STEP].duration


def test_mujocos_clock_stands_only_while_native_threads_play():
    seen = []

    class Look(es.Callback):
        def on_generation(self, trainer):
            seen.append(timed())

    assert timed() > 0
    trainer("Swimmer-v5", 2).run()
    es.train("Swimmer-v5", generations=2, max_steps=5, seed=0, callbacks=Look(), progress=False)
    assert len(seen) == 2 and min(seen) > 0
    assert timed() > 0


def test_a_clock_of_the_users_is_not_read_and_kept():
    clock = ctypes.c_void_p.from_address(entry_points()["mjcb_time"])
    former, read = clock.value, []
    mujoco.set_mjcb_time(lambda: read.append(1) or 7.0)
    try:
        made = trainer("Swimmer-v5", 2)
        read.clear()  # the compiler of the model takes the time too
        made.run()
        assert read == [] and mujoco.get_mjcb_time() is not None
        timed()
        assert read
    finally:
        mujoco.set_mjcb_time(None)
        clock.value = former
