"""A training on somebody's own environment is read without it; what plays episodes asks for it."""

import copy
import ctypes
import pickle
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from conftest import skip_without
from ember_ml import envs, es
from ember_ml.envs import EnvSpec, stored
from ember_ml.es.files import checkpoint
from ember_ml.es.files.saved import OPTIONS
from ember_ml.policy.export.formats import export
from walk_env import Walk

DATA = Path(__file__).parents[2] / "data"


class Choices:
    """Three choices counted from 5, a 2-D observation space's worth of values, gymnasium's way."""

    def __init__(self):
        import gymnasium

        self.observation_space = gymnasium.spaces.Box(-1.0, 1.0, (3,), np.float32)
        self.action_space = gymnasium.spaces.Discrete(3, start=5)

    def reset(self, seed=None, options=None):
        self.time = 0
        return np.zeros(3, np.float32), {}

    def step(self, action):
        assert 5 <= action <= 7
        self.time += 1
        return np.full(3, self.time / 10, np.float32), float(action), self.time == 4, False, {}


class Many(Choices):
    def __init__(self):
        super().__init__()
        import gymnasium

        self.action_space = gymnasium.spaces.MultiDiscrete([2, 3])

    def step(self, action):
        assert np.shape(action) == (2,)
        return super().step(int(action[1]) + 5)


class Arms(Choices):
    def __init__(self):
        super().__init__()
        import gymnasium

        self.action_space = gymnasium.spaces.Box(-0.5, np.inf, (2, 2), np.float32)

    def step(self, action):
        assert np.shape(action) == (2, 2)
        return super().step(5)


def numba_walk():
    @envs.native(state_size=1, observation_size=1, action_size=1, max_steps=5)
    class NumbaWalk:
        def reset(state, rng):
            state[0] = 0.0

        def step(state, action):
            state[0] += action[0]
            return -abs(state[0] - 3.0), False

        def observe(state, observation):
            observation[0] = state[0]

    return NumbaWalk


def c_walk():
    return envs.compile(Path(__file__).parents[3] / "examples" / "my_env.c")


MAKERS = {
    "class": lambda: Walk, "lambda": lambda: lambda: Walk(), "object": lambda: Walk(),
    "discrete": lambda: Choices, "multi_discrete": lambda: Many, "box": lambda: Arms,
    "numba": numba_walk, "c": c_walk,
}  # fmt: skip


@pytest.fixture(params=MAKERS)
def own(request):
    return MAKERS[request.param]()


def trained(env, **options):
    trainer = es.Trainer(env, (3,), es.SNES(directions=2), seed=1, progress=False, **options)
    return trainer.run(generations=2)


def observations(run):
    return np.linspace(-1, 1, 4 * run.env.observation_size, dtype=np.float32).reshape(4, -1)


def test_what_needs_no_environment(tmp_path, own):
    run = trained(own)
    x = observations(run)
    loaded = es.load(run.save(tmp_path / "a.npz"))
    assert loaded.history == run.history and np.array_equal(loaded.theta, run.theta)
    assert loaded.config == run.config
    assert loaded.seed == 1 and loaded.env.name == run.env.name
    for policy in (loaded.policy, copy.deepcopy(loaded.policy), pickle.loads(pickle.dumps(loaded)).policy):
        assert np.array_equal(policy(x), run.policy(x)) and np.asarray(policy(x)).dtype == run.policy(x).dtype
        one, other = policy(x[1]), run.policy(x[1])
        assert type(one) is type(other) and np.array_equal(one, other)
        export(policy, tmp_path / "b.h")
        assert (tmp_path / "b.h").read_text() == run.export(tmp_path / "b.h").read_text()
    loaded.plot(tmp_path / "a.png")
    assert run.env.name in loaded.explain() and "not here" in loaded.explain()
    again = es.load(loaded.save(tmp_path / "c.npz"))
    assert np.array_equal(again.theta, run.theta) and again.history == run.history
    for name, value in loaded._snapshot.strategy_state.items():
        assert np.array_equal(again._snapshot.strategy_state[name], value)


def test_what_plays_episodes_says_so(tmp_path, own):
    run = trained(own)
    path = run.save(tmp_path / "a.npz")
    loaded = es.load(path)
    message = re.escape(f"env: {path} was trained on your own {run.env.name}; pass it as env=")
    for play in (
        lambda: loaded.evaluate(2), lambda: loaded.plot_trajectory(),
        lambda: loaded.animate(tmp_path / "a.gif"), lambda: es.Trainer.load(path),
        lambda: es.Trainer(loaded.env), lambda: es.train(loaded.env),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=message):
            play()
    given = es.load(path, env=own)
    assert np.array_equal(given.evaluate(3).returns, run.evaluate(3).returns)
    longer = es.Trainer.load(path, env=own, progress=False).run(generations=1)
    straight = es.Trainer(own, (3,), es.SNES(directions=2), seed=1, progress=False).run(generations=3)
    assert np.array_equal(longer.theta, straight.theta)


def test_a_task_that_only_the_native_engine_opens_is_shown_by_its_twin(tmp_path):
    skip_without("mujoco")
    trainer = es.Trainer("Hopper-v5", (3,), es.OpenAIES(directions=1), seed=1, progress=False, max_steps=5)
    run = trainer.run(generations=1)
    assert run.env.kind == "custom" and not run.env.address
    run.plot(tmp_path / "a.png")
    run.plot_trajectory(tmp_path / "b.png")
    loaded = es.load(run.save(tmp_path / "a.npz"))
    loaded.plot(tmp_path / "a.png")
    loaded.plot_trajectory(tmp_path / "b.png")
    sent = pickle.loads(pickle.dumps(run))
    for other in (loaded, sent):
        assert np.array_equal(other.evaluate(2).returns, run.evaluate(2).returns)


def test_no_engine_and_no_trainer_are_made(tmp_path, monkeypatch):
    path = es.train("CartPole-v1", generations=2, seed=0, progress=False).save(tmp_path / "a.npz")
    from ember_ml.es.files import restore

    def refuse(*_, **__):
        raise AssertionError("made")

    monkeypatch.setattr(es.Trainer, "__init__", refuse)
    monkeypatch.setattr(restore, "choose", refuse)
    run = es.load(path)
    assert len(run.history) == 2 and run.policy(np.zeros(4)) in (0, 1)


def test_another_environment_than_the_files(tmp_path):
    path = trained(Choices).save(tmp_path / "a.npz")
    with pytest.raises(ValueError, match="env: CartPole-v1 has 4 observation values"):
        es.load(path, env="CartPole-v1")
    for other, message in (
        (Arms, "has 3 observation values and 4 actions"),
        (Sized, "another kind of action"),
    ):
        with pytest.raises(ValueError, match=message):
            es.Trainer.load(path, env=other)


class Sized(Choices):
    def __init__(self):
        super().__init__()
        import gymnasium

        self.action_space = gymnasium.spaces.Box(-1, 1, (3,), np.float32)


def test_a_module_that_does_not_compile(tmp_path, walk):
    from ember_ml.nn.modules import Dense, Module

    class Twice(Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = Dense(1, 4, activation="tanh"), Dense(4, 1)

        def forward(self, x):
            h = self.first(x)
            return self.last(h + h)

    run = es.Trainer(walk, Twice(), es.SNES(directions=2), seed=0, progress=False).run(generations=1)
    path = run.save(tmp_path / "a.npz")
    loaded = es.load(path)
    assert loaded.history == run.history and np.array_equal(loaded.theta, run.theta)
    with pytest.raises(ValueError, match=r"policy: .*your own Twice.* policy="):
        loaded.policy([0.0])
    with pytest.raises(ValueError, match=r"policy: .*your own Twice.* policy="):
        es.load(path, env=walk).evaluate(1)
    given = es.load(path, policy=Twice())
    assert np.array_equal(given.policy([0.3]), run.policy([0.3]))
    assert copy.deepcopy(given).policy([0.3]) == run.policy([0.3])


def test_gymnasiums_own_are_made_when_they_are_played(tmp_path):
    script = (
        "import sys; from ember_ml import es; run = es.load(sys.argv[1]);"
        "run.policy([[0.0] * run.env.observation_size]); run.export(sys.argv[1] + '.h');"
        "assert 'gymnasium' not in sys.modules; print(run.evaluate(2).returns.tolist())"
    )
    run = trained("MountainCarContinuous-v0", max_steps=20)
    gym = trained(envs.make("CartPole-v0"), max_steps=20)  # gymnasium's, not native
    assert gym.env.kind == "python" and run.env.kind == "builtin"
    for each in (run, gym):
        path = each.save(tmp_path / "a.npz")
        done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True)
        assert done.stdout == f"{each.evaluate(2).returns.tolist()}\n", done.stderr
        assert np.array_equal(es.Trainer.load(path, progress=False).theta, each.theta)


def test_every_field_of_an_environment_is_in_the_file_or_named_as_left_out():
    described = stored.describe(envs.make("Pendulum-v1"))
    assert {f.name for f in fields(EnvSpec)} == set(described) | set(stored.NOT_STORED)


def test_every_option_of_a_file_is_one_that_a_file_may_hold(tmp_path):
    assert set(trained(Walk).config["trainer"]) == set(OPTIONS)


@pytest.mark.parametrize("kind", MAKERS)
def test_runs_and_policies_travel(kind, tmp_path):
    env = MAKERS[kind]()
    run = trained(env)
    x = observations(run)
    returns = run.evaluate(2).returns
    for same in (copy.copy(run), copy.deepcopy(run)):  # in this process the environment is still there
        assert np.array_equal(same.evaluate(2).returns, returns)
    sent = pickle.loads(pickle.dumps(run))
    assert sent.history == run.history and np.array_equal(sent.policy(x), run.policy(x))
    policy = pickle.loads(pickle.dumps(run.policy))
    assert np.array_equal(policy(x), run.policy(x))
    if kind in ("lambda", "numba", "c"):
        with pytest.raises(ValueError, match=r"env: .*could not be pickled.*save the run.*env= to es\.load"):
            sent.evaluate(2)
        assert sent.env.address == 0  # never a pointer of another process
        path = sent.save(tmp_path / "a.npz")
        assert np.array_equal(es.load(path, env=env).evaluate(2).returns, returns)
        assert pickle.loads(pickle.dumps(sent)).env.absent == sent.env.absent
    else:
        assert np.array_equal(sent.evaluate(2).returns, returns)


def test_a_lock_in_an_environment_does_not_keep_a_run_here():
    class Locked(Walk):
        def __init__(self):
            super().__init__()
            self.pointer = ctypes.c_void_p(1)

    run = trained(Locked())
    assert np.array_equal(pickle.loads(pickle.dumps(run)).theta, run.theta)


@pytest.mark.parametrize("name, generations", [("cartpole", 3), ("walk", 2)])
def test_the_first_files_still_load(name, generations):
    sys.path.insert(0, str(DATA))
    try:
        import make_training_v1
    finally:
        sys.path.remove(str(DATA))
    path = DATA / f"training_v1_{name}.npz"
    assert "discrete" not in checkpoint.read(path)[0]["env"]
    env = {"env": Walk} if name == "walk" else {}
    if env:
        with pytest.raises(ValueError, match=r"env: .*your own Walk; pass it as env="):
            es.load(path)
    run, trainer = es.load(path, **env), es.Trainer.load(path, progress=False, **env)
    assert len(run.history) == trainer.generation == generations
    assert np.array_equal(run.theta, trainer.theta)
    finished = trainer.run()
    straight = getattr(make_training_v1, name)(2 * generations)
    assert np.array_equal(finished.theta, straight.theta)
    assert run.evaluate(3).returns.shape == (3,)
