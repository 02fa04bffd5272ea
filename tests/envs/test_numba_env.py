"""numba environments: what compiles equals plain Python; every mistake is found before it compiles."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from ember_ml import envs
from ember_ml.envs.abi import CustomLanes
from ember_ml.envs.lanes import LaneError
from scripts import load_script

pytest.importorskip("numba")

SIZES = {"state_size": 2, "observation_size": 2, "action_size": 1, "max_steps": 10}


@pytest.fixture(scope="module")
def pendulum():
    """The class of examples/numba_env.py, decorated here."""
    source = Path(__file__).parents[2] / "examples" / "numba_env.py"
    module = load_script(source)
    return module.MyPendulum


def test_the_example_equals_the_c_example(pendulum):
    assert (pendulum.name, pendulum.kind, pendulum.observation_size) == ("MyPendulum", "custom", 3)
    from_c = envs.compile(Path(__file__).parents[2] / "examples" / "my_env.c")
    a, b = CustomLanes(pendulum, 16), CustomLanes(from_c, 16)
    seeds = np.random.default_rng(0).integers(0, 2**63, 16).tolist()
    np.testing.assert_allclose(a.reset(range(16), seeds), b.reset(range(16), seeds), atol=1e-6)
    for number in range(20):
        actions = np.full((16, 1), math.sin(number) * 3, np.float32)
        x, y = a.step(range(16), actions), b.step(range(16), actions)
        np.testing.assert_allclose(x[0], y[0], atol=1e-4)
        np.testing.assert_allclose(x[1], y[1], atol=1e-4)


LIMIT = np.zeros(4)


@pytest.fixture(scope="module")
def dice():
    """Random draws; action 3 reads out of bounds, 4 raises; the start of seeds over 2^62 divides by zero."""

    @envs.native(state_size=3, observation_size=3, action_size=5, discrete=True, max_steps=1)
    class Dice:
        def reset(state, rng):
            state[2] = 1.0 if rng[0] < 2**62 else 1.0 / (state[0] * 0.0)
            state[0] = envs.uniform(rng, -2.0, 3.0)

        def step(state, action, rng):
            state[0] = envs.normal(rng, 5.0, 0.1)
            state[1] += min(action, 2)
            if state[2] > 1 and action == 3:
                state[0] = LIMIT[action + 1]
            if state[2] > 1 and action == 4:
                raise ValueError("too far")
            state[2] += 1.0
            return state[0], state[1] >= 4, state[1] == 3

    return Dice


def test_discrete_actions_ends_and_random_steps(dice):
    lanes = CustomLanes(dice, 3)
    lanes.reset([0, 1, 2], [1, 1, 2])
    first = lanes.step([0, 1, 2], np.array([0, 1, 2]))
    assert first[1][0] == first[1][1] != first[1][2], "draws depend on the seed alone"
    assert np.allclose(first[1], 5, atol=0.6) and first[0][:, 1].tolist() == [0, 1, 2]
    second = lanes.step([0, 1, 2], np.array([2, 2, 2]))
    assert second[2].tolist() == [False, False, True] and second[3].tolist() == [False, True, False]
    assert (second[0][:, 0] != first[0][:, 0]).all()


def test_random_numbers_are_those_of_plain_python(dice):
    rng = np.array([12345], np.uint64)
    want = [envs.uniform(rng, -2.0, 3.0), envs.normal(rng, 5.0, 0.1)]
    lanes = CustomLanes(dice, 1)
    assert lanes.reset([0], [12345])[0, 0] == np.float32(want[0])
    np.testing.assert_allclose(lanes.step([0], np.array([0]))[1], want[1], rtol=1e-6)
    values = np.array([[envs.uniform(rng), envs.normal(rng)] for _ in range(4000)])
    assert abs(values[:, 0].mean() - 0.5) < 0.02 and abs(values[:, 0].std() - 12**-0.5) < 0.01
    assert abs(values[:, 1].mean()) < 0.06 and abs(values[:, 1].std() - 1) < 0.05


def test_an_error_while_running_comes_through_the_flag(dice):
    lanes = CustomLanes(dice, 2)
    for action in (3, 4):
        lanes.reset([0, 1], [1, 2])
        lanes.step([0, 1], np.array([0, 0]))
        with pytest.raises(LaneError, match="step set the flag EMBER_ERROR") as caught:
            lanes.step([0, 1], np.array([2, action]))
        assert caught.value.lane == 1
    lanes.reset([0], [1])
    assert lanes.step([0], np.array([2]))[2].tolist() == [False]


def test_an_error_in_reset_comes_with_the_first_step(dice):
    lanes = CustomLanes(dice, 2)
    lanes.reset([0, 1], [1, 2**63])
    with pytest.raises(LaneError) as caught:
        lanes.step([0, 1], np.array([0, 0]))
    assert caught.value.lane == 1


def reset(state, rng):
    state[0] = 1.0


def step(state, action):
    return 0.0, False


def observe(state, observation):
    observation[:] = state


def _nothing(state, rng):
    return state


def _raises(state, action):
    return [0.0][int(action[0]) + 3], False


def _nan(state, action):
    return float("nan"), False


def _no_flag(state, action):
    return 0.0


def _flag(state, action):
    return 0.0, 1


def _text(state, action):
    return "0", False


def _explode(state, action):
    state[1] = np.inf
    return 0.0, False


def _half(state, observation):
    observation[0] = 1.0


def _beyond(state, rng):
    state[2] = 0.0


def _strings(state, action):
    return float(f"{state[0]}"[:1]) * len({"a": [1, "b"]}), False


def _imports(state, action):
    import math

    return math.pi, False


@pytest.mark.parametrize(
    ("functions", "text"),
    [
        ({"step": step}, r"Env has no function reset"),
        ({"reset": reset}, r"Env has no function step"),
        ({"reset": lambda state: None}, r"Env.reset takes 1 arguments; wanted \(state, rng\), without self"),
        ({"reset": _nothing}, r"Env.reset returned array.* it fills state in place"),
        ({"reset": _beyond}, r"Env.reset raised IndexError at seed 0: index 2 is out of bounds"),
        ({"step": _raises}, r"Env.step raised IndexError at step 0 of the episode of seed 0"),
        ({"step": _nan}, r"Env.step returned the reward nan at step 0"),
        ({"step": _no_flag}, r"Env.step returned 0.0 at step 0 .* wanted \(reward, terminated\)"),
        ({"step": _flag}, r"Env.step returned 1 as an end at step 0 .* wanted True or False"),
        ({"step": _text}, r"Env.step returned the reward '0' at step 0 .* wanted a number"),
        ({"step": _explode}, r"Env.step left state \[1.0, inf\] at step 0"),
        ({"observe": _half}, r"Env.observe left observation\[1\] unwritten or not finite at seed 0"),
        ({"step": _strings}, r"Env: numba cannot compile it:"),
        ({"step": _imports}, r"Env: numba cannot compile it:"),
    ],
)
def test_mistakes_are_found_before_it_runs(functions, text):
    if len(functions) == 1 and "lambda" not in text and not text.startswith("Env has no"):
        functions = {"reset": reset, "step": step, **functions}
    with pytest.raises(ValueError, match=text):
        envs.native(**SIZES)(type("Env", (), functions))


def test_bad_sizes():
    for changes, text in (
        ({"state_size": 0}, "state_size is 0"),
        ({"action_size": 1, "discrete": True}, "action_size is 1; wanted a whole number of at least 2"),
        ({"max_steps": 1.5}, "max_steps is 1.5"),
        ({"action_low": [1, 2, 3]}, "action_low is .* wanted one number or 1"),
        ({"action_high": np.nan}, "action_high is nan; wanted numbers"),
        ({"action_low": 2.0, "action_high": 1.0}, "action_low is 2.0; wanted at most action_high, 1.0"),
    ):
        with pytest.raises(ValueError, match=text):
            envs.native(**{**SIZES, **changes})
    with pytest.raises(ValueError, match="its state of 2 numbers is not an observation of 3"):
        envs.native(**{**SIZES, "observation_size": 3})(type("Env", (), {"reset": reset, "step": step}))


def test_arithmetic_that_differs_when_compiled_is_found():
    huge = 2**62

    class Wraps:
        def reset(state, rng):
            state[0] = 0.0

        def step(state, action):
            return float(huge * 4 + int(state[0])), False

    with pytest.raises(ValueError, match=r"compiled, it gives .* look for integers that overflow"):
        envs.native(**SIZES)(Wraps)


def test_missing_numba(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(ImportError, match=r"pip install 'ember-ml\[numba\]'"):
        envs.native(**SIZES)(type("Env", (), {"reset": reset, "step": step}))


def test_names_of_its_numbers():
    class Named:
        observation_names, action_names = ("place",), ("left", "stay", "right")

        def reset(state, rng):
            state[0] = 0.0

        def step(state, action):
            state[0] += action - 1
            return -abs(state[0]), False

    native = envs.native(state_size=1, observation_size=1, action_size=3, discrete=True, max_steps=5)
    spec = native(Named)
    assert spec.observation_names == ("place",) and spec.action_names == ("left", "stay", "right")
    Named.action_names = ("left",)
    with pytest.raises(ValueError, match=r"env: Named.action_names has 1 names; wanted 3"):
        native(Named)
