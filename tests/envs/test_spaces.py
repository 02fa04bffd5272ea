"""Spaces: observations flattened as gymnasium does, actions in the space's own shape and type."""

from __future__ import annotations

import pickle

import gymnasium
import numpy as np
import pytest
from ember_ml import envs, es
from ember_ml.envs.arrays import EnvMistake
from ember_ml.envs.spaces import flatten, observation_size, unbatch
from ember_ml.report.baseline import random_return
from ember_ml.report.episode import play
from gymnasium import spaces

BOX = spaces.Box(-1.0, 1.0, (2, 3))
STRUCTURED = [
    spaces.Discrete(4),
    spaces.Discrete(3, start=-1),
    spaces.MultiDiscrete([3, 2]),
    spaces.MultiDiscrete([[3, 2], [2, 4]], start=[[1, 0], [0, -2]]),
    spaces.Tuple([BOX, spaces.Discrete(3)]),
    spaces.Dict(b=spaces.Discrete(2), a=BOX, c=spaces.Tuple([spaces.MultiBinary(3), spaces.Discrete(2)])),
    spaces.Dict(
        inner=spaces.Dict(x=BOX, y=spaces.MultiDiscrete([2, 2])), z=spaces.Box(0, 255, (2,), np.uint8)
    ),
]
PLAIN = [BOX, spaces.Box(0, 255, (2, 2, 1), np.uint8), spaces.MultiBinary(3), spaces.MultiBinary([2, 2])]


@pytest.mark.parametrize("space", STRUCTURED + PLAIN, ids=str)
def test_observations_are_flattened_as_gymnasium_does(space):
    space.seed(0)
    for _ in range(20):
        sample = space.sample()
        flat = flatten(space, sample)
        np.testing.assert_array_equal(flat, spaces.flatten(space, sample).astype(np.float32))
        assert flat.dtype == np.float32 and flat.size == observation_size("", space)


@pytest.mark.parametrize("space", STRUCTURED, ids=str)
def test_a_vector_environments_batch_is_taken_apart(space):
    batch = gymnasium.vector.utils.batch_space(space, 3)
    batch.seed(0)
    sample = batch.sample()
    want = [flatten(space, one) for one in gymnasium.vector.utils.iterate(batch, sample)]
    np.testing.assert_array_equal([flatten(space, one) for one in unbatch(space, sample, 3)], want)


@pytest.mark.parametrize(
    ("space", "value"),
    [
        (spaces.Discrete(3), 3),
        (spaces.Discrete(3), -1),
        (spaces.Discrete(3), 1.5),
        (spaces.Discrete(3), float("nan")),
        (spaces.Discrete(3, start=2), 1),
        (spaces.MultiDiscrete([3, 2]), [1, 2]),
        (spaces.MultiDiscrete([3, 2]), [1]),
        (spaces.Dict(a=BOX), {"b": np.zeros((2, 3))}),
        (spaces.Dict(a=BOX), {"a": np.zeros(5)}),
        (spaces.Dict(a=BOX), np.zeros(6)),
        (spaces.Tuple([BOX, BOX]), (np.zeros(6),)),
    ],
)
def test_what_is_not_of_the_space_is_said(space, value):
    with pytest.raises(EnvMistake, match=r"(of )?the observation is"):
        flatten(space, value)


class Env(gymnasium.Env):
    """Checks its actions, and is worth what they are close to."""

    def __init__(self, observation=BOX, action=None):
        self.observation_space, self.action_space = observation, action or spaces.Discrete(2)
        self.taken = []

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.observation_space.seed(seed)
        self.time = 0
        return self.observation_space.sample(), {}

    def step(self, action):
        assert self.action_space.contains(action), repr(action)
        self.taken.append(action)
        self.time += 1
        return self.observation_space.sample(), float(np.sum(action)), self.time == 4, False, {}


class OwnBox(spaces.Box):
    pass


class OwnDiscrete(spaces.Discrete):
    pass


ACTIONS = [
    spaces.Discrete(3),
    spaces.Discrete(3, start=5),
    OwnDiscrete(4),
    spaces.MultiDiscrete([3, 2]),
    spaces.MultiDiscrete([2]),
    spaces.MultiDiscrete([[3, 2], [2, 4]]),
    spaces.MultiDiscrete([3, 2], start=[5, -1]),
    spaces.MultiBinary(3),
    spaces.MultiBinary([2, 2]),
    spaces.Box(-1, 1, ()),
    spaces.Box(-1, 1, (1,)),
    spaces.Box(-1, 1, (2, 2)),
    OwnBox(-1, 1, (2,)),
    spaces.Box(-np.inf, np.inf, (2,), np.float64),
    spaces.Box(-1, 1, (2,), np.float16),
    spaces.Box(3.0, 3.0, (2,)),
    spaces.Box(np.array([1.0, -2.0], np.float32), np.array([1.0, 2.0], np.float32)),
    spaces.Box(0, 255, (2, 2), np.uint8),
    spaces.Box(-3, 5, (2,), np.int64),
    spaces.Box(np.iinfo(np.int64).min, np.iinfo(np.int64).max, (2,), np.int64),
    spaces.Box(np.iinfo(np.int32).min, np.iinfo(np.int32).max, (2,), np.int32),
    spaces.Box(0, np.iinfo(np.uint64).max, (2,), np.uint64),
]


@pytest.mark.parametrize("action", ACTIONS, ids=repr)
@pytest.mark.parametrize("observation", [BOX, STRUCTURED[0], STRUCTURED[-2]], ids=["box", "discrete", "dict"])
def test_a_policy_trains_on_a_space_and_gives_what_step_accepts(observation, action):
    spec = envs.make(Env, observation=observation, action=action)
    trainer = es.Trainer(spec, (4,), es.OpenAIES(directions=3, sigma=2.0), seed=0, progress=False)
    run = trainer.run(2)
    env = Env(observation, action)
    seen = [env.reset(seed=3)[0]]
    for _ in range(4):
        answer = env.step(run.policy(seen[-1]))
        seen.append(answer[0])
    batch = run.policy(seen if spec.observation_space is not None else np.stack(seen))
    assert len(batch) == 5
    for one, taken in zip(batch, env.taken):
        np.testing.assert_array_equal(one, taken)
        assert np.asarray(one).dtype == np.asarray(taken).dtype
    assert run.evaluate(3).returns.shape == (3,)
    assert len(play(run).rewards) == 4 and np.isfinite(random_return(run, 2))


def test_scalars_are_python_numbers():
    run = es.Trainer(envs.make(Env), (4,), seed=0, progress=False).run(1)
    assert type(run.policy(np.zeros((2, 3)))) is int


def test_whole_numbers_are_rounded_and_never_wrap():
    spec = envs.make(Env, action=spaces.Box(0, 255, (2,), np.uint8))
    outputs = np.array([[1.4, 1.6], [-5.0, 300.0], [2.5, 1e30]], np.float32)
    for clip in (True, False):
        actions = spec.actions(outputs, clip)
        assert actions.dtype == np.uint8 and actions.tolist() == [[1, 2], [0, 255], [2, 255]]
    for dtype in (np.int64, np.uint64, np.int32):
        ends = np.iinfo(dtype)
        spec = envs.make(Env, action=spaces.Box(ends.min, ends.max, (1,), dtype))
        low, high = spec.actions(np.array([[-1e30], [1e30]], np.float32)).ravel().tolist()
        assert low == max(ends.min, -(2**53)) and high == min(ends.max, 2**53)


@pytest.mark.parametrize("shape", [(2, 3), (1, 4), (4, 1), (4,), (1,), (), (3, 3)])
def test_the_environments_own_observation_is_always_one(shape):
    size = int(np.prod(shape))
    spec = envs.make(Env, observation=spaces.Box(-1, 1, shape))
    policy = es.Trainer(spec, (4,), seed=0, progress=False).policy
    one = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    many = np.stack([one, -one, one * 0.5])
    action = policy(one)
    assert type(action) is int
    assert type(policy(one.reshape(size))) is int and policy(one.tolist()) == action
    want = [policy(x) for x in many]
    np.testing.assert_array_equal(policy(many), want)
    np.testing.assert_array_equal(policy(many.reshape(3, size)), want)
    if shape != ():  # there one number in a row is the one observation laid out flat
        assert policy(many[:1]).tolist() == want[:1]
    for wrong in (
        np.zeros((size + 1, 0)),
        np.zeros((3, size + 1)),
        np.zeros((2, 2, 2, 2)),
        "north",
        None,
        [[1], [1, 2]],
    ):
        with pytest.raises(ValueError, match=r"observation: got .*wanted"):
            policy(wrong)


def test_structured_observations_single_listed_batched_and_flat():
    space = STRUCTURED[-2]
    policy = es.Trainer(envs.make(Env, observation=space), (4,), seed=0, progress=False).policy
    space.seed(1)
    listed = [space.sample() for _ in range(3)]
    want = [policy(one) for one in listed]
    assert all(type(action) is int for action in want)
    flat = np.stack([flatten(space, one) for one in listed])
    batch = gymnasium.vector.utils.concatenate(
        space, listed, gymnasium.vector.utils.create_empty_array(space, 3)
    )
    for many in (listed, flat, batch):
        assert policy(many).tolist() == want
    assert policy(flat[0]) == want[0]
    with pytest.raises(ValueError, match=r"(?s)observation: got dict .*wanted one of Dict"):
        policy({"a": np.zeros((2, 3))})


def test_an_own_class_gets_from_the_policy_what_it_gets_in_training():
    taken = []

    class Own:
        observation_size, action_size = 1, 1

        def reset(self):
            return 0.5

        def step(self, action):
            taken.append(action)
            return 0.5, 0.0, True, {}

    run = es.Trainer(Own, (4,), seed=0, progress=False).run(1)
    play(run)
    assert {(type(action), action.shape, action.dtype.name) for action in taken} == {
        (np.ndarray, (), "float32")
    }
    action = run.policy(0.5)
    assert np.shape(action) == np.shape(taken[0]) == () and np.asarray(action).dtype == np.float32

    class Shaped(Own):
        action_shape = (1, 1)

    taken.clear()
    run = es.Trainer(Shaped, (4,), seed=0, progress=False).run(1)
    assert run.policy([0.5]).shape == taken[0].shape == (1, 1)
    with pytest.raises(ValueError, match=r"env: Wrong.action_shape is \(2, 1\); wanted"):
        envs.make(type("Wrong", (Own,), {"action_shape": (2, 1)}))


def test_whole_numbers_are_not_exported_unrounded(tmp_path):
    for dtype in (np.int64, np.uint8):
        spec = envs.make(Env, action=spaces.Box(0, 9, (2,), dtype))
        run = es.Trainer(spec, (4,), seed=0, progress=False).run(1)
        with pytest.raises(ValueError, match=r"the actions of Env are whole numbers \(u?int"):
            run.export(tmp_path / "policy.h")


def test_whole_numbers_are_states_and_floats_are_flattened_ones():
    for space in (spaces.Discrete(6), spaces.MultiDiscrete([3, 3])):
        policy = es.Trainer(envs.make(Env, observation=space), (4,), seed=0, progress=False).policy
        space.seed(0)
        states = np.stack([space.sample() for _ in range(6)])  # as many as a flattened one has numbers
        want = [policy(state) for state in states]
        flat = np.stack([flatten(space, state) for state in states])
        assert policy(states).tolist() == policy(flat).tolist() == want
        assert policy(flat[0]) == want[0] and policy(states.tolist()).tolist() == want
        with pytest.raises(ValueError, match=r"observation: got"):
            policy(np.full(6, 9))


def test_choices_that_do_not_start_at_0(tmp_path):
    spec = envs.make(Env, action=spaces.MultiDiscrete([[3, 2]], start=[[5, -1]]))
    actions = spec.actions(np.array([[0, 0, 1, 1, 0], [1, 0, 0, 0, 1]], np.float32))
    assert spec.as_steps(actions).tolist() == [[[7, -1]], [[5, 0]]]
    run = es.Trainer(spec, (4,), seed=0, progress=False).run(1)
    with pytest.raises(ValueError, match=r"the choices of Env start at \(5, -1\)"):
        run.export(tmp_path / "policy.h")


@pytest.mark.parametrize("name", ["FrozenLake-v1", "Blackjack-v1"])
def test_a_policy_from_a_file_takes_the_observations_of_its_environment(name, tmp_path):
    run = es.train(name, (4,), generations=2, seed=0, progress=False)
    run.save(tmp_path / "run.npz")
    policy, space = es.load(tmp_path / "run.npz").policy, gymnasium.make(name).observation_space
    space.seed(0)
    states = [space.sample() for _ in range(8)]
    want = [run.policy(state) for state in states]
    assert [policy(state) for state in states] == policy(states).tolist() == want
    assert policy(np.stack([flatten(space, state) for state in states])).tolist() == want


def test_a_policy_from_a_file_keeps_where_its_choices_start(tmp_path):
    spec = envs.make(Env, action=spaces.MultiDiscrete([3, 2], start=[5, -1]))
    run = es.Trainer(spec, (4,), seed=0, progress=False).run(1)
    run.save(tmp_path / "run.npz")
    observation = np.full((2, 3), 0.5)
    action = es.load(tmp_path / "run.npz").policy(observation)
    np.testing.assert_array_equal(action, run.policy(observation))
    assert (action >= [5, -1]).all()


def test_a_policy_that_was_pickled_gives_the_same_actions():
    spec = envs.make(Env, action=spaces.Box(-1, 1, (2,)))
    policy = es.Trainer(spec, (4,), seed=0, progress=False).run(1).policy
    observation = np.full((2, 3), 0.5)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(policy))(observation), policy(observation))
