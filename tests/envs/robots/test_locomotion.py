"""gymnasium's MuJoCo tasks in the core: equal to gymnasium's own, number by number."""

import pytest
from conftest import skip_without
from ember_ml import envs
from ember_ml.errors import MissingExtra

skip_without("gymnasium")
skip_without("mujoco")
from equality import CHANGED, TASKS, agree  # noqa: E402


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


@pytest.mark.parametrize("name", TASKS)
def test_a_model_with_less_than_the_task_looks_at(name, tmp_path):
    small = tmp_path / "small.xml"
    body = '<body name="torso"><joint name="s" type="slide"/><geom size="0.1"/></body>'
    small.write_text(f"<mujoco><worldbody>{body}</worldbody></mujoco>")
    with pytest.raises(ValueError, match=r"looks at . positions, and its model has 1|has no actuators"):
        envs.make(name, xml_file=str(small))


@pytest.mark.parametrize(
    ("kwargs", "error"),
    [
        ({"forward_reward_weight": float("nan")}, "forward_reward_weight: got nan"),
        ({"reset_noise_scale": -1}, "reset_noise_scale: got -1"),
        ({"healthy_z_range": (1,)}, r"healthy_z_range: got \(1,\), wanted two numbers"),
        ({"contact_force_range": None}, "contact_force_range: got None"),
        ({"main_body": "head"}, "main_body: got 'head'"),
        ({"frame_skip": 0}, "frame_skip: got 0"),
    ],
)
def test_arguments_out_of_range_are_named(kwargs, error):
    with pytest.raises(ValueError, match=error):
        envs.make("Ant-v5", **kwargs)


def test_a_mujoco_that_is_too_old(monkeypatch):
    monkeypatch.setattr("mujoco.__version__", "2.3.7")
    with pytest.raises(MissingExtra, match=r"mujoco 2.3.7 is too old, wanted 3.1 or newer"):
        envs.make("Hopper-v5")
