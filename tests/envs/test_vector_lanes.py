"""Vector environments written to gymnasium's base class, in every autoreset mode and array type."""

from __future__ import annotations

import warnings
from typing import Any

import gymnasium
import numpy as np
import pytest
from ember_ml import envs
from ember_ml.engines.python import PythonEngine
from ember_ml.envs.vector_lanes import seeds_of
from ember_ml.errors import EvaluationError
from ember_ml.policy.spec import DenseLayer, PolicySpec
from ember_ml.rollout import Population
from gymnasium.vector import AutoresetMode

LINEAR = PolicySpec(2, 1, 3, layers=(DenseLayer(2, 1, 0, 2),))
MODES = list(AutoresetMode)


def people(**changes):
    return Population(
        **{
            "mean": np.zeros(3, np.float32),
            "scale": 0.1,
            "seed": 0,
            "generation": 0,
            "directions": 5,
            **changes,
        }
    )


class Base(gymnasium.vector.VectorEnv):
    """Lane i starts at a number that its seed decides and lasts 2 + i % 3 steps; written to the base class.

    Knows nothing of reset masks: a reset starts every lane again, so a reset in the middle is seen.
    """

    num_envs = 4
    single_observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (2,))
    single_action_space = gymnasium.spaces.Box(-1.0, 1.0, (1,))
    mode: Any = None
    convert = staticmethod(lambda values: values)
    info = True
    values = 5

    def __init__(self):
        self.metadata = {} if self.mode is None else {"autoreset_mode": self.mode}
        self.resets = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        assert seed is None or type(seed) is int, seed
        super().reset(seed=seed)
        return self._start(self.np_random)

    def _start(self, random):
        self.resets += 1
        self.position = random.normal(size=self.num_envs)
        self.time = np.zeros(self.num_envs, int)
        self.ended = np.zeros(self.num_envs, bool)
        observation = self.convert(np.stack([self.position, self.time], axis=1))
        return (observation, {}) if self.info else observation

    def step(self, actions):
        assert actions.shape == (self.num_envs, 1)
        again = self.ended if self.mode in (None, AutoresetMode.NEXT_STEP) else np.zeros(self.num_envs, bool)
        self.time = np.where(again, 0, self.time + 1)
        self.ended = self.time >= 2 + np.arange(self.num_envs) % 3
        rewards = np.where(again, 0.0, self.position)
        if self.mode is AutoresetMode.SAME_STEP:
            self.time = np.where(self.ended, 0, self.time)
        observations = np.stack([self.position, self.time], axis=1)
        cut = np.zeros(self.num_envs, bool)
        answer = (observations, rewards, self.ended, cut)
        if self.values == 4:
            answer = (observations, rewards, self.ended)
        return (*(self.convert(part) for part in answer), {})


def returns(env, **changes):
    with PythonEngine(envs.make(env), LINEAR) as engine:
        result = engine.evaluate(people(**changes))
    return result.returns.ravel(), result.lengths.ravel()


@pytest.mark.parametrize("mode", [None, *MODES])
def test_the_base_class_in_every_autoreset_mode(mode):
    env = type("Env", (Base,), {"mode": mode})()
    assert envs.make(env).seedable and envs.make(env).lanes == 4
    totals, lengths = returns(env)
    assert lengths.tolist() == [2, 3, 4, 2, 2, 3, 4, 2, 2, 3]
    assert env.resets == 3, "nobody is started again in the middle"
    np.testing.assert_array_equal(totals, returns(type(env)())[0])
    want = []
    for first in (0, 4, 8):
        lane = np.random.default_rng(_seed(first // 2)).normal(size=4)
        want += (lane * np.array([2, 3, 4, 2])).tolist()
    np.testing.assert_allclose(totals, want[:10], rtol=1e-12)
    assert (totals != returns(env, generation=1)[0]).all()


def _seed(direction):
    from ember_ml import _core

    return _core.derived_seed(1, 0, 0, direction, 0)


@pytest.mark.parametrize("values", [4, 5])
@pytest.mark.parametrize("info", [True, False])
@pytest.mark.parametrize("kind", ["list", "torch", "gradient", "float32", "column"])
def test_arrays_of_any_kind(kind, info, values):
    if kind in ("torch", "gradient"):
        torch = pytest.importorskip("torch")
    convert = {
        "list": lambda a: a.tolist(),
        "torch": lambda a: torch.as_tensor(a),
        "gradient": lambda a: torch.as_tensor(a).requires_grad_(a.dtype.kind == "f") * 1,
        "float32": lambda a: a.astype(np.float32),
        "column": lambda a: a.reshape(len(a), -1),
    }[kind]
    env = type("Env", (Base,), {"convert": staticmethod(convert), "info": info, "values": values})()
    np.testing.assert_allclose(returns(env)[0], returns(Base())[0], rtol=1e-6)


def test_how_a_vector_environment_takes_its_seeds():
    class Listed(Base):
        def reset(self, *, seed: int | list[int | None] | None = None, options=None):
            assert isinstance(seed, list)
            return self._start(np.random.default_rng(abs(hash(tuple(seed)))))

    class Plain(Base):
        def reset(self, *, seed=None, options=None):
            assert type(seed) is int
            return self._start(np.random.default_rng(seed))

    class Unseeded(Base):
        def reset(self):
            return self._start(np.random.default_rng())

    wrapped = gymnasium.wrappers.vector.RecordEpisodeStatistics
    sync = gymnasium.vector.SyncVectorEnv([lambda: gymnasium.make("CartPole-v1")] * 2)
    for env, want in (
        (Base(), "number"),
        (Listed(), "list"),
        (Plain(), "number"),
        (Unseeded(), ""),
        (sync, "list"),
        (wrapped(sync), "list"),
        (wrapped(Base()), "number"),
        (gymnasium.make_vec("CartPole-v1", 2, vectorization_mode="vector_entry_point"), "number"),
    ):
        assert seeds_of(env) == want, env
    assert not envs.make(Unseeded()).seedable
    for env in (Listed(), Plain(), wrapped(Base())):
        returns(env)
    with pytest.warns(UserWarning, match="Unseeded starts its episodes by chance"):
        returns(Unseeded())


def test_the_native_vector_environments_take_a_seed_each():
    import ember_ml.gym  # noqa: F401

    env = gymnasium.make_vec("ember_ml/CartPole-v1", num_envs=3)
    assert seeds_of(env) == "list"


def test_a_function_that_makes_a_vector_environment_gets_it_closed():
    closed = []

    class Closing(Base):
        def close_extras(self, **kwargs):
            closed.append(self)

    spec = envs.make(lambda: Closing())
    for _ in range(2):
        with PythonEngine(spec, LINEAR) as engine:
            engine.evaluate(people())
    assert len(closed) == 2 and closed[0] is not closed[1]
    own = Closing()
    returns(own)
    assert len(closed) == 2, "the user's own is the user's to close"


def test_structured_observations_of_a_vector_environment():
    space = gymnasium.spaces.Dict(a=gymnasium.spaces.Box(-9, 9, (1,)), b=gymnasium.spaces.Discrete(2))

    class One(gymnasium.Env):
        observation_space, action_space = space, gymnasium.spaces.MultiDiscrete([[2, 3]], start=[[0, 0]])

        def reset(self, *, seed=None, options=None):
            super().reset(seed=seed)
            self.state = {"a": self.np_random.normal(size=1).astype(np.float32), "b": 1}
            return self.state, {}

        def step(self, action):
            assert self.action_space.contains(action)
            return self.state, float(self.state["a"][0] + action.sum()), True, False, {}

    linear = PolicySpec(3, 5, 20, layers=(DenseLayer(3, 5, 0, 15),))
    crowd = people(mean=np.zeros(20, np.float32))
    alone = PythonEngine(envs.make(One), linear).evaluate(crowd)
    for make in (gymnasium.vector.SyncVectorEnv, gymnasium.vector.AsyncVectorEnv):
        env = make([One] * 4)
        together = PythonEngine(envs.make(env), linear).evaluate(crowd)
        env.close()
        np.testing.assert_array_equal(alone.returns, together.returns)


def _answer(position, value):
    def step(self, actions):
        answer = list(Base.step(self, actions))
        answer[position] = value
        return tuple(answer)

    return type("Env", (Base,), {"step": step})


@pytest.mark.parametrize(
    ("env", "text"),
    [
        (_answer(0, np.full((4, 2), np.nan)), r"step returned an observation that is not finite \(NaN\)"),
        (_answer(0, np.zeros((4, 3))), "observations of 3 numbers, not 2"),
        (
            _answer(0, np.zeros(3)),
            r"step returned the observations ndarray of shape \(3,\); wanted an array with a row",
        ),
        (_answer(0, "north"), "step returned the observations str 'north'"),
        (_answer(1, np.full(4, np.inf)), r"step returned a reward that is not finite \(infinity\)"),
        (_answer(1, 1.0), "step returned the rewards float 1.0; wanted 4, one for each environment"),
        (_answer(2, [True]), r"step returned the terminations list \[True\]; wanted 4"),
        (_answer(3, None), "step returned the truncations NoneType None; wanted 4"),
        (
            type("Env", (Base,), {"step": lambda self, actions: None}),
            r"step returned NoneType None; wanted \(obs",
        ),
        (
            type("Env", (Base,), {"reset": lambda self, seed=None: (3, {})}),
            "reset returned the observations int 3",
        ),
    ],
)
def test_a_broken_vector_environment_is_one_clear_error(env, text):
    with pytest.raises(EvaluationError, match=text):
        returns(env())


def test_a_vector_environment_without_the_spaces_of_one():
    class Bare(gymnasium.vector.VectorEnv):
        num_envs = 2

        def reset(self, *, seed=None, options=None): ...
        def step(self, actions): ...

    with pytest.raises(ValueError, match="the vector environment Bare does not set single_observation_space"):
        envs.make(Bare())


def test_lanes_of_a_vector_environment_are_its_own():
    spec = envs.make(Base())
    PythonEngine(spec, LINEAR, lanes=4)
    with pytest.raises(ValueError, match="lanes: got 3, but the vector environment Base has 4"):
        PythonEngine(spec, LINEAR, lanes=3)


def test_lanes_that_start_each_in_its_own_way_are_left_in_peace():
    class Fixed(Base):
        def reset(self):
            return self._start(np.random.default_rng(0))

    env = Fixed()
    assert not envs.make(env).seedable
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        engine = PythonEngine(envs.make(env), LINEAR)
        engine.evaluate(people(directions=1))
        engine.evaluate(people())
