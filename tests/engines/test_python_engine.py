"""The python engine: returns, lengths, starts, limits, options."""

from __future__ import annotations

import gymnasium
import numpy as np
from ember_ml import envs
from ember_ml.engines.python import PythonEngine
from ember_ml.policy.normalizer import Normalizer
from ember_ml.policy.spec import DenseLayer, Elementwise, PolicySpec
from walkers import MLP, Walker, linear, population


def by_hand(theta, env=None):
    """The notebook's loop, one policy: return and length."""
    env = env or Walker()
    w1, b1, w2, b2 = theta[:16], theta[16:32], theta[32:48], theta[48]
    state, total, length, done = env.reset(), 0.0, 0, False
    while not done:
        action = np.tanh(np.maximum(state[0] * w1 + b1, 0) @ w2 + b2)
        state, reward, done, _ = env.step(np.asarray(action, np.float32))
        total += float(np.float32(reward))
        length += 1
    return total, length


def test_notebook_environment_equals_its_own_loop():
    people = population(49)
    engine = PythonEngine(envs.make(Walker), MLP)
    result = engine.evaluate(people, with_policy=True)
    rows = np.concatenate([rows for _, rows in people.chunks()] + [people.mean[None]])
    want = np.array([by_hand(row)[0] for row in rows])
    np.testing.assert_allclose(np.append(result.returns.ravel(), result.policy_returns), want, rtol=1e-5)
    assert (result.lengths == 100).all() and result.steps == 1100 and not result.failed.any()
    np.testing.assert_array_equal(result.fitness, result.returns[:, 0])


def test_an_instance_that_takes_no_seed_is_stepped_alone_with_equal_results():
    people = population(49)
    instance = Walker()
    spec = envs.make(instance)
    assert spec.lanes == 1
    one = PythonEngine(spec, MLP).evaluate(people)
    many = PythonEngine(envs.make(Walker), MLP).evaluate(people)
    np.testing.assert_array_equal(one.returns, many.returns)


class Drift(gymnasium.Env):
    """Ends at random, from its seed alone: terminated or truncated. Observations are float64 (2, 2)."""

    observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (2, 2), np.float64)
    action_space = gymnasium.spaces.Box(-1.0, 1.0, (2,), np.float32)
    made = closed = 0

    def __init__(self):
        type(self).made += 1

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.state = self.np_random.normal(size=(2, 2))
        self.end, self.number = int(self.np_random.integers(3, 40)), 0
        self.cut = bool(self.np_random.integers(2))
        return self.state, {}

    def step(self, action):
        assert action.shape == (2,) and (np.abs(action) <= 1).all()
        self.state = self.state + np.outer(action, action)
        self.number += 1
        over = self.number == self.end
        return self.state, float(self.state.sum()), over and not self.cut, over and self.cut, {}

    def close(self):
        type(self).closed += 1


def evaluate(engine, people, **arguments):
    with engine:
        return engine.evaluate(people, **arguments)


def same(a, b):
    np.testing.assert_array_equal(a.returns, b.returns)
    np.testing.assert_array_equal(a.lengths, b.lengths)
    assert len(a.leaves) == len(b.leaves)
    for x, y in zip(a.leaves, b.leaves):
        assert x.count == y.count
        np.testing.assert_array_equal(x.sum, y.sum)
        np.testing.assert_array_equal(x.sum_of_squares, y.sum_of_squares)


def test_results_do_not_depend_on_how_many_run_side_by_side(monkeypatch):
    people = population(10, directions=20)
    results = []
    for lanes in (1, 3, 64):
        monkeypatch.setattr("ember_ml.engines.python.MOST_LANES", lanes)
        engine = PythonEngine(envs.make(Drift), linear(4, 2), episodes=3, normalize=True)
        results.append(evaluate(engine, people))
    same(results[0], results[1])
    same(results[0], results[2])
    lengths = results[0].lengths
    assert len(np.unique(lengths)) > 10 and lengths.min() >= 3
    assert (lengths[0::2] == lengths[1::2]).all(), "the two members of a pair share their starts"
    assert sum(leaf.count for leaf in results[0].leaves) == lengths.sum()
    assert len(results[0].leaves) == 2


def test_vector_environments():
    people = population(10, directions=6)
    alone = evaluate(PythonEngine(envs.make(Drift), linear(4, 2), episodes=2, normalize=True), people)
    for mode in gymnasium.vector.AutoresetMode:
        vector = gymnasium.vector.SyncVectorEnv([Drift] * 5, autoreset_mode=mode)
        spec = envs.make(vector)
        assert (spec.lanes, spec.observation_size, spec.action_size) == (5, 4, 2)
        same(alone, evaluate(PythonEngine(spec, linear(4, 2), episodes=2, normalize=True), people))


def test_observation_sums_are_of_what_the_policy_saw():
    seen = []

    class Counting(Walker):
        def reset(self):
            seen.append(super().reset())
            return seen[-1]

        def step(self, action):
            answer = super().step(action)
            if not answer[2]:
                seen.append(answer[0])
            return answer

    people = population(49, directions=2)
    normalizer = Normalizer(np.array([1.5], np.float32), np.array([0.5], np.float32))
    result = PythonEngine(envs.make(Counting(steps=7)), MLP, normalize=True).evaluate(people, normalizer)
    (leaf,) = result.leaves
    values = np.concatenate(seen).astype(np.float64)[1:] - 1.5  # the first is the trial of envs.make
    assert leaf.count == 28
    np.testing.assert_allclose(leaf.sum, values.sum(), rtol=1e-12)
    np.testing.assert_allclose(leaf.sum_of_squares, (values**2).sum(), rtol=1e-12)


def test_limits_frame_skip_and_shaping():
    people = population(49, directions=2)
    whole = PythonEngine(envs.make(Walker), MLP, max_steps=30).evaluate(people)
    assert (whole.lengths == 30).all()
    skipped = PythonEngine(
        envs.make(Walker), MLP, max_steps=31, frame_skip=4, reward_scale=2.0, reward_offset=1.0
    ).evaluate(people)
    assert (skipped.lengths == 31).all()
    np.testing.assert_allclose(skipped.fitness, 2 * (skipped.returns[:, 0] - 31))
    assert (skipped.returns != whole.returns).all()
    registered = PythonEngine(envs.make(Drift), linear(4, 2), max_steps=5).evaluate(population(10))
    assert registered.lengths.max() == 5


def test_starts_are_keyed():
    spec = envs.make(Drift)

    def lengths(**changes):
        return PythonEngine(spec, linear(4, 2)).evaluate(population(10, **changes)).lengths.ravel()

    base = lengths()
    np.testing.assert_array_equal(base, lengths())
    for change in ({"seed": 4}, {"generation": 3}, {"reset_purpose": "evaluate"}, {"first_direction": 5}):
        assert (base != lengths(**change)).any(), change
    np.testing.assert_array_equal(lengths(first_direction=1, directions=2), base[2:6])
    assert len(set(lengths(common_starts=True))) == 1
    rows = np.zeros((4, 10), np.float32)
    assert len(set(lengths(rows=rows, directions=4, antithetic=False))) > 1


def test_environments_are_reused_and_closed():
    Drift.made = Drift.closed = 0
    engine = PythonEngine(envs.make(Drift), linear(4, 2))
    for generation in range(3):
        engine.evaluate(population(10, generation=generation))
    assert Drift.made == 10 and Drift.closed == 0
    engine.close()
    engine.close()
    assert Drift.closed == 10
    engine.evaluate(population(10))
    del engine
    assert Drift.closed == 20


def test_a_users_object_is_left_open():
    Drift.closed = 0
    vector = gymnasium.vector.SyncVectorEnv([Drift] * 2)
    evaluate(PythonEngine(envs.make(vector), linear(4, 2)), population(10))
    assert Drift.closed == 0
    instance = Walker()
    engine = PythonEngine(envs.make(instance), MLP)
    first = evaluate(engine, population(49))
    np.testing.assert_array_equal(first.returns, evaluate(engine, population(49)).returns)
    assert instance.number == 100


def test_copies_of_an_object_that_takes_a_seed():
    people = population(10)
    expected = evaluate(PythonEngine(envs.make(Drift), linear(4, 2)), people)
    spec = envs.make(Drift())
    assert spec.lanes is None
    same(expected, evaluate(PythonEngine(spec, linear(4, 2)), people))


def test_forwards_have_the_native_engines_bits():
    """The same policy on the same observations through `_core.forward_members` and `Module.forward`."""
    from ember_ml import nn
    from ember_ml.policy.forward import ModuleForward, SpecForward

    module = nn.Sequential(nn.Dense(5, 19, activation="tanh"), nn.Dense(19, 3, activation="gelu"))
    spec = PolicySpec(
        5,
        3,
        5 * 19 + 19 + 19 * 3 + 3,
        before=(Elementwise("scale", values=(1.0,)),),
        layers=(
            DenseLayer(5, 19, 0, 95, (Elementwise("activation", "tanh"),)),
            DenseLayer(19, 3, 114, 171, (Elementwise("activation", "gelu"),)),
        ),
    )
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(7, spec.parameters)).astype(np.float32)
    members, inputs = rng.integers(0, 7, 11), rng.normal(size=(11, 5)).astype(np.float32)
    answers = []
    for forward in (SpecForward(spec), ModuleForward(module)):
        forward.load(rows)
        answers.append(forward(members, inputs))
    np.testing.assert_array_equal(*answers)
