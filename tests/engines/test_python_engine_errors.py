"""The python engine: environments that break, and arguments that are wrong, are one clear error each."""

from __future__ import annotations

import numpy as np
import pytest
from ember_ml import envs
from ember_ml.engines.python import PythonEngine
from ember_ml.errors import EvaluationError
from walkers import MLP, Walker, linear, population


class Broken(Walker):
    """Goes wrong in a chosen way at step 5 of its `when`-th episode."""

    how = "raise"

    def step(self, action):
        state, reward, done, info = super().step(action)
        if self.number == 5:
            if self.how == "raise":
                raise KeyError("battery")
            if self.how == "nan reward":
                reward = float("nan")
            if self.how == "nan state":
                state = state * np.nan
            if self.how == "shape":
                state = np.zeros(3)
            if self.how == "text":
                state = "north"
            if self.how == "three":
                return state, reward, done
            if self.how == "none":
                return None
            if self.how == "reward":
                reward = [1.0, 2.0]
        return state, reward, done, info


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ("raise", "step raised KeyError: 'battery'"),
        ("nan reward", "step returned a reward that is NaN"),
        ("nan state", "step returned an observation that holds NaN"),
        ("shape", r"step returned an observation of shape \(3,\) \(3 numbers\); earlier ones had 1"),
        ("text", "the observation is str 'north', not an array of numbers"),
        ("three", r"step returned tuple .* wanted \(state, reward, done, info\) or"),
        ("none", "step returned NoneType None; wanted"),
        ("reward", r"the reward is list \[1.0, 2.0\], not one number"),
    ],
)
def test_a_broken_environment_is_one_clear_error(how, text):
    class Env(Broken):
        pass

    Env.how = how
    with pytest.raises(EvaluationError, match=text) as caught:
        PythonEngine(envs.make(Env), MLP).evaluate(population(49))
    assert caught.value.generation == 2 and caught.value.member == 0
    assert "generation 2, member 0, episode 0, step 4" in str(caught.value)
    if how == "raise":
        assert isinstance(caught.value.__cause__, KeyError)


def test_an_error_in_the_unperturbed_policy_names_it():
    class Env(Walker):
        episodes = 0

        def reset(self):
            Env.episodes += 1
            if Env.episodes > 11:
                raise RuntimeError("empty")
            return super().reset()

    with pytest.raises(EvaluationError, match=r"RuntimeError: empty .*the unperturbed") as caught:
        PythonEngine(envs.make(Env), MLP).evaluate(population(49), with_policy=True)
    assert caught.value.member is None


def test_an_environment_that_never_ends(monkeypatch):
    monkeypatch.setattr("ember_ml.engines.python.ENDLESS", 500)
    spec = envs.make(Walker, steps=10**9)
    with pytest.raises(EvaluationError, match=r"has not ended after 500 steps .* give one with max_steps="):
        PythonEngine(spec, MLP).evaluate(population(49))
    assert PythonEngine(spec, MLP, max_steps=600).evaluate(population(49)).lengths.max() == 600


def test_a_policy_that_gives_nan_fails_and_ranks_last():
    rows = np.zeros((3, 49), np.float32)
    rows[1] = np.nan
    result = PythonEngine(envs.make(Walker), MLP).evaluate(
        population(49, rows=rows, directions=3, antithetic=False)
    )
    assert result.failed.ravel().tolist() == [False, True, False]
    assert result.fitness[1] == -np.inf and np.isfinite(result.fitness[[0, 2]]).all()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"policy": linear(2, 1)}, "policy has 2 inputs, but Walker has observations of size 1"),
        ({"episodes": 0}, "episodes: got 0"),
        ({"frame_skip": 0}, "frame_skip: got 0"),
        ({"max_steps": 0}, "max_steps: got 0"),
    ],
)
def test_bad_arguments(arguments, text):
    with pytest.raises(ValueError, match=text):
        PythonEngine(envs.make(Walker), **{"policy": MLP, **arguments})
