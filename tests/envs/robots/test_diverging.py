"""A simulation that diverges means the same on every engine; MuJoCo's messages about it are not printed."""

import warnings

import numpy as np
import pytest
from conftest import skip_without
from ember_ml import envs, es
from ember_ml.envs.adapters import Adapter
from ember_ml.envs.simulation import Diverged

skip_without("mujoco")
import mujoco  # noqa: E402

# A spring this stiff blows up within a few steps.
SPRING = """<mujoco><option timestep="0.01" integrator="Euler"/><worldbody>
<body><joint name="slide" type="slide" axis="1 0 0"/><geom size="0.1" mass="1"/>
<body pos="0 0 1"><joint type="slide" axis="1 0 0" stiffness="1e8"/><geom size="0.1" mass="1e-3"/>
</body></body></worldbody>
<actuator><motor joint="slide" ctrlrange="-1 1" ctrllimited="true" gear="1e9"/></actuator></mujoco>"""

# A motor that pushes the faster the faster it goes: it takes some hundred steps.
RUNAWAY = """<mujoco><option timestep="0.01" integrator="Euler"/><worldbody><body>
<joint name="slide" type="slide" axis="1 0 0" stiffness="100"/><geom size="0.1" mass="1"/></body></worldbody>
<actuator><velocity joint="slide" kv="-30"/></actuator></mujoco>"""


def record_of(env, engine, **options):
    made = es.Trainer(
        env,
        (),
        es.ARS(directions=3, sigma=0.03),
        engine=engine,
        seed=7,
        generations=1,
        progress=False,
        **options,
    )
    record = made.step()
    assert np.isfinite(made.theta).all()
    assert np.isfinite(made.observations.normalizer.mean).all()
    return record


@pytest.fixture
def spring(tmp_path, monkeypatch):
    skip_without("gymnasium")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spring.xml").write_text(SPRING)
    return envs.make("HalfCheetah-v5", xml_file=str(tmp_path / "spring.xml"), frame_skip=5)


@pytest.mark.parametrize("workers", [None, 2])
def test_gymnasiums_tasks_fail_alike_on_both_engines(spring, workers, tmp_path, capfd):
    native = record_of(spring, "native", max_steps=200)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # that workers have no effect would be wrong
        python = record_of(spring, "python", max_steps=200, workers=workers)
    assert native["failed"] == python["failed"] == 6
    assert native["steps"] == python["steps"] < 7 * 200
    assert native["policy_return"] == python["policy_return"] == -np.inf
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.glob("MUJOCO*")) == []  # the log that MuJoCo writes


def test_a_robot_fails_alike_on_both_engines(tmp_path, monkeypatch, capfd):
    skip_without("numba")
    monkeypatch.chdir(tmp_path)

    class Runaway:
        def reset(qpos):
            qpos[0] = 0.01

        def observe(qpos, qvel, observation):
            observation[0], observation[1] = qpos[0], qvel[0]

        def reward(qpos):
            return 1.0

    model = mujoco.MjModel.from_xml_string(RUNAWAY)
    env = envs.mujoco(model=model, observation_size=2, max_steps=400)(Runaway)
    native, python = (record_of(env, engine) for engine in ("native", "python"))
    for key in ("failed", "steps", "policy_return"):
        assert native[key] == python[key]
    assert native["failed"] == 6
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


def test_the_checked_run_of_a_robot_that_diverges_prints_nothing(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    skip_without("numba")

    class Spring:
        def reset(qpos):
            qpos[1] = 0.1

        def observe(qpos, observation):
            observation[0] = qpos[0]

        def reward(qpos):
            return 0.0

    model = mujoco.MjModel.from_xml_string(SPRING)
    with pytest.raises(ValueError, match="diverges within 20 steps"):
        envs.mujoco(model=model, observation_size=1, max_steps=30)(Spring)
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


class Own:
    """A user's environment around a simulation that it never sets back itself."""

    observation_size, action_size = 1, 1

    def __init__(self):
        self.model = mujoco.MjModel.from_xml_string(RUNAWAY)
        self.data = mujoco.MjData(self.model)
        self.fail = None

    def reset(self, seed=None):
        self.data.qpos[0], self.data.qvel[0] = 0.01, 0.0
        return self.data.qpos.copy()

    def step(self, action):
        if self.fail:
            raise self.fail
        mujoco.mj_step(self.model, self.data, nstep=2000)
        return self.data.qpos.copy(), 0.0, False, {}


def test_only_what_was_counted_in_an_episode_is_its_own():
    env = Own()
    adapter = Adapter(env, observation_size=1)
    adapter.watch()
    adapter.reset(0)
    env.model.actuator_biasprm[0, 2] = 30.0  # pushes
    with pytest.raises(Diverged):
        adapter.step(np.zeros(1, np.float32))
    adapter.reset(0)
    env.model.actuator_biasprm[0, 2] = 0.0
    adapter.step(np.zeros(1, np.float32))


def test_what_the_environment_raises_itself_stays_its_own():
    env = Own()
    adapter = Adapter(env, observation_size=1)
    adapter.watch()
    adapter.reset(0)
    env.fail = KeyError("mine")
    with pytest.raises(KeyError, match="mine"):
        adapter.step(np.zeros(1, np.float32))
    env.fail = mujoco.FatalError("mj_factorM: rank-deficient")
    with pytest.raises(Diverged, match="rank-deficient"):
        adapter.step(np.zeros(1, np.float32))
