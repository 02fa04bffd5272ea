"""MuJoCo's tasks as vector environments against gymnasium's SyncVectorEnv: numbers, ends, infos, pictures."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import skip_without

skip_without("gymnasium")
skip_without("mujoco")
import gymnasium  # noqa: E402
from ember_ml import es  # noqa: E402
from ember_ml.envs.messages import headless  # noqa: E402
from equality import ODD, TASKS, compare, pair, same  # noqa: E402

MODES = ["NextStep", "SameStep"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", TASKS)
def test_steps_equal_gymnasiums(name, mode):
    """Episodes of at most 60 steps: many end, and go on with the stream of their seed."""
    twin, ours = pair(name, 3, mode, max_episode_steps=60)
    assert compare(twin, ours, 200, 1000, np.random.default_rng(0)) >= 9
    same(twin.reset()[0], ours.reset()[0], "reset without a seed")
    assert ours.np_random_seed == (1000, 1001, 1002)
    twin.close()
    ours.close()


@pytest.mark.parametrize(("name", "kwargs"), ODD)
def test_arguments_of_the_constructor(name, kwargs):
    twin, ours = pair(name, 2, **kwargs)
    compare(twin, ours, 60, 5, np.random.default_rng(1))
    assert twin.single_observation_space == ours.single_observation_space
    assert twin.single_action_space == ours.single_action_space


def test_some_are_reset_by_a_mask():
    twin, ours = pair("Hopper-v5", 3, "Disabled", max_episode_steps=10)
    compare(twin, ours, 10, 3, np.random.default_rng(2))
    with pytest.raises(gymnasium.error.ResetNeeded, match=r"environments \[0, 1, 2\] are over"):
        ours.step(np.zeros((3, 3), np.float32))
    for seed in (None, [7, None, 9]):
        mask = np.array([True, False, True])
        a = twin.reset(seed=seed, options={"reset_mask": mask})
        b = ours.reset(seed=seed, options={"reset_mask": mask})
        for x, y in zip(a, b):
            same(x, y, f"start of {seed}")
    with pytest.raises(TypeError, match="must be a numpy array"):
        ours.reset(options={"reset_mask": [True, False, True]})


def test_threads_change_no_number():
    rows = []
    for threads in (1, 2, 8):
        env = gymnasium.make_vec("ember_ml/Ant-v5", num_envs=5, threads=threads)
        env._one_step = 1.0  # as many threads as are allowed, from the first step on
        env.reset(seed=1)
        rng = np.random.default_rng(0)
        rows.append([env.step(rng.uniform(-1, 1, (5, 8)).astype(np.float32))[0] for _ in range(20)])
    for other in rows[1:]:
        np.testing.assert_array_equal(np.array(rows[0]), np.array(other))


def test_one_environment():
    env, twin = gymnasium.make("ember_ml/Walker2d-v5"), gymnasium.make("Walker2d-v5")
    for x, y in zip(env.reset(seed=4), twin.reset(seed=4)):
        np.testing.assert_equal(x, y)
    action = np.full(6, 0.3, np.float32)
    for _ in range(10):
        for x, y in zip(env.step(action), twin.step(action)):
            np.testing.assert_equal(x, y)


def test_mistakes_are_named():
    with pytest.raises(TypeError, match="no argument 'gravity'"):
        gymnasium.make_vec("ember_ml/Ant-v5", num_envs=2, gravity=3)
    with pytest.raises(ValueError, match="num_envs"):
        gymnasium.make_vec("ember_ml/Ant-v5", num_envs=0)
    env = gymnasium.make_vec("ember_ml/Ant-v5", num_envs=2)
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(np.zeros((2, 8), np.float32))
    env.reset(seed=0)
    with pytest.raises(ValueError, match=r"actions: wanted \(2, 8\) values"):
        env.step(np.zeros((2, 7), np.float32))


def test_pictures_are_gymnasiums():
    size = {"render_mode": "rgb_array", "width": 120, "height": 90}
    ours = gymnasium.make_vec("ember_ml/HalfCheetah-v5", num_envs=2, **size)
    twin = gymnasium.make("HalfCheetah-v5", **size)
    ours.reset(seed=0)
    twin.reset(seed=0)
    with headless():
        try:
            twin.render()  # the camera stands where the first picture puts it
        except Exception as error:
            pytest.skip(f"OpenGL does not work here: {error}")
    ours.render()
    action = np.full(6, 0.5, np.float32)
    for _ in range(15):
        ours.step(np.stack([action, -action]))
        twin.step(action)
    first, second = ours.render()
    assert first.shape == (90, 120, 3)
    np.testing.assert_array_equal(twin.render(), first)
    assert (first != second).any()
    twin.close()
    ours.close()


def test_a_trained_policy_is_drawn(tmp_path, recwarn):
    """By gymnasium's own renderer, with a screen or without one."""
    Image = pytest.importorskip("PIL.Image")
    pytest.importorskip("matplotlib")
    run = es.train("HalfCheetah-v5", generations=1, max_steps=20, seed=0, progress=False)
    run.animate(tmp_path / "cheetah.gif", most_frames=4)
    if any("makes no pictures here" in str(warning.message) for warning in recwarn):
        pytest.skip("OpenGL does not work here; the observations were drawn instead")
    with Image.open(tmp_path / "cheetah.gif") as picture:
        assert picture.size[0] == 480 and picture.n_frames == 4
