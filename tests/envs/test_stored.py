"""An environment as a file describes it: made again from its numbers, refused where they do not fit."""

import pickle

import numpy as np
import pytest
from ember_ml import envs
from ember_ml.envs import stored
from walk_env import Walk


class Joystick:
    """A choice of three that start at 1, a choice of two, and what it sees."""

    observation_size = 2

    def __init__(self):
        from gymnasium import spaces

        self.action_space = spaces.MultiDiscrete([3, 2], start=[1, 0])
        self.observation_space = spaces.Box(-1, 1, (2,), np.float32)

    def reset(self, seed=None, options=None):
        return np.zeros(2, np.float32), {}

    def step(self, action):
        return np.zeros(2, np.float32), 1.0, True, False, {}


def described(env=Walk, **changes):
    return {**stored.describe(envs.make(env)), **changes}


def test_choices_come_back():
    pytest.importorskip("gymnasium")
    again = stored.restore(described(Joystick), "file")
    assert again.choices == (3, 2) and again.choice_starts == (1, 0)
    assert again.discrete and again.action_size == 5
    with pytest.raises(ValueError, match=r"choices: got .* wanted 5 in all, of discrete actions"):
        stored.restore(described(Joystick, choices=[3, 3]), "file")
    with pytest.raises(ValueError, match=r"choice_starts: got .* wanted a small number for each choice"):
        stored.restore(described(Joystick, choice_starts=[1]), "file")


def test_bounds_shapes_and_names_come_back():
    again = stored.restore(
        described(action_shape=[1, 1], action_dtype="float64", action_names=["push"], observation_shape=[1]),
        "file",
    )
    assert again.action_shape == (1, 1) and again.action_names == ("push",)
    assert again.action_low.dtype == np.float64 and again.action_low.tolist() == [-1.0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kwargs": [1]}, "kwargs: got list, wanted arguments by name"),
        ({"name": "CartPole-v1", "restorable": True}, "'CartPole-v1' is no environment of the kind python"),
        ({"name": ""}, "name: got '', wanted a name"),
        ({"kind": "magic"}, "kind"),
        ({"action_size": -1}, "action_size: got -1, wanted 0 to"),
        ({"observation_size": 0}, "observation_size"),
        ({"choices": [1]}, "choices: got .* of discrete actions"),
        ({"choices": 3}, "choices: got int, wanted a list"),
        ({"action_start": 2**63}, "action_start: got 9223372036854775808, wanted a smaller number"),
        ({"action_dtype": "complex64"}, "action_dtype"),
        ({"action_low": "low"}, "action_low: got str, wanted a list"),
        ({"action_low": [True]}, "action_low: got True, wanted numbers"),
        ({"action_high": [float("nan")]}, "action_high: got nan, wanted numbers"),
        ({"action_high": [1, 2, 3]}, "action_high: got 3 numbers, wanted 1"),
        ({"observation_shape": [2]}, "observation_shape: got .* wanted 1 values"),
        ({"observation_shape": [1] * 33}, "observation_shape: got .* wanted 1 values"),
        ({"action_names": ["a", "b"]}, "action_names: wanted 1 names or none"),
        ({"action_names": [1]}, "action_names: wanted 1 names or none"),
    ],
)
def test_what_does_not_fit_together_is_named(changes, message):
    with pytest.raises((ValueError, TypeError), match=f"env: {message}"):
        stored.restore(described(**changes), "file")


def test_one_that_a_file_cannot_give_says_what_to_pass():
    again = stored.restore(described(), "walk.npz")
    assert again.absent == "walk.npz was trained on your own Walk; pass it as env="
    assert stored.restore(described("CartPole-v1"), "file").absent == ""


def test_gymnasiums_own_is_made_when_it_is_stepped():
    gymnasium = pytest.importorskip("gymnasium")
    again = stored.restore(described("FrozenLake-v1"), "file")
    kept = pickle.loads(pickle.dumps(again))
    for spec in (again, kept):
        env = spec.factory().env
        assert env.unwrapped.spec.entry_point == gymnasium.spec("FrozenLake-v1").entry_point
