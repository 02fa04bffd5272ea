"""How many environment objects are made, and what copies of one share."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from ember_ml import envs, es
from ember_ml.engines.python import MOST_LANES, PythonEngine
from ember_ml.envs.copies import copy_of
from ember_ml.policy.spec import DenseLayer, PolicySpec
from ember_ml.rollout import Population

LINEAR = PolicySpec(1, 1, 2, layers=(DenseLayer(1, 1, 0, 1),))
PEOPLE = Population(np.zeros(2, np.float32), 0.1, seed=0, generation=0, directions=40)


def frozen(array):
    array.flags.writeable = False
    return array


class Table:
    """An environment around a large table."""

    observation_size = action_size = 1

    def __init__(self, **attributes):
        self.own = np.zeros(3)
        self.__dict__.update(attributes)

    def reset(self, seed):
        self.place = seed % 7
        return np.array([self.place])

    def step(self, action):
        return np.array([self.place]), float(self.place), True, {}


class Naming(Table):
    shared_between_lanes = ("table",)


class Wrapper:
    """As gymnasium's and the older gym's: passes on what it lacks."""

    def __init__(self, env):
        self.env = env

    def __getattr__(self, key):
        if key.startswith("__") or "env" not in vars(self):
            raise AttributeError(key)
        return getattr(self.env, key)


def lanes_of(env, **arguments):
    engine = PythonEngine(envs.make(env), LINEAR, **arguments)
    engine.evaluate(PEOPLE)
    return [adapter.env for adapter in engine._lanes._envs.values()]


def test_copies_share_what_nobody_can_write():
    inner = {"deep": [Table(map=frozen(np.zeros(5)))]}
    env = Table(table=frozen(np.arange(1000)), nested=inner)
    env.itself = env
    found = lanes_of(env)
    assert len({id(e) for e in found}) == MOST_LANES and env not in found
    assert {id(e.table) for e in found} == {id(env.table)}
    assert {id(e.nested["deep"][0].map) for e in found} == {id(inner["deep"][0].map)}
    assert len({id(e.own) for e in found}) == len(found)
    assert all(e.itself is e for e in found)


def test_copies_share_what_the_environment_names():
    table = {"a": np.zeros(1000)}
    for env in (Naming(table=table), Table(table=table, shared_between_lanes=["table"])):
        assert {id(e.table) for e in lanes_of(env)} == {id(table)}
    assert id(table) not in {id(e.table) for e in lanes_of(Table(table=table))}
    wrapped = copy_of(Wrapper(Naming(table=table)))
    assert wrapped.env.table is table and wrapped.env.own is not None


def test_a_view_that_somebody_can_write_through_its_base_is_copied():
    base = np.zeros(1000)
    view = frozen(base[:])
    assert copy_of(Table(table=view)).table is not view
    objects = frozen(np.array([[], {}], dtype=object))
    assert copy_of(Table(table=objects)).table is not objects


def test_an_environments_own_deepcopy_decides():
    class Own(Table):
        def __deepcopy__(self, memo):
            return type(self)(table=self.table, told=True)

    env = Own(table=np.zeros(10))
    assert all(e.table is env.table and e.told for e in lanes_of(env))


def test_gymnasium_wrappers_are_looked_through():
    gymnasium = pytest.importorskip("gymnasium")

    class Env(gymnasium.Env):
        observation_space = action_space = gymnasium.spaces.Box(-1, 1, (1,))
        shared_between_lanes = ("table",)
        table = None

        def reset(self, *, seed=None, options=None):
            return np.zeros(1, np.float32), {}

        def step(self, action):
            return np.zeros(1, np.float32), 0.0, True, False, {}

    env = Env()
    env.table = {"large": 1}
    assert {id(e.unwrapped.table) for e in lanes_of(gymnasium.wrappers.TimeLimit(env, 5))} == {id(env.table)}


@pytest.mark.parametrize("names", ["table", (1,), ("nothing",)])
def test_names_that_do_not_fit(names):
    with pytest.raises(ValueError, match=r"env: Table.shared_between_lanes (is|names) "):
        envs.make(Table(shared_between_lanes=names))


def test_the_copy_made_to_see_whether_it_can_be_is_used():
    class Counting(Table):
        copies = 0

        def __deepcopy__(self, memo):
            Counting.copies += 1
            return type(self)()

    engine = PythonEngine(envs.make(Counting()), LINEAR, lanes=3)
    engine.evaluate(PEOPLE)
    assert Counting.copies == 3


@pytest.mark.parametrize("lanes", [1, 3, 200])
def test_lanes_decide_how_many_objects_there_are_and_nothing_else(lanes):
    want = PythonEngine(envs.make(Table), LINEAR).evaluate(PEOPLE)
    for env in (Table, Table()):
        assert len(lanes_of(env, lanes=lanes)) == min(lanes, PEOPLE.members)
        got = PythonEngine(envs.make(env), LINEAR, lanes=lanes).evaluate(PEOPLE)
        np.testing.assert_array_equal(got.returns, want.returns)


def test_the_trainer_takes_lanes_and_says_where_they_mean_nothing():
    trainer = es.Trainer(Table, seed=0, lanes=2, progress=False)
    trainer.run(1)
    assert len(trainer.engine._lanes._envs) == 2 and "up to 2 episodes" in trainer.explain()
    assert es.train(Table, seed=0, lanes=2, generations=1, progress=False).steps > 0
    with pytest.warns(
        UserWarning, match="lanes=2 has no effect: .*Simple1D-v0 is stepped by the native engine"
    ):
        es.Trainer("Simple1D-v0", seed=0, lanes=2)
    for wrong in (0, 1.5, "2"):
        with pytest.raises((ValueError, TypeError), match="lanes: got"):
            es.Trainer(Table, lanes=wrong)


def test_deepcopies_of_the_guarded_kind_are_whole():
    env = Table(table=frozen(np.arange(5)))
    assert copy.deepcopy(env).table is not env.table, "copy.deepcopy itself does not share"
    np.testing.assert_array_equal(copy_of(env).table, env.table)
