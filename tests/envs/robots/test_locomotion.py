"""gymnasium's MuJoCo tasks in the core: equal to gymnasium's own, number by number."""

import numpy as np
import pytest
from ember_ml import envs

gymnasium = pytest.importorskip("gymnasium")
pytest.importorskip("mujoco")

TASKS = ["Swimmer-v5", "Hopper-v5", "HalfCheetah-v5", "Walker2d-v5", "Ant-v5", "Humanoid-v5"]
INFO = ["x_velocity", "y_velocity", "reward_forward", "reward_ctrl", "reward_contact", "reward_survive"]
CHANGED = [
    ("Swimmer-v5", {"forward_reward_weight": 2.5, "ctrl_cost_weight": 0.3, "frame_skip": 2}),
    ("Swimmer-v5", {"exclude_current_positions_from_observation": False}),
    ("Hopper-v5", {"healthy_z_range": (0.9, 1.4), "healthy_angle_range": (-0.05, 0.1), "healthy_reward": 3}),
    ("Hopper-v5", {"healthy_state_range": (-2.0, 1.5), "ctrl_cost_weight": 1}),
    ("Hopper-v5", {"terminate_when_unhealthy": False, "exclude_current_positions_from_observation": False}),
    ("HalfCheetah-v5", {"frame_skip": 3, "ctrl_cost_weight": 0.7, "reset_noise_scale": 0.5}),
    ("Walker2d-v5", {"healthy_z_range": (1.0, 1.5), "healthy_angle_range": (-0.3, 0.3)}),
    ("Walker2d-v5", {"exclude_current_positions_from_observation": False, "healthy_reward": 0.25}),
    ("Ant-v5", {"contact_force_range": (-0.2, 3.0), "contact_cost_weight": 0.1, "main_body": "torso"}),
    ("Ant-v5", {"main_body": 3, "include_cfrc_ext_in_observation": False, "ctrl_cost_weight": 2}),
    ("Ant-v5", {"healthy_z_range": (0.4, 0.8), "exclude_current_positions_from_observation": False}),
    ("Humanoid-v5", {"contact_cost_weight": 1e-3, "contact_cost_range": (0.5, 3.0)}),
    ("Humanoid-v5", {"include_cinert_in_observation": False, "include_cvel_in_observation": False}),
    ("Humanoid-v5", {"include_qfrc_actuator_in_observation": False, "healthy_z_range": (1.2, 1.5)}),
    ("Humanoid-v5", {"include_cfrc_ext_in_observation": False, "forward_reward_weight": 3.0}),
]


def agree(name, kwargs, seed, steps):
    """Plays both with the same starts and actions; returns how many episodes ended."""
    spec = envs.make(name, **kwargs)
    opened = spec.opener(1)
    env = gymnasium.make(name, disable_env_checker=True, **kwargs).unwrapped
    actions = np.random.default_rng(seed)
    ended = 0

    def start(seed):
        seen, _ = env.reset(seed=seed)
        own = opened.native.reset(0, env.data.qpos.copy(), env.data.qvel.copy())
        np.testing.assert_array_equal(own, seen)

    start(seed)
    for at in range(steps):
        bound = 1.3 * spec.action_high  # beyond what the model takes, too
        action = actions.uniform(-bound, bound).astype(np.float32)
        seen, reward, terminated, _, info = env.step(action)
        own = opened.native.step(0, action)
        np.testing.assert_array_equal(own[0], seen, err_msg=f"step {at}")
        assert own[1] == reward
        assert own[2] == terminated
        told = dict(zip(INFO, own[3:]))
        for key in INFO:
            if key in info:
                assert told[key] == info[key], key
        if terminated or at % 300 == 299:
            ended += terminated
            start(seed + 1000 + at)
    env.close()
    return ended


@pytest.mark.parametrize("name", TASKS)
def test_every_number_is_gymnasiums(name):
    ended = sum(agree(name, {}, seed, 400) for seed in (0, 1))
    assert ended > 0 or name in ("Swimmer-v5", "HalfCheetah-v5")


@pytest.mark.parametrize(("name", "kwargs"), CHANGED)
def test_arguments_of_the_constructor_are_gymnasiums(name, kwargs):
    agree(name, kwargs, 5, 250)


def test_an_unknown_argument_is_named():
    with pytest.raises(TypeError, match="no argument 'ctrl_cost_wieght'; did you mean 'ctrl_cost_weight'"):
        envs.make("HalfCheetah-v5", ctrl_cost_wieght=1.0)


def test_a_model_that_does_not_compile_and_one_that_is_not_there(tmp_path):
    broken = tmp_path / "broken.xml"
    broken.write_text("<mujoco><worldbody><geom/></worldbody></mujoco>")
    with pytest.raises(ValueError, match="does not compile"):
        envs.make("Hopper-v5", xml_file=str(broken))
    with pytest.raises(OSError, match="does not exist"):
        envs.make("Hopper-v5", xml_file=str(tmp_path / "none.xml"))
