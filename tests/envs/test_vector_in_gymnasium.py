"""Native environments in gymnasium: making, spaces, pictures, its checker, wrappers and other learners."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")
from gymnasium.vector import AutoresetMode  # noqa: E402
from test_vector_env import NAMES, pair, random_actions, same  # noqa: E402


def test_make_vec_works_whatever_was_imported():
    import subprocess
    import sys

    program = (
        "import gymnasium; e = gymnasium.make_vec('ember_ml.gym:ember_ml/Simple1D-v0', num_envs=3); "
        "print(type(e).__module__, e.metadata['autoreset_mode'], e.reset(seed=0)[0].tolist())"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "ember_ml.envs.vector AutoresetMode.NEXT_STEP [[0.0], [0.0], [0.0]]"
    assert answer.stderr == ""


def test_metadata_and_spaces():
    for name in NAMES:
        twin, ours = pair(name, 3)
        assert ours.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
        assert ours.single_observation_space == twin.single_observation_space
        assert ours.single_action_space == twin.single_action_space
        assert ours.observation_space == twin.observation_space and ours.action_space == twin.action_space
        single = twin.envs[0].spec
        assert ours.spec.id == f"ember_ml/{name}"
        assert ours.spec.max_episode_steps == single.max_episode_steps
        assert ours.spec.reward_threshold == single.reward_threshold
        assert ours.observation_space.contains(ours.reset(seed=0)[0])


@pytest.mark.parametrize("name", NAMES)
def test_rendering_equals_gymnasiums(name):
    pytest.importorskip("pygame")
    twin, ours = pair(name, 2, render_mode="rgb_array")
    twin.reset(seed=4)
    ours.reset(seed=4)
    rng = np.random.default_rng(0)
    for _ in range(3):
        for x, y in zip(twin.render(), ours.render()):
            np.testing.assert_array_equal(x, y)
            assert y.dtype == np.uint8 and y.ndim == 3
        actions = random_actions(rng, ours.single_action_space, 2)
        twin.step(actions)
        ours.step(actions)
    ours.close()
    twin.close()
    with pytest.raises(ValueError, match="render_mode is 'human'"):
        gymnasium.make_vec(f"ember_ml/{name}", num_envs=2, render_mode="human")


@pytest.mark.parametrize("name", [*NAMES, "Simple1D-v0"])
def test_gymnasiums_checker(name):
    from gymnasium.utils.env_checker import check_env

    env = gymnasium.make(f"ember_ml/{name}")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check_env(env.unwrapped, skip_render_check=True)
    # The spaces are gymnasium's own, infinite or not normalised as they may be.
    texts = [str(w.message) for w in caught]
    assert not [t for t in texts if "infinity" not in t and "symmetric and normalized" not in t], texts


@pytest.mark.parametrize("name", NAMES)
def test_single_environments_equal_gymnasiums(name):
    twin, ours = gymnasium.make(name), gymnasium.make(f"ember_ml/{name}")
    rng = np.random.default_rng(0)
    for seed in (3, None):
        same(twin.reset(seed=seed)[0], ours.reset(seed=seed)[0], "reset")
        for _ in range(20):
            action = random_actions(rng, ours.action_space, 1)[0]
            a, b = twin.step(action), ours.step(action)
            np.testing.assert_array_equal(a[0], b[0])
            assert a[1:4] == b[1:4]
            if a[2] or a[3]:
                break


def test_other_libraries_wrappers():
    """gymnasium's own vector wrappers, as CleanRL-style code uses them."""
    env = gymnasium.make_vec("ember_ml/CartPole-v1", num_envs=4, autoreset_mode="NextStep")
    env = gymnasium.wrappers.vector.RecordEpisodeStatistics(env)
    env.reset(seed=0)
    lengths = []
    for _ in range(200):
        info = env.step(env.action_space.sample())[4]
        if "episode" in info:
            lengths += info["episode"]["l"][info["_episode"]].tolist()
    assert lengths and min(lengths) >= 8


def test_stable_baselines3_trains_on_one():
    stable_baselines3 = pytest.importorskip("stable_baselines3")
    env = gymnasium.make("ember_ml/CartPole-v1")
    model = stable_baselines3.PPO("MlpPolicy", env, n_steps=128, n_epochs=1, device="cpu", seed=0)
    model.learn(256)
    assert model.num_timesteps == 256
