"""gymnasium's MuJoCo tasks in the core: equal to gymnasium's own, number by number."""

import pytest
from conftest import skip_without
from ember_ml import envs

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
