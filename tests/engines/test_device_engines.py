"""The torch and mlx engines against the native one, which defines the results.

Tolerances: noise and starts are the same bits. After that sines, tanh and matrix products differ by float32
rounding, which an unstable environment multiplies, and a near tie of two actions turns into another action:
3 of 1,152 episodes of CartPole parted so, none elsewhere (12 seeds, 3 generations each, torch and mlx). So a
few episodes may part, SHARE of them at most, and where none did the rest must be close.
"""

import os
import shutil
import warnings

import numpy as np
import pytest
from ember_ml import envs, es
from ember_ml.engines import device_compiled
from ember_ml.engines.device import MlxEngine, TorchEngine
from ember_ml.engines.device_arrays import MlxArrays, TorchArrays
from ember_ml.engines.environments import ENVIRONMENTS, environment
from ember_ml.engines.native import NativeEngine
from ember_ml.engines.options import EngineOptions
from ember_ml.engines.select import Problem, choose
from ember_ml.noise.stream import noise, uniforms
from ember_ml.policy.normalizer import Normalizer
from ember_ml.rollout import POLICY_DIRECTION, Population, perturb

ENGINES = {"torch": TorchEngine, "mlx": MlxEngine}
# environment: (steps an episode, relative difference of a return, difference of an observation's mean)
AGREEMENT = {
    "Simple1D-v0": (100, 2e-5, 2e-5),
    "CartPole-v1": (200, 1e-6, 2e-3),  # two episodes may part and fall over in the same step
    "Pendulum-v1": (60, 1e-4, 1e-5),
    "MountainCar-v0": (120, 1e-6, 1e-6),
    "MountainCarContinuous-v0": (150, 1e-5, 1e-6),
    "Acrobot-v1": (80, 1e-6, 1e-5),
}
SHARE = 0.03


@pytest.fixture(params=list(ENGINES))
def device_engine(request, backend_or_skip):
    backend_or_skip(request.param)
    options = {"device": "cpu"}
    return lambda *args, **more: ENGINES[request.param](*args, **options, **more)


def problem(name, seed=0, hidden=(8,), **kwargs):
    env = envs.make(name, **kwargs)
    spec = es.MLPPolicy(hidden=hidden).compile(env)
    random = np.random.default_rng(seed)
    return env, spec, (0.5 * random.standard_normal(spec.parameters)).astype(np.float32)


def normalizer(env):
    random = np.random.default_rng(1)
    n = env.observation_size
    mean = random.normal(0, 0.1, n).astype(np.float32)
    return Normalizer(mean, random.uniform(0.5, 1.5, n).astype(np.float32))


@pytest.mark.parametrize("name", list(AGREEMENT))
def test_one_generation_agrees_with_native(device_engine, name):
    env, spec, theta = problem(name)
    steps, tolerance, close = AGREEMENT[name]
    options = {"episodes": 2, "normalize": True, "max_steps": steps}
    population = Population(theta, 0.1, 7, 3, 20)
    wanted = NativeEngine(env, spec, **options).evaluate(population, normalizer(env), True)
    got = device_engine(env, spec, **options).evaluate(population, normalizer(env), True)
    parted = np.abs(wanted.returns - got.returns) > tolerance * (1 + np.abs(wanted.returns))
    assert parted.mean() <= SHARE
    assert np.array_equal(wanted.lengths[~parted], got.lengths[~parted])
    assert got.policy_returns == pytest.approx(wanted.policy_returns, rel=tolerance)
    assert abs(wanted.steps - got.steps) <= steps * parted.sum()
    assert got.lengths.dtype == np.int32 and not got.failed.any()
    assert got.fitness == pytest.approx(got.returns.mean(axis=1))
    assert len(got.leaves) == len(wanted.leaves) == 2
    close = 0.01 if parted.any() else close
    for a, b in zip(wanted.leaves, got.leaves):
        assert abs(b.count - a.count) <= steps * parted.sum()
        assert b.sum / b.count == pytest.approx(a.sum / a.count, abs=close)
        assert b.sum_of_squares / b.count == pytest.approx(a.sum_of_squares / a.count, rel=close, abs=close)


OPTIONS = [
    {"common_starts": True},
    {"antithetic": False, "first_direction": 5},
    {"reset_purpose": "evaluate", "noise_purpose": "warmup"},
    {"rows": True, "antithetic": False},
    {"scale": True},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_populations_agree_with_native(device_engine, options):
    env, spec, theta = problem("Pendulum-v1", 2)
    options = dict(options)
    if options.pop("rows", False):
        options["rows"] = np.stack([theta, -theta, 0.5 * theta])
    scale = np.linspace(0.05, 0.2, theta.size).astype(np.float32) if options.pop("scale", False) else 0.1
    population = Population(theta, scale, 2**40 + 1, 5, 3, **options)
    play = {"max_steps": 30, "frame_skip": 4, "reward_scale": 0.5, "reward_offset": -1.0}
    wanted = NativeEngine(env, spec, **play).evaluate(population, with_policy=True)
    got = device_engine(env, spec, **play).evaluate(population, with_policy=True)
    assert got.returns == pytest.approx(wanted.returns, rel=1e-4)
    assert got.fitness == pytest.approx(wanted.fitness, rel=1e-4)
    assert got.policy_returns == pytest.approx(wanted.policy_returns, rel=1e-4)
    assert got.steps == wanted.steps and np.array_equal(got.lengths, wanted.lengths)


def test_frame_skip_and_normalisation_in_an_environment_that_ends(device_engine):
    env, spec, theta = problem("CartPole-v1", 3, length=0.8)
    population = Population(theta, 0.1, 1, 0, 8)
    play = {"frame_skip": 3, "normalize": True, "max_steps": 100}
    wanted = NativeEngine(env, spec, **play).evaluate(population, normalizer(env))
    got = device_engine(env, spec, **play).evaluate(population, normalizer(env))
    assert (got.lengths != wanted.lengths).mean() <= 0.1
    assert got.leaves[0].count == pytest.approx(wanted.leaves[0].count, rel=0.02)


def test_failed_members_rank_last(device_engine):
    env, spec, theta = problem("Simple1D-v0")
    rows = np.stack([theta, np.full_like(theta, np.nan), theta])
    population = Population(theta, 0.0, 0, 0, 3, antithetic=False, rows=rows)
    wanted = NativeEngine(env, spec).evaluate(population)
    got = device_engine(env, spec).evaluate(population)
    assert got.failed.ravel().tolist() == wanted.failed.ravel().tolist() == [False, True, False]
    assert np.isneginf(got.fitness[1])
    assert np.array_equal(got.lengths, wanted.lengths)
    assert got.returns[0, 0] == pytest.approx(wanted.returns[0, 0], rel=1e-4)
    cart = problem("CartPole-v1")
    rows = np.full((1, len(cart[2])), np.nan, np.float32)
    population = Population(cart[2], 0.0, 0, 0, 1, antithetic=False, rows=rows)
    for engine in (NativeEngine, device_engine):
        lost = engine(*cart[:2]).evaluate(population)
        assert lost.failed.all() and lost.lengths.tolist() == [[1]] and lost.returns.tolist() == [[0.0]]


def test_compiled_episodes_agree_with_native(backend_or_skip, monkeypatch):
    """Ends, observation sums, a limit within a turn and a member that is lost, in one compilation."""
    backend_or_skip("torch")
    if not (os.environ.get("CXX") or shutil.which("g++") or shutil.which("clang++")):
        pytest.skip("torch.compile needs a C++ compiler")
    monkeypatch.setattr(device_compiled, "TURNS", 1)  # less to compile
    env, spec, theta = problem("CartPole-v1", 1, hidden=(9,))
    rows = perturb(Population(theta, 0.3, 7, 3, 10), 0, 20)
    rows[5] = np.nan
    population = Population(theta, 0.0, 7, 3, 20, antithetic=False, rows=rows)
    play = {"episodes": 2, "normalize": True, "max_steps": 62, "frame_skip": 3, "reward_offset": 0.5}
    wanted = NativeEngine(env, spec, **play).evaluate(population, normalizer(env), True)
    engine = TorchEngine(env, spec, compile=True, **play)
    got = engine.evaluate(population, normalizer(env), True)
    assert "whole episodes compiled" in engine.explain()
    assert got.failed.any(axis=1).tolist() == [i == 5 for i in range(20)]
    assert wanted.lengths.min() < 30 and wanted.lengths.max() == 62
    assert np.array_equal(got.lengths, wanted.lengths) and got.steps == wanted.steps
    assert np.array_equal(got.fitness, wanted.fitness)
    assert np.array_equal(got.policy_returns, wanted.policy_returns)
    for a, b in zip(wanted.leaves, got.leaves, strict=True):
        assert b.count == a.count
        assert b.sum == pytest.approx(a.sum, rel=1e-5, abs=1e-4)
        assert b.sum_of_squares == pytest.approx(a.sum_of_squares, rel=1e-5, abs=1e-4)


def test_where_nothing_compiles_torch_goes_on_and_says_so(backend_or_skip, monkeypatch):
    backend_or_skip("torch")
    env, spec, theta = problem("Simple1D-v0")
    population = Population(theta, 0.1, 0, 0, 4)

    def broken(self, function):
        raise RuntimeError("no compiler\nand a long story")

    monkeypatch.setattr(TorchArrays, "compiled", broken)
    engine = TorchEngine(env, spec, compile=True)
    with pytest.warns(RuntimeWarning, match="cannot compile here.*: RuntimeError: no compiler$"):
        got = engine.evaluate(population)
    assert np.array_equal(got.returns, TorchEngine(env, spec, compile=False).evaluate(population).returns)
    assert "no compiler" in engine.explain()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        engine.evaluate(population)


def test_when_torch_compiles(backend_or_skip, monkeypatch):
    backend_or_skip("torch")
    env, spec, theta = problem("Pendulum-v1")
    monkeypatch.delenv("EMBER_COMPILE", raising=False)

    def compiles(engine, generation, purpose="reset"):
        calls = []
        whole = device_compiled.Sums(*np.zeros((2, 8, engine.episodes)), np.zeros(8, bool))
        engine._compiled = engine._compiled and (lambda *_: calls.append(1) or whole)
        engine.evaluate(Population(theta, 0.1, 0, generation, 4, reset_purpose=purpose))
        return bool(calls)

    play = {"max_steps": 10}
    assert not compiles(TorchEngine(env, spec, **play), 44_444)
    assert compiles(TorchEngine(env, spec, **play), 44_445)
    assert compiles(TorchEngine(env, spec, episodes=100, **play), 3_704)  # more to save a turn
    assert not compiles(TorchEngine(env, spec, episodes=100, **play), 3_703)
    assert not compiles(TorchEngine(env, spec, **play), 50_000, "evaluate")
    assert not compiles(TorchEngine(env, spec, compile=False, **play), 50_000)
    monkeypatch.setenv("EMBER_COMPILE", "1")
    assert compiles(TorchEngine(env, spec, **play), 0)
    assert not compiles(TorchEngine(env, spec, **play), 0, "warmup")
    monkeypatch.setenv("EMBER_COMPILE", "0")
    assert not compiles(TorchEngine(env, spec, **play), 50_000)
    with pytest.raises(ValueError, match="compile: got True, but the mlx engine does not"):
        backend_or_skip("mlx")
        MlxEngine(env, spec, compile=True)


@pytest.mark.parametrize("backend", ["torch", "mlx"])
def test_noise_and_starts_have_the_bits_of_native(backend, backend_or_skip):
    backend_or_skip(backend)
    arrays = TorchArrays("cpu") if backend == "torch" else MlxArrays("cpu")
    mean = np.random.default_rng(0).standard_normal(200).astype(np.float32)
    scale = np.random.default_rng(1).uniform(0.1, 1, 200).astype(np.float32)
    for antithetic in (True, False):
        population = Population(mean, scale, 2**63 + 5, 9, 12, antithetic, first_direction=3)
        with arrays.session():
            if backend == "torch":
                arrays.on_host = False  # the way an accelerator makes them
            got = arrays.host(arrays.members(population, 4, 8))
            u = arrays.host(arrays.uniforms(population, np.array([3, POLICY_DIRECTION]), np.array([0, 1]), 4))
        assert np.array_equal(got, perturb(population, 4, 8))
        assert np.array_equal(u[1], uniforms("reset", 2**63 + 5, 9, POLICY_DIRECTION, 1, 4))
    ones = Population(np.zeros(70, np.float32), 1.0, 3, 2, 2, antithetic=False)
    with arrays.session():
        assert np.array_equal(arrays.host(arrays.members(ones, 0, 2))[1], noise(3, 2, 1, 70))


def test_members_are_played_in_chunks(device_engine, monkeypatch):
    env, spec, theta = problem("Pendulum-v1")
    population = Population(theta, 0.1, 0, 0, 5)
    engine = device_engine(env, spec, max_steps=20)
    whole = engine.evaluate(population, with_policy=True)
    monkeypatch.setattr(engine.arrays, "chunk_bytes", lambda: 4 * 4 * theta.size)
    parts = engine.evaluate(population, with_policy=True)
    assert parts.returns == pytest.approx(whole.returns, rel=1e-5)
    assert parts.policy_returns == pytest.approx(whole.policy_returns, rel=1e-5)


@pytest.mark.parametrize("name", list(ENVIRONMENTS))
def test_environments_run_on_any_table_of_primitives(name):
    from ember_ml.backend.select import table

    ops, env = table("numpy"), environment(name)
    u = np.random.default_rng(0).uniform(size=(5, max(1, env.uniforms))).astype(np.float32)
    state = env.reset(ops, u)
    action = [np.ones((5, 1), np.float32)]
    for _ in range(10):
        state, reward, terminated = env.step(ops, state, action)
    assert reward.shape == (5, 1) and np.isfinite(reward).all()
    assert (terminated is not None) == env.terminates
    assert all(x.shape == (5, 1) for x in env.observe(ops, state))


@pytest.mark.parametrize("engine", list(ENGINES))
def test_training_reaches_the_level_of_native(engine, backend_or_skip):
    backend_or_skip(engine)
    options = {"seed": 0, "progress": False, "engine": engine, "device": "cpu"}
    run = es.train("Simple1D-v0", generations=200, **options)
    native = es.train("Simple1D-v0", generations=200, seed=0, progress=False)
    assert run.history["policy_return"][-1] >= -46
    assert (run.history["episodes"] == 21).all()
    assert run.history["policy_return"] == pytest.approx(native.history["policy_return"], rel=1e-3)
    run = es.train("CartPole-v1", generations=10, **options)
    assert run.history["policy_return"][-1] == 500
    assert run.evaluate(episodes=10).mean == 500
    assert f"{engine} engine on cpu" in run.explain()


class Residual:
    """Made in a function because its base needs the active backend's modules."""

    @staticmethod
    def make():
        from ember_ml import nn, ops

        class Network(nn.Module):
            def __init__(self):
                super().__init__()
                self.first = nn.Dense(3, 3)
                self.last = nn.Dense(3, 1)

            def forward(self, x):
                return self.last(ops.add(x, ops.tanh(self.first(x))))

        return Network()


def test_a_module_that_does_not_compile(device_engine):
    from ember_ml.policy.network import network_of

    env = envs.make("Pendulum-v1")
    network, module, reason, theta = network_of(Residual.make(), env, 0)
    assert reason
    before = module.to_vector()
    population = Population(theta, 0.1, 0, 0, 3)
    got = device_engine(env, network, max_steps=20).evaluate(population, with_policy=True)
    assert np.array_equal(np.asarray(module.to_vector()), np.asarray(before))
    from ember_ml.engines.python import PythonEngine  # its forward, member by member

    forward = PythonEngine(envs.make("Pendulum-v1"), network)._forward
    rows = perturb(population, 0, 6)
    forward.load(rows)
    x = np.random.default_rng(0).standard_normal((6, 3)).astype(np.float32)
    engine = device_engine(env, network)
    with engine.arrays.session():
        y = engine.policy.forward([engine.arrays.array(rows)], engine.arrays.array(x[:, None]), [])
        y = engine.arrays.host(y)[:, 0]
    assert y == pytest.approx(forward(np.arange(6), x), abs=1e-5)
    assert np.isfinite(got.returns).all() and len(np.unique(got.returns)) == 6


def test_choice_of_engine_and_device(backend_or_skip):
    backend_or_skip("torch")
    import torch

    env, spec, _ = problem("CartPole-v1")
    assert choose(Problem(env, spec, where=EngineOptions(device="cpu"))).name == "native"
    assert choose(Problem(env, spec, where=EngineOptions(device="cpu")), "torch").name == "torch"
    for device, wanted in (("tpu", "wanted 'cpu'"), ("cuda:9999", "CUDA device")):
        with pytest.raises(ValueError, match=f"device: got '{device}'.*{wanted}"):
            choose(Problem(env, spec, where=EngineOptions(device=device)))
    if not torch.cuda.is_available():
        with pytest.raises(ValueError, match="device: got 'cuda', but torch finds no CUDA device here"):
            choose(Problem(env, spec, where=EngineOptions(device="cuda")), "torch")
    with pytest.raises(ValueError, match="native engine runs on the cpu"):
        choose(Problem(env, spec, where=EngineOptions(device="cuda")), "native")
    with pytest.warns(UserWarning, match="layout='units' has no effect"):
        es.Trainer("Acrobot-v1", engine="torch", device="cpu", layout="units", progress=False)


def test_a_run_of_an_engine_that_is_not_here_evaluates(tmp_path, backend_or_skip, monkeypatch):
    backend_or_skip("torch")
    run = es.train("CartPole-v1", generations=2, seed=0, engine="torch", device="cpu", progress=False)
    file = run.save(tmp_path / "run.npz")
    mean = run.evaluate(episodes=3).mean
    from ember_ml.engines import device_arrays

    def gone(module, extra):
        raise ImportError(module)

    monkeypatch.setattr(device_arrays, "need", gone)
    again = es.load(file)
    assert again.evaluate(episodes=3).mean == pytest.approx(mean, rel=0.1)
    assert "trained on the torch engine, which is not here" in again.explain()
