"""Native vector environments against gymnasium's SyncVectorEnv, bit for bit: starts, steps, ends, options."""

from __future__ import annotations

import os

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")
import ember_ml.gym  # noqa: E402, F401

NAMES = ["CartPole-v1", "Pendulum-v1", "MountainCar-v0", "MountainCarContinuous-v0", "Acrobot-v1"]


def pair(name, n=8, mode="NextStep", **kwargs):
    """gymnasium's vector env and ours."""
    twin = gymnasium.make_vec(
        name, num_envs=n, vectorization_mode="sync", vector_kwargs={"autoreset_mode": mode}, **kwargs
    )
    return twin, gymnasium.make_vec(f"ember_ml/{name}", num_envs=n, autoreset_mode=mode, **kwargs)


def states(twin):
    return np.array([np.asarray(env.unwrapped.state, np.float64) for env in twin.envs])


def random_actions(rng, space, n):
    if isinstance(space, gymnasium.spaces.Discrete):
        return rng.integers(0, space.n, n)
    actions = rng.uniform(1.5 * space.low, 1.5 * space.high, (n, *space.shape)).astype(np.float32)
    # Boundary values: exactly a bound, just past it, both zeros.
    special = np.array([space.low[0], space.high[0], np.nextafter(space.high[0], np.inf), -0.0, 0.0])
    chosen = rng.random(n) < 0.2
    actions[chosen, 0] = rng.choice(special, chosen.sum()).astype(np.float32)
    return actions


def same(a, b, what):
    """Equal values and types, NaN included."""
    np.testing.assert_array_equal(a, b, err_msg=what)
    assert a.dtype == b.dtype, (what, a.dtype, b.dtype)


def compare(twin, ours, steps, seed, rng):
    same(twin.reset(seed=seed)[0], ours.reset(seed=seed)[0], "first observation")
    ends = 0
    for number in range(steps):
        actions = random_actions(rng, ours.single_action_space, ours.num_envs)
        a, b = twin.step(actions), ours.step(actions)
        for x, y, what in zip(a[:4], b[:4], ("observation", "reward", "terminated", "truncated")):
            same(x, y, f"{what} of step {number}")
        same(states(twin), ours.state, f"state after step {number}")
        assert set(a[4]) == set(b[4])
        for key in ("final_obs", "_final_obs", "_final_info"):
            if key in a[4]:
                for x, y in zip(a[4][key], b[4][key]):
                    np.testing.assert_array_equal(x, y)
        assert a[4].get("final_info") == b[4].get("final_info")
        ends += int((a[2] | a[3]).sum())
    return ends


@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
@pytest.mark.parametrize("name", NAMES)
def test_steps_equal_gymnasiums(name, mode):
    """Short episodes, so that many end, some by both flags, and start again from the continued stream."""
    steps = {"Acrobot-v1": 60}.get(name, 250)
    twin, ours = pair(name, 6, mode, max_episode_steps=23)
    ends = compare(twin, ours, steps, 1000, np.random.default_rng(0))
    assert ends >= 6 * (steps // 25)
    # Another seed, and then a reset without one, which goes on with the stream.
    compare(twin, ours, 30, 5, np.random.default_rng(1))
    same(twin.reset()[0], ours.reset()[0], "reset without a seed")
    twin.close()
    ours.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.timeout(3000)
def test_ten_thousand_steps_of_a_hundred_seeds(name):
    """100 environments with their own time limits: 10,000 steps in all, with EMBER_LONG_TESTS=1 each."""
    twin, ours = pair(name, 100)
    steps = 10_000 if os.environ.get("EMBER_LONG_TESTS") else 100
    compare(twin, ours, steps, 0, np.random.default_rng(2))


def test_starts_of_many_seeds():
    """Acrobot's first state is float32, whose cosines numpy computes with polynomials of its own."""
    for name in NAMES:
        twin, ours = pair(name, 300)
        same(twin.reset(seed=10_000)[0], ours.reset(seed=10_000)[0], name)


def test_termination_and_truncation_at_once():
    twin, ours = pair("CartPole-v1", 64, max_episode_steps=10)
    twin.reset(seed=0)
    ours.reset(seed=0)
    both = 0
    for _ in range(200):
        actions = np.ones(64, np.int64)
        a, b = twin.step(actions), ours.step(actions)
        same(a[2], b[2], "terminated")
        same(a[3], b[3], "truncated")
        both += int((a[2] & a[3]).sum())
    assert both > 0


@pytest.mark.parametrize("name", ["Pendulum-v1", "MountainCarContinuous-v0"])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_actions_that_are_not_numbers(name):
    twin, ours = pair(name, 3)
    twin.reset(seed=0)
    ours.reset(seed=0)
    for value in (np.nan, np.inf, -np.inf, 1e30):
        actions = np.array([[value], [0.5], [-value]], np.float32)
        for x, y in zip(twin.step(actions)[:4], ours.step(actions)[:4]):
            same(x, y, f"action {value}")


def test_seeds():
    _, ours = pair("CartPole-v1", 4)
    twin, _ = pair("CartPole-v1", 4)
    for seed in (0, 2**31, 2**32 + 7, 2**100 + 3, [5, 3, 2**40, 0], [None, 1, None, 2]):
        if seed == [None, 1, None, 2]:
            twin.reset(seed=9)
            ours.reset(seed=9)
        same(twin.reset(seed=seed)[0], ours.reset(seed=seed)[0], f"seed {seed}")
    first = ours.reset(seed=3)[0]
    assert len(np.unique(first[:, 0])) == 4, "different seeds differ"
    np.testing.assert_array_equal(ours.reset(seed=4)[0][:3], first[1:])
    assert ours.np_random_seed == (4, 5, 6, 7)
    fresh = [pair("CartPole-v1", 2)[1].reset()[0] for _ in range(2)]
    assert (fresh[0] != fresh[1]).any(), "without a seed, starts are new each time"
    for bad, text in ((-1, "greater or equal to"), ([1, 2], "wanted 4"), ([1, 2, 3, 0.5], "python integer")):
        with pytest.raises((ValueError, gymnasium.error.Error), match=text):
            ours.reset(seed=bad)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("CartPole-v1", {"low": -0.2, "high": 0.1}),
        ("MountainCar-v0", {"low": -0.9}),
        ("MountainCarContinuous-v0", {"high": 0.2}),
        ("Acrobot-v1", {"low": 0.0, "high": 0.5}),
        ("Pendulum-v1", {"x_init": 0.3, "y_init": 0.1}),
        ("Pendulum-v1", {"x_init": 0.3}),
    ],
)
def test_reset_bounds(name, options):
    twin, ours = pair(name, 5)
    same(twin.reset(seed=1, options=dict(options))[0], ours.reset(seed=1, options=options)[0], "bounded")
    same(twin.reset()[0], ours.reset()[0], "the next reset has its own bounds again")
    if "low" in options and "high" in options:
        with pytest.raises(ValueError, match="Lower bound"):
            ours.reset(options={"low": 2, "high": 1})


@pytest.mark.parametrize("mode", ["NextStep", "SameStep", "Disabled"])
def test_reset_mask(mode):
    twin, ours = pair("CartPole-v1", 6, mode, max_episode_steps=15)
    twin.reset(seed=2)
    ours.reset(seed=2)
    rng = np.random.default_rng(0)
    for _ in range(60):
        actions = rng.integers(0, 2, 6)
        a, b = twin.step(actions), ours.step(actions)
        for x, y in zip(a[:4], b[:4]):
            same(x, y, "step")
        mask = (a[2] | a[3]) if mode == "Disabled" else rng.random(6) < 0.1
        if mask.any():
            seed = [None, 7, None, 8, None, 9]
            x = twin.reset(seed=seed, options={"reset_mask": mask.copy()})[0]
            same(x, ours.reset(seed=seed, options={"reset_mask": mask})[0], "masked reset")
    for bad, error in (
        ([True] * 6, TypeError),
        (np.ones(5, bool), ValueError),
        (np.ones(6, int), TypeError),
        (np.zeros(6, bool), ValueError),
    ):
        with pytest.raises(error, match="reset_mask"):
            ours.reset(options={"reset_mask": bad})


def test_a_step_after_the_end_without_autoreset():
    _, ours = pair("CartPole-v1", 2, "Disabled", max_episode_steps=1)
    with pytest.raises(gymnasium.error.ResetNeeded):
        ours.step(np.zeros(2, int))
    ours.reset(seed=0)
    ours.step(np.zeros(2, int))
    with pytest.raises(ValueError, match="environment 0 has ended and autoreset is disabled"):
        ours.step(np.zeros(2, int))


@pytest.mark.parametrize(
    ("name", "kwargs"),
    [
        ("CartPole-v1", {"sutton_barto_reward": True}),
        ("Pendulum-v1", {"g": 9.81}),
        ("MountainCar-v0", {"goal_velocity": 0.02}),
        ("MountainCarContinuous-v0", {"goal_velocity": 0.02}),
    ],
)
def test_options_of_the_environments(name, kwargs):
    twin, ours = pair(name, 4, **kwargs)
    compare(twin, ours, 80, 3, np.random.default_rng(3))
    with pytest.raises(TypeError, match="has no option 'colour'"):
        gymnasium.make_vec(f"ember_ml/{name}", num_envs=2, colour=1)


def test_the_goal_is_reached_alike():
    """Bang-bang along the velocity climbs the hill, so that termination and its reward are compared too."""
    for name in ("MountainCar-v0", "MountainCarContinuous-v0"):
        twin, ours = pair(name, 4, goal_velocity=0.01)
        observation = twin.reset(seed=0)[0]
        ours.reset(seed=0)
        reached = 0
        for _ in range(190):
            v = observation[:, 1]
            actions = np.where(v < 0, 0, 2)
            if name == "MountainCarContinuous-v0":
                actions = (actions - 1.0).astype(np.float32)[:, None]
            a, b = twin.step(actions), ours.step(actions)
            for x, y in zip(a[:4], b[:4]):
                same(x, y, name)
            same(states(twin), ours.state, name)
            observation, reached = a[0], reached + int(a[2].sum())
        assert reached >= 4


def test_bad_actions_move_nothing():
    _, ours = pair("CartPole-v1", 3)
    ours.reset(seed=0)
    before = ours.state
    for actions, text in (
        (np.array([0, 2, 1]), "action 2 of environment 1 is not one of 0 to 1"),
        (np.array([0, -1, 1]), "action -1 of environment 1"),
        (np.zeros(3), "dtype float64; wanted whole numbers"),
        (np.zeros(2, int), r"shape \(2,\); wanted \(3,\)"),
    ):
        with pytest.raises(ValueError, match=text):
            ours.step(actions)
    np.testing.assert_array_equal(ours.state, before)
    _, ours = pair("Pendulum-v1", 3)
    ours.reset(seed=0)
    with pytest.raises(ValueError, match=r"shape \(3,\); wanted \(3, 1\)"):
        ours.step(np.zeros(3, np.float32))


def test_actions_may_be_lists():
    theirs, ours = pair("CartPole-v1", 3)
    for envs in (theirs, ours):
        envs.reset(seed=0)
    np.testing.assert_array_equal(ours.step([0, 1, 1])[0], theirs.step([0, 1, 1])[0])
    with pytest.raises(ValueError, match="dtype float64; wanted whole numbers"):
        ours.step([0.5, 1.0, 1.0])


def test_results_are_the_callers_own():
    _, ours = pair("CartPole-v1", 3)
    first = ours.reset(seed=0)[0]
    kept = first.copy()
    second = ours.step(np.zeros(3, int))[0]
    second[:] = 9
    np.testing.assert_array_equal(first, kept)
    assert (ours.step(np.zeros(3, int))[0] != 9).all()
