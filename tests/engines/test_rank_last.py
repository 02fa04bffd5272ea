"""on_error="rank_last": an infeasible member fails alone, on every engine that plays users' environments."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from ember_ml import envs, es
from ember_ml.engines.native import NativeEngine
from ember_ml.engines.python import PythonEngine
from ember_ml.policy.normalizer import Normalizer
from ember_ml.policy.spec import DenseLayer, PolicySpec
from ember_ml.rollout import Population

POLICY = PolicySpec(1, 1, 1, layers=(DenseLayer(1, 1, 0, -1),))
ROWS = np.linspace(-1, 1, 21, dtype=np.float32)[:, None]
LIMIT = 0.75


def people():
    return Population(ROWS[0], 0.0, 0, 0, directions=len(ROWS), antithetic=False, rows=ROWS)


class Slope:
    """The reward is the action; above LIMIT it cannot be simulated after two steps."""

    observation_size = action_size = 1
    how = "infeasible"

    def reset(self, seed=None):
        self.steps = 0
        return [1.0]

    def step(self, action):
        self.steps += 1
        action = float(action)
        reward, observation = action, 1.0
        if action > LIMIT and self.steps == 3:
            if self.how == "infeasible":
                raise es.Infeasible("too steep")
            if self.how == "reward":
                reward = -np.inf
            if self.how == "observation":
                observation = np.nan
            if self.how == "error":
                raise ZeroDivisionError
        return [observation], reward, self.steps == 5, {}


class Reward(Slope):
    how = "reward"


class Observation(Slope):
    how = "observation"


class Mistake(Slope):
    how = "error"


class NoStart(Slope):
    def reset(self, seed=None):
        if seed is not None and seed % 3 == 0:
            raise es.Infeasible("no such start")
        return super().reset(seed)

    def step(self, action):
        observation, reward, over, info = super().step(min(action, LIMIT))
        return observation, reward, over, info


@pytest.mark.parametrize("workers", [None, 2])
@pytest.mark.parametrize("kind", [Slope, Reward, Observation])
def test_a_python_environments_member_ranks_last(kind, workers):
    spec = envs.make(kind)
    with PythonEngine(spec, POLICY, normalize=True, on_error="rank_last", workers=workers) as engine:
        found = engine.evaluate(
            people(), Normalizer(np.zeros(1, np.float32), np.ones(1, np.float32)), with_policy=True
        )
    lost = ROWS[:, 0] > LIMIT
    assert np.array_equal(found.failed[:, 0], lost) and lost.sum() == 3
    assert (found.fitness[lost] == -np.inf).all()
    np.testing.assert_allclose(found.fitness[~lost], 5 * ROWS[~lost, 0], rtol=1e-6)
    # The step that failed counts without its reward, and nothing of the member in the statistics.
    assert (found.lengths[lost] == 3).all() and (found.lengths[~lost] == 5).all()
    np.testing.assert_allclose(found.returns[lost, 0], 2 * ROWS[lost, 0], rtol=1e-6)
    assert sum(leaf.count for leaf in found.leaves) == 5 * (~lost).sum()
    assert found.policy_returns[0] == pytest.approx(-5.0)
    assert found.steps == found.lengths.sum() + 5


@pytest.mark.parametrize("kind", [Slope, Reward, Observation, NoStart])
def test_without_it_the_training_ends_as_ever(kind):
    with PythonEngine(envs.make(kind), POLICY) as engine, pytest.raises(es.EvaluationError) as caught:
        engine.evaluate(people())
    if kind is Slope:
        assert 'on_error="rank_last"' in str(caught.value)


def test_other_exceptions_end_it_all_the_same():
    engine = PythonEngine(envs.make(Mistake), POLICY, on_error="rank_last")
    with engine, pytest.raises(es.EvaluationError, match="ZeroDivisionError"):
        engine.evaluate(people())


def test_a_start_that_is_infeasible_fails_with_no_steps():
    population = Population(ROWS[0], 0.0, 7, 0, directions=40, antithetic=False)
    with PythonEngine(envs.make(NoStart), POLICY, on_error="rank_last", episodes=2) as engine:
        found = engine.evaluate(population)
    assert 0 < found.failed.sum() < found.failed.size
    assert np.array_equal(found.lengths == 0, found.failed)
    assert np.array_equal(found.fitness == -np.inf, found.failed.any(axis=1))


C = """
#include "ember_env.h"
typedef struct { int steps; } State;
static void reset(void* c, int32_t n, void* s, const uint64_t* seeds, float* o) {
  for (int i = 0; i < n; ++i) { ((State*)s)[i].steps = 0; o[i] = 1.0f; }
}
static void step(void* c, int32_t n, void* s, const float* a, float* o, float* r, uint8_t* f) {
  for (int i = 0; i < n; ++i) {
    State* state = (State*)s + i;
    int lost = a[i] > 0.75f && ++state->steps == 3;
    if (!(a[i] > 0.75f)) ++state->steps;
    o[i] = 1.0f;
    r[i] = lost && HOW == 2 ? 0.0f / (a[i] - a[i]) : a[i];
    f[i] = (lost && HOW == 1 ? EMBER_ERROR : 0) | (state->steps == 5 ? EMBER_TERMINATED : 0);
  }
}
static const ember_env env = {EMBER_ENV_ABI, sizeof(ember_env), "Slope", sizeof(State), 1, 1, 0, 50,
                              0, 0, 0, reset, step};
const ember_env* ember_env_get(void) { return &env; }
"""


@pytest.fixture(scope="module")
def slopes(tmp_path_factory):
    if not any(map(shutil.which, ("cc", "gcc", "clang"))):
        pytest.skip("no C compiler")
    made = {}
    for how, name in ((1, "error"), (2, "reward")):
        path = tmp_path_factory.mktemp("slope") / f"slope_{name}.c"
        path.write_text(f"#define HOW {how}\n{C}")
        made[name] = envs.compile(path)
    return made


@pytest.mark.parametrize("layout", ["members", "episodes", "units"])
@pytest.mark.parametrize("how", ["error", "reward"])
def test_a_c_environments_member_ranks_last_on_both_engines(slopes, how, layout):
    normalizer = Normalizer(np.zeros(1, np.float32), np.ones(1, np.float32))
    options = {"normalize": True, "on_error": "rank_last", "episodes": 2}
    native = NativeEngine(slopes[how], POLICY, layout=layout, **options).evaluate(people(), normalizer, True)
    with PythonEngine(slopes[how], POLICY, **options) as engine:
        python = engine.evaluate(people(), normalizer, True)
    lost = ROWS[:, 0] > LIMIT
    assert np.array_equal(native.failed.all(axis=1), lost) and lost.sum() == 3
    assert (native.lengths[lost] == 3).all()
    assert sum(leaf.count for leaf in native.leaves) == 2 * 5 * (~lost).sum()
    for name in ("fitness", "returns", "lengths", "failed", "policy_returns"):
        np.testing.assert_array_equal(getattr(native, name), getattr(python, name), err_msg=name)
    assert [leaf.count for leaf in native.leaves] == [leaf.count for leaf in python.leaves]


def test_without_it_a_c_environments_error_ends_the_training_and_divergence_does_not(slopes):
    for make in (NativeEngine, PythonEngine):
        with pytest.raises(es.EvaluationError):
            make(slopes["error"], POLICY).evaluate(people())
    native = NativeEngine(slopes["reward"], POLICY).evaluate(people())
    python = PythonEngine(slopes["reward"], POLICY).evaluate(people())
    assert np.array_equal(native.failed, python.failed) and native.failed.sum() == 3
    assert np.array_equal(native.fitness, python.fitness)


@pytest.mark.parametrize("engine", ["native", "python"])
def test_training_goes_on_and_counts(slopes, engine, tmp_path):
    trainer = es.Trainer(
        slopes["error"], (2,), es.SNES(10, sigma=1.0), seed=0, on_error="rank_last", engine=engine
    )
    run = trainer.run(generations=30)
    assert run.history["failed"].sum() > 0
    assert np.isfinite(run.history["population_mean"]).all()
    # It learns to walk beside the limit: an unperturbed policy that fails has a return of -inf.
    assert 2.0 < run.history["policy_return"].max() <= 5 * LIMIT
    assert run.config["trainer"]["on_error"] == "rank_last"
    trainer.save(tmp_path / "run.npz")
    again = es.Trainer.load(tmp_path / "run.npz", env=slopes["error"])
    assert np.array_equal(again.run(generations=5).theta, trainer.run(generations=5).theta)


def test_train_takes_it():
    run = es.train(Slope, (2,), es.SNES(8, sigma=1.0), seed=0, generations=20, on_error="rank_last")
    assert run.history["failed"].sum() > 0 and len(run.history) == 20
    with pytest.raises(ValueError, match="on_error: got 'ignore'"):
        es.train(Slope, (2,), es.SNES(8), seed=0, generations=20, on_error="ignore")


def test_a_vector_environments_lane_ranks_last():
    gymnasium = pytest.importorskip("gymnasium")

    class Env(gymnasium.Env):
        observation_space = gymnasium.spaces.Box(-2, 2, (1,))
        action_space = gymnasium.spaces.Box(-1, 1, (1,))

        def reset(self, *, seed=None, options=None):
            super().reset(seed=seed)
            self.inner = Reward()
            return np.array(self.inner.reset(), np.float32), {}

        def step(self, action):
            observation, reward, over, info = self.inner.step(action[0])
            return np.array(observation, np.float32), reward, over, False, info

    vector = gymnasium.vector.SyncVectorEnv([Env] * 4)
    with PythonEngine(envs.make(vector), POLICY, on_error="rank_last") as engine:
        found = engine.evaluate(people())
    assert np.array_equal(found.failed[:, 0], ROWS[:, 0] > LIMIT)
