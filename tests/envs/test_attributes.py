"""What environments say of themselves: time limits, names, shapes, seeding, reset options."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from ember_ml import envs, es
from ember_ml.engines.python import PythonEngine
from ember_ml.policy.spec import DenseLayer, PolicySpec
from ember_ml.rollout import Population

gymnasium = pytest.importorskip("gymnasium")

LINEAR = PolicySpec(1, 1, 2, layers=(DenseLayer(1, 1, 0, 1),))
PEOPLE = Population(np.zeros(2, np.float32), 0.1, seed=0, generation=0, directions=3)


class Endless:
    """The guide's way: a class with plain attributes; nothing in it ends an episode."""

    observation_size, action_size, max_steps = 1, 1, 7
    observation_names, action_names = ("level",), ["valve"]

    def reset(self, seed=None):
        return np.zeros(1, np.float32)

    def step(self, action):
        return np.zeros(1, np.float32), 1.0, False, {}


class Instance(Endless):
    max_steps = None

    def __init__(self, limit=9):
        self.max_steps = limit


class Space(gymnasium.Env):
    observation_space = gymnasium.spaces.Box(-1, 1, (1,))
    action_space = gymnasium.spaces.Box(-1, 1, (1,))

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(1, np.float32), {}

    def step(self, action):
        return np.zeros(1, np.float32), 1.0, False, False, {}


class Limited(Space):
    max_steps = 11


class Old(Space):
    _max_episode_steps = 13


def limited(steps, env=Space):
    return lambda: gymnasium.wrappers.TimeLimit(env(), steps)


@pytest.mark.parametrize(
    ("env", "limit"),
    [
        (Endless, 7),
        (Endless(), 7),
        (lambda: Endless(), 7),
        (Instance, 9),
        (Instance(3), 3),
        (Space, None),
        (Limited, 11),
        (lambda: gymnasium.wrappers.RecordEpisodeStatistics(Limited()), 11),
        (Old, 13),
        (limited(5), 5),
        (limited(5, Limited), 5),
        (limited(50, Limited), 11),
        (lambda: gymnasium.wrappers.ClipAction(limited(6)()), 6),
        (lambda: gymnasium.make("CartPole-v1", max_episode_steps=40), 40),
        (lambda: gymnasium.make("CartPole-v1", max_episode_steps=-1), None),
        (lambda: gymnasium.make("CartPole-v1").unwrapped, None),
        (lambda: gymnasium.make_vec("CartPole-v1", num_envs=2), 500),
        (lambda: gymnasium.vector.SyncVectorEnv([limited(8)] * 2), 8),
        (lambda: gymnasium.vector.SyncVectorEnv([Limited] * 2), 11),
        (lambda: gymnasium.vector.AsyncVectorEnv([limited(8)] * 2), 8),
        (lambda: gymnasium.vector.AsyncVectorEnv([Limited] * 2), 11),
    ],
)
def test_a_time_limit_is_found_wherever_it_is(env, limit):
    spec = envs.make(env)
    assert spec.max_steps == limit
    if spec.vector:
        spec.keepalive.close()


def test_the_limit_of_a_class_ends_its_episodes():
    result = PythonEngine(envs.make(Endless), LINEAR).evaluate(PEOPLE)
    assert (result.lengths == 7).all()


@pytest.mark.parametrize("wrong", [0, -1, 2.5, "9", True, [3]])
def test_a_limit_that_is_none(wrong):
    with pytest.raises(ValueError, match=r"env: Instance.max_steps is .*wanted a positive whole number"):
        envs.make(Instance, limit=wrong)


def test_limits_that_say_there_is_none():
    for limit in (None, float("inf"), np.inf):
        assert envs.make(Instance, limit=limit).max_steps is None
    for limit in (20.0, np.int64(20)):
        assert envs.make(Instance, limit=limit).max_steps == 20


def test_names_of_numbers():
    spec = envs.make(Endless)
    assert spec.observation_names == ("level",) and spec.action_names == ("valve",)
    assert envs.make(Space).observation_names == () and envs.make(Space).action_names == ()
    for name in envs.registry():
        spec = envs.make(name)
        assert len(spec.observation_names) == spec.observation_size
        assert len(spec.action_names) == spec.action_size
    for wrong in (("a", "b"), "a", (1,), 3):
        named = type("Named", (Endless,), {"observation_names": wrong})
        with pytest.raises(ValueError, match=r"env: Named.observation_names "):
            envs.make(named)


def test_names_of_a_python_twin_are_the_built_in_ones():
    from ember_ml.engines.select import in_python

    spec = envs.make("CartPole-v1")
    assert in_python(spec).observation_names == spec.observation_names != ()


@pytest.mark.parametrize("key", ["observation_size", "action_size"])
@pytest.mark.parametrize("wrong", [-1, 1.5, "2", True])
def test_sizes_that_are_none(key, wrong):
    with pytest.raises(ValueError, match=rf"env: Sized.{key} is .*wanted a positive whole number"):
        envs.make(type("Sized", (Endless,), {key: wrong}))


class Random:
    """Starts where its random generator says, in one of three ways to seed it."""

    action_size = 1

    def step(self, action):
        return np.zeros(1, np.float32), self.start, True, {}

    def _start(self, random):
        self.start = float(random.normal())
        return np.array([self.start], np.float32)


class ByArgument(Random):
    def reset(self, seed):
        return self._start(np.random.default_rng(seed))


class ByMethod(Random):
    def seed(self, number=None):
        self.random = np.random.default_rng(number)

    def reset(self):
        return self._start(self.random)


class Unseeded(Random):
    def reset(self):
        return self._start(np.random.default_rng())


class Alike(Random):
    seed = 3  # a number of its own, not a method

    def reset(self):
        self.start = 1.0
        return np.zeros(1, np.float32)


def test_environments_are_seeded_by_argument_or_by_the_older_method():
    returns = []
    for env in (ByArgument, ByMethod):
        spec = envs.make(env)
        assert spec.seedable
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            results = [PythonEngine(spec, LINEAR).evaluate(PEOPLE).returns for _ in range(2)]
        np.testing.assert_array_equal(*results)
        assert len(np.unique(results[0])) == 3, "the two members of a pair start alike"
        returns.append(results[0])
    np.testing.assert_array_equal(*returns)


def test_starts_by_chance_are_warned_of_once():
    spec = envs.make(Unseeded)
    assert not spec.seedable
    engine = PythonEngine(spec, LINEAR)
    with pytest.warns(
        UserWarning, match="Unseeded starts its episodes by chance and takes no seed"
    ) as caught:
        for _ in range(3):
            engine.evaluate(PEOPLE)
    assert len(caught) == 1


def test_an_environment_without_seed_that_starts_alike_is_left_in_peace():
    spec = envs.make(Alike)
    assert not spec.seedable
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        PythonEngine(spec, LINEAR).evaluate(PEOPLE)


def test_seeing_whether_starts_differ_asks_nothing_of_the_environment():
    class Counting(Alike):
        made = resets = 0

        def __init__(self):
            Counting.made += 1

        def reset(self):
            Counting.resets += 1
            return super().reset()

    spec = envs.make(Counting)
    assert (Counting.made, Counting.resets) == (1, 1)
    PythonEngine(spec, LINEAR).evaluate(PEOPLE)
    assert (Counting.made, Counting.resets) == (6, 7)


class Optional(Space):
    """Returns what its reset was told."""

    take = staticmethod(dict.get)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.level = self.take(options, "level") if options else 0.0
        return np.zeros(1, np.float32), {}

    def step(self, action):
        return np.zeros(1, np.float32), self.level, True, False, {}


class Popping(Optional):
    take = staticmethod(dict.pop)


if "EmberTest/Optional-v0" not in gymnasium.registry:
    gymnasium.register("EmberTest/Optional-v0", entry_point=Optional, max_episode_steps=5)


def test_reset_options_reach_every_reset():
    given = {"level": 2.0}
    vector = gymnasium.vector.SyncVectorEnv([Optional] * 4, autoreset_mode="Disabled")
    for env in (Optional, Popping, Popping(), lambda: Optional(), "EmberTest/Optional-v0", vector):
        spec = envs.make(env, reset_options=given)
        assert spec.reset_options == given
        engine = PythonEngine(spec, LINEAR)
        for _ in range(2):
            assert (engine.evaluate(PEOPLE).returns == 2.0).all()
    assert given == {"level": 2.0}
    assert (PythonEngine(envs.make(Optional), LINEAR).evaluate(PEOPLE).returns == 0.0).all()


def test_reset_options_and_lanes_are_in_the_file(tmp_path):
    spec = envs.make("FrozenLake-v1", reset_options={"level": 2.0})
    trainer = es.Trainer(spec, (2,), seed=0, progress=False, generations=1, lanes=2)
    trainer.run()
    trainer.save(tmp_path / "run.npz")
    back = es.Trainer.load(tmp_path / "run.npz")
    assert back.env.factory().reset_options == {"level": 2.0} and back.problem.where.lanes == 2
    assert es.Trainer.load(tmp_path / "run.npz", lanes=5).problem.where.lanes == 5


def test_reset_options_that_cannot_be_passed():
    with pytest.raises(ValueError, match=r"reset_options: CartPole-v1 is native.*lambda: gymnasium.make"):
        envs.make("CartPole-v1", reset_options={"low": 0.0})
    with pytest.raises(ValueError, match="reset_options: the reset of Endless takes no `options`"):
        envs.make(Endless, reset_options={"low": 0.0})
    with pytest.raises(TypeError, match="reset_options: got 3, wanted a dict"):
        envs.make(Optional, reset_options=3)
    with pytest.raises(ValueError, match="Optional is resolved already"):
        envs.make(envs.make(Optional), reset_options={})


def test_render_of_an_own_environment_is_reached_from_its_spec():
    class Drawn(Endless):
        def render(self):
            return np.zeros((4, 4, 3), np.uint8)

    assert envs.make(Drawn).factory().render().shape == (4, 4, 3)
    assert envs.make(Endless).factory().render() is None


class Anything:
    """A wrapper of the user's own, whose reset hands on whatever it gets."""

    def __init__(self, env):
        self.env = env

    def reset(self, **kwargs):
        return self.env.reset(**kwargs)

    def step(self, action):
        return self.env.step(action)


@pytest.mark.parametrize(("env", "seedable"), [(ByArgument, True), (Alike, False), (Unseeded, False)])
def test_a_reset_that_hands_on_anything_takes_what_the_environment_inside_takes(env, seedable):
    spec = envs.make(lambda: Anything(Anything(env())))
    assert spec.seedable is seedable
    spec.factory().reset(0)
    with pytest.raises(ValueError, match="takes no `options`"):
        envs.make(lambda: Anything(env()), reset_options={})


def test_explain_says_what_cannot_be_repeated():
    assert "starts:" not in es.Trainer(ByArgument, (2,), seed=0, progress=False).explain()
    assert "starts: Alike takes no seed" in es.Trainer(Alike, (), seed=0, progress=False).explain()
    vector = gymnasium.make_vec("CartPole-v1", num_envs=3, vectorization_mode="vector_entry_point")
    text = es.Trainer(vector, seed=0, progress=False).explain()
    assert "takes one seed for all of its 3 lanes" in text
