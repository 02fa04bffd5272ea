"""A robot of the user's own: functions that name what they see, compiled, one result on any threads."""

import math

import numpy as np
import pytest
from conftest import skip_without
from ember_ml import envs, es
from ember_ml.envs.spec import EnvSpec
from ember_ml.errors import EvaluationError

skip_without("mujoco")
skip_without("numba")
import mujoco  # noqa: E402

ARM = """
<mujoco><option timestep="0.01"/><size nuserdata="1"/><worldbody>
  <body><joint name="shoulder" type="hinge" axis="0 1 0" damping="0.1"/>
    <geom type="capsule" fromto="0 0 0 0.3 0 0" size="0.02" mass="1"/>
    <body pos="0.3 0 0"><joint name="elbow" type="hinge" axis="0 1 0" damping="0.1"/>
      <geom type="capsule" fromto="0 0 0 0.3 0 0" size="0.02" mass="0.5"/><site name="tip" pos="0.3 0 0"/>
    </body></body>
  <body mocap="true" pos="0.3 0 0.3"><geom type="sphere" size="0.03" contype="0" conaffinity="0"/></body>
</worldbody><actuator>
  <motor joint="shoulder" ctrlrange="-1 1" gear="5"/><motor joint="elbow" ctrlrange="-2 1" gear="3"/>
</actuator></mujoco>
"""
SIZES = {"model": ARM, "frame_skip": 2, "observation_size": 7, "max_steps": 30}


class Arm:
    def reset(qpos, mocap_pos, userdata, body_mass, rng):
        angle = envs.uniform(rng, -math.pi, math.pi)
        mocap_pos[0, 0] = 0.4 * math.cos(angle)
        mocap_pos[0, 2] = 0.4 * math.sin(angle)
        qpos[0] = envs.uniform(rng, -0.1, 0.1)
        body_mass[1] *= envs.uniform(rng, 0.5, 1.5)
        userdata[0] = body_mass[1]

    def control(action, userdata, ctrl):
        ctrl[0] = action[0]
        ctrl[1] = 0.5 * action[1]

    def observe(qpos, qvel, mocap_pos, userdata, observation):
        observation[0:2] = qpos
        observation[2:4] = qvel
        observation[4] = mocap_pos[0, 0]
        observation[5] = mocap_pos[0, 2]
        observation[6] = userdata[0]

    def reward(site_xpos, mocap_pos, action, time):
        across = site_xpos[0] - mocap_pos[0]
        return -math.sqrt(across[0] ** 2 + across[2] ** 2) - 0.001 * action[0] ** 2 + time

    def terminated(qpos):
        return abs(qpos[1]) > 2.0


@pytest.fixture(scope="module")
def arm():
    return envs.mujoco(**SIZES, action_size=2, randomize=("body_mass",))(Arm)


def trained(env, threads, generations=3, **options):
    made = es.Trainer(env, (8,), seed=3, threads=threads, generations=generations, progress=False, **options)
    made.run()
    return made


def test_what_it_becomes(arm):
    assert isinstance(arm, EnvSpec)
    assert (arm.observation_size, arm.action_size, arm.max_steps) == (7, 2, 30)
    assert arm.action_low is None  # control makes ctrl of the action, so its range is not the model's


def test_the_result_is_one(arm, tmp_path):
    first = trained(arm, 1)
    for threads in (2, 3, 8):
        assert np.array_equal(trained(arm, threads).theta, first.theta)
    half = es.Trainer(arm, (8,), seed=3, threads=2, generations=3, progress=False)
    half.step()
    half.save(tmp_path / "half.npz")
    resumed = es.Trainer.load(tmp_path / "half.npz", env=arm, progress=False)
    resumed.run()
    assert np.array_equal(resumed.theta, first.theta)
    assert first.choice.name == "native"


def test_each_episode_begins_with_the_model_as_it_was_compiled(arm):
    """The mass is drawn anew each time, from the model's own and never from the last episode's."""
    from ember_ml.envs.abi import CustomLanes

    opened = arm.opener(1)
    lanes = CustomLanes(arm, 1, address=opened.address)
    own = mujoco.MjModel.from_xml_string(ARM).body_mass[1]
    masses = [lanes.reset([0], [seed])[0][6] / own for seed in (1, 2, 3, 1)]
    assert masses[0] == masses[3]
    assert len(set(masses)) == 3
    assert all(0.5 <= mass <= 1.5 for mass in masses)
    lanes.close()


def test_python_steps_the_same(arm):
    """The same numbers by Python's own mujoco, model changes included."""
    from ember_ml.envs.abi import CustomLanes

    opened = arm.opener(1)
    lanes = CustomLanes(arm, 1, address=opened.address)
    env = arm.twin()
    random = np.random.default_rng(0)
    for seed in range(5):
        native, (python, _) = lanes.reset([0], [seed])[0], env.reset(seed=seed)
        np.testing.assert_allclose(native, python, rtol=1e-6, atol=1e-7)
        for _ in range(arm.max_steps):
            action = random.uniform(-1, 1, 2).astype(np.float32)
            seen, reward, over, _, _ = env.step(action)
            answer = lanes.step([0], action[None])
            np.testing.assert_allclose(answer[0][0], seen, rtol=1e-6, atol=1e-7)
            assert answer[1][0] == pytest.approx(reward, rel=1e-6)
            assert answer[2][0] == over
            if over:
                break
    lanes.close()


def test_the_python_engine_plays_it_too(arm):
    made = trained(arm, None, generations=1, engine="python")
    assert made.choice.name == "python"
    assert math.isfinite(made.history[0]["policy_return"])


def wrong(match, error=ValueError, **changes):
    functions = {name: value for name, value in vars(Arm).items() if not name.startswith("__")}
    options = {**SIZES, "action_size": 2, "randomize": ("body_mass",)}
    for key, value in changes.items():
        (functions if callable(value) or key in functions else options)[key] = value
    functions = {name: value for name, value in functions.items() if value is not None}
    with pytest.raises(error, match=match):
        envs.mujoco(**options)(type("Arm", (), functions))


def test_mistakes_are_named(tmp_path):
    wrong(
        r"Arm.reset names 'qposs', which is not there in mjData; did you mean 'qpos'",
        reset=lambda qposs: None,
    )
    wrong(r"no function reward", reward=None)
    wrong(r"observe does not name observation", observe=lambda qpos: None)
    wrong(r"reward returned nan at step 1", reward=lambda qpos: math.nan)
    wrong(r"terminated returned 1 at step 1", terminated=lambda qpos: 1)
    wrong(r"observation\[6\] unwritten", observe=lambda observation: observation[:6].fill(0.0))
    wrong(r"reset returned 3", reset=lambda qpos, body_mass: 3)
    wrong(r"reward names body_mass; only reset may change the model", reward=lambda body_mass: 0.0)
    wrong(r"which is not a float64 array", reset=lambda contact: None)
    wrong(r"randomize names 'body_maß'", randomize=("body_maß",))
    wrong(r"reward raised IndexError at step 1", reward=lambda qpos: qpos[7])
    wrong(r"the text does not compile", model="<mujoco><worldbody><geom/></worldbody></mujoco>")
    wrong(r"there is no file", FileNotFoundError, model=str(tmp_path / "none.xml"))
    wrong(r"model: got int", TypeError, model=3)
    wrong(r"has 2 controls", control=None, action_size=3)
    wrong(r"observation_size", observation_size=0)
    wrong(r"observe names 'geom_size'.*for reset alone", observe=lambda geom_size, observation: None)
    wrong(r"names 'efc_force', which has another place", reward=lambda efc_force: 0.0)
    wrong(
        r"randomize names 'dof_damping', which Arm.reset does not name",
        randomize=("body_mass", "dof_damping"),
    )
    wrong(r"randomize: got \(3,\)", TypeError, randomize=(3,))
    wrong(r"action_low is nan; wanted numbers", action_low=math.nan)
    with pytest.raises(TypeError, match="wanted a class of functions"):
        envs.mujoco(**SIZES)(3)


@pytest.mark.parametrize(
    ("mass", "match"),
    [(0.0, "MuJoCo reports at step 0 of the episode of seed 0.*0 mass"), (-1.0, "diverges within")],
)
def test_models_that_reset_spoils_are_named(mass, match):
    ball = (
        '<mujoco><worldbody><body><joint name="x" type="slide"/><geom size="1" mass="1"/></body></worldbody>'
        '<actuator><motor joint="x"/></actuator></mujoco>'
    )

    class Ball:
        def reset(body_mass):
            body_mass[1] = mass

        def observe(qpos, observation):
            observation[0] = qpos[0]

        def reward(qpos):
            return 0.0

    with pytest.raises(ValueError, match=match):
        envs.mujoco(model=ball, observation_size=1, max_steps=30, randomize=("body_mass",))(Ball)


def late(qpos, time):
    return 0.0 if time < 0.5 else qpos[7]


def nan(time):
    return 0.0 if time < 0.5 else math.nan


@pytest.mark.parametrize("reward", [late, nan])
def test_what_goes_wrong_in_a_compiled_function_is_an_error(reward):
    """It shows only after the checked run, so it cannot be found before."""

    def reset(qpos, rng):
        qpos[0] = 0.0

    def observe(qpos, observation):
        observation[:] = 0.0

    functions = {"reset": reset, "observe": observe, "reward": reward}
    env = envs.mujoco(**{**SIZES, "max_steps": 60})(type("Late", (), functions))
    assert env.action_low.tolist() == [-1.0, -2.0]
    with pytest.raises(EvaluationError, match="reported an error"):
        trained(env, 2)
    made = trained(env, 2, generations=1, on_error="rank_last")
    assert made.history[0]["failed"] == 32
