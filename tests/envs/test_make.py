"""envs.make: names, classes, objects, functions and their spaces."""

import sys

import numpy as np
import pytest
from ember_ml import envs

gymnasium = pytest.importorskip("gymnasium")


class Walker:
    """Written like the notebook's: no spaces, four results, unseeded."""

    def __init__(self, target=10.0, steps=100):
        self.target, self.steps = target, steps

    def reset(self):
        self.position, self.step_number = 0.0, 0
        return np.array([self.position], np.float32)

    def step(self, action):
        self.position += action
        self.step_number += 1
        reward = -np.abs(self.position - self.target)
        return np.array([self.position], np.float32), reward, self.step_number >= self.steps, {}


def test_notebook_class_instance_and_function():
    for made in (envs.make(Walker), envs.make(Walker()), envs.make(lambda: Walker())):
        assert (made.name, made.kind, made.observation_size, made.discrete) == ("Walker", "python", 1, False)
        assert made.action_size == 0 and made.max_steps is None and not made.restorable


def test_class_arguments_reach_the_class():
    made = envs.make(Walker, target=3.0)
    assert made.factory().env.target == 3.0 and made.kwargs == {"target": 3.0}
    with pytest.raises(TypeError, match="Walker cannot be called with the arguments given"):
        envs.make(Walker, goal=3.0)


def test_attributes_describe_the_actions_of_a_class_without_spaces():
    class Bounded(Walker):
        action_size, action_low, action_high, action_shape = 2, -1.0, [1.0, 2.0], (2,)

    made = envs.make(Bounded)
    assert made.action_size == 2
    np.testing.assert_array_equal(made.action_low, [-1, -1])
    with pytest.raises(
        ValueError, match=r"env: Upside.action_low is above its action_high \(\[2.0\], \[1.0\]\)"
    ):
        envs.make(type("Upside", (Walker,), {"action_size": 1, "action_low": 2.0, "action_high": 1.0}))
    with pytest.raises(ValueError, match=r"env: Open\.action_high is nan; wanted numbers"):
        envs.make(type("Open", (Walker,), {"action_size": 1, "action_high": np.nan}))
    np.testing.assert_array_equal(made.action_high, [1, 2])


def test_gymnasium_id_class_object_and_function():
    made = envs.make("EmberTest/Tunable-v0")
    assert (made.observation_size, made.action_size, made.discrete) == (3, 2, True)
    assert made.max_steps == 70 and made.restorable
    from gymnasium.envs.classic_control import CartPoleEnv

    for env in (CartPoleEnv, CartPoleEnv(), lambda: gymnasium.make("CartPole-v1")):
        made = envs.make(env)
        assert (made.observation_size, made.action_size, made.discrete) == (4, 2, True)
        assert made.kind == "python" and not made.restorable


class Tunable(gymnasium.Env):
    observation_space = gymnasium.spaces.Box(-1, 1, (3,))

    def __init__(self, continuous=False, render_mode=None):
        spaces = gymnasium.spaces
        self.action_space = spaces.Box(-1, 1, (2,)) if continuous else spaces.Discrete(2)


if "EmberTest/Tunable-v0" not in gymnasium.registry:
    gymnasium.register("EmberTest/Tunable-v0", entry_point=Tunable, max_episode_steps=70)


def test_gymnasium_arguments():
    made = envs.make("EmberTest/Tunable-v0", continuous=True)
    assert not made.discrete and made.kwargs == {"continuous": True}
    with pytest.raises(ValueError, match="gymnasium cannot make 'EmberTest/Tunable-v0'"):
        envs.make("EmberTest/Tunable-v0", colour="red")


def test_unknown_name_lists_close_ones():
    with pytest.raises(ValueError, match=r"did you mean .*CartPole-v1"):
        envs.make("CartPol-v1")


def test_a_missing_gymnasium_names_the_extra_of_the_task(monkeypatch):
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    with pytest.raises(ImportError, match=r"^HalfCheetah-v5: .*pip install 'ember-ml\[mujoco\]'"):
        envs.make("HalfCheetah-v5")
    with pytest.raises(ImportError, match=r"native environment\. For gymnasium's: .*'ember-ml\[gym\]'"):
        envs.make("LunarLander-v3")


@pytest.mark.parametrize("bad", [3, None, [1], object()])
def test_no_environment(bad):
    with pytest.raises(TypeError, match="is no environment"):
        envs.make(bad)


def test_class_without_step():
    class Nothing: ...

    with pytest.raises(TypeError, match=r"Nothing has no reset\(\) and step\(action\)"):
        envs.make(Nothing)
    with pytest.raises(TypeError, match="is already made"):
        envs.make(Walker(), target=1.0)


def _with_spaces(observation, action):
    class Env(gymnasium.Env):
        observation_space, action_space = observation, action

        def reset(self, *, seed=None, options=None):
            super().reset(seed=seed)
            return self.observation_space.sample(), {}

        def step(self, action):
            return self.observation_space.sample(), 0.0, True, False, {}

    return Env


def test_spaces():
    space = gymnasium.spaces
    box = space.Box(-1, 1, (2, 3), np.float64)
    made = envs.make(_with_spaces(box, space.MultiDiscrete([3, 2])))
    assert (made.observation_size, made.action_size, made.discrete, made.choices) == (6, 5, True, (3, 2))
    made = envs.make(_with_spaces(box, space.Discrete(3, start=-1)))
    assert made.actions(np.array([[0, 0, 0], [0, 0, 1]], np.float32)).tolist() == [-1, 1]
    made = envs.make(_with_spaces(box, space.Box(-1, np.inf, (2, 2))))
    assert made.action_size == 4 and made.action_shape == (2, 2)
    for observation, action, text in (
        (space.Text(5), space.Discrete(2), "observation space Text"),
        (space.Dict(a=space.Tuple([space.Text(5)])), space.Discrete(2), "observation space Text"),
        (space.Sequence(box), space.Discrete(2), "observation space Sequence"),
        (box, space.Text(5), "action space Text"),
        (box, space.Dict(a=box), "action space Dict"),
        (box, space.Tuple([box]), "action space Tuple"),
    ):
        with pytest.raises(ValueError, match=text):
            envs.make(_with_spaces(observation, action))


def test_actions_from_outputs():
    made = envs.make(_with_spaces(gymnasium.spaces.Box(-1, 1, (1,)), gymnasium.spaces.MultiDiscrete([3, 2])))
    outputs = np.array([[0, 2, 2, 5, 1], [1, 1, 1, 0, 0]], np.float32)
    assert made.actions(outputs).tolist() == [[1, 0], [0, 0]]
    made = envs.make(_with_spaces(gymnasium.spaces.Box(-1, 1, (1,)), gymnasium.spaces.Box(-2, 3, (1,))))
    outputs = np.array([[-9], [9], [1]], np.float32)
    assert made.actions(outputs).ravel().tolist() == [-2, 3, 1]
    assert made.actions(outputs, clip=False).ravel().tolist() == [-9, 9, 1]


class Broken(Walker):
    def reset(self):
        raise KeyError("map")


class Wordy(Walker):
    def reset(self):
        return "nothing that holds numbers"


def test_makers_of_what_is_no_environment_are_named():
    with pytest.raises(TypeError, match=r"gave dict, which has no reset\(\) and step\(action\)"):
        envs.make(lambda: {})
    with pytest.raises(ValueError, match="Broken: reset raised KeyError: 'map'"):
        envs.make(Broken)
    with pytest.raises(ValueError, match=r"Wordy: the observation is str .* not an array of numbers"):
        envs.make(Wordy)
    assert envs.make(lambda: envs.make("CartPole-v1")).name == "CartPole-v1"
    with pytest.raises(TypeError, match="cannot be called with the arguments given"):
        envs.make(Walker, goal=3)
