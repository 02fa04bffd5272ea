"""Every layout, number of threads and SIMD level gives the same numbers; what does not fit is named."""

import _thread
import itertools
import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from ember_ml import _core
from ember_ml.backend.activations import ACTIVATIONS
from ember_ml.engines.native import NativeEngine
from ember_ml.envs.spec import EnvSpec
from ember_ml.policy.normalizer import Normalizer
from ember_ml.policy.spec import DenseLayer, Elementwise, PolicySpec
from ember_ml.rollout import Population

INFOS = {info.name: info for info in _core.builtin_environments()}


def mlp(*widths, activation="tanh", last=None):
    layers, at = [], 0
    for n, (inputs, outputs) in enumerate(itertools.pairwise(widths)):
        name = activation if n < len(widths) - 2 else last
        after = (Elementwise("activation", name),) if name else ()
        layers.append(DenseLayer(inputs, outputs, at, at + inputs * outputs, after))
        at += (inputs + 1) * outputs
    return PolicySpec(widths[0], widths[-1], at, (), tuple(layers))


def env_spec(name, **parameters):
    info = INFOS[name]
    values = dict(zip(info.parameter_names, info.parameter_defaults)) | parameters
    return EnvSpec(
        name,
        "builtin",
        info.observations,
        info.actions,
        info.discrete,
        info.max_steps,
        parameters=tuple(values.values()) if parameters else (),
    )


def engine(name, *hidden, activation="tanh", last=None, parameters=(), **options):
    env = env_spec(name, **dict(parameters))
    spec = mlp(env.observation_size, *hidden, env.action_size, activation=activation, last=last)
    return NativeEngine(env, spec, **options), spec


def population(spec, directions=19, seed=7, **options):
    mean = np.random.default_rng(0).normal(0, 0.5, spec.parameters).astype(np.float32)
    return Population(mean, 0.3, seed, 3, directions, **options)


def bits(result):
    leaves = [(leaf.count, leaf.sum.tobytes(), leaf.sum_of_squares.tobytes()) for leaf in result.leaves]
    arrays = (result.fitness, result.returns, result.lengths, result.failed, result.policy_returns)
    return [array.tobytes() for array in arrays], leaves, result.steps


@pytest.mark.parametrize("episodes", [1, 3, 11])
@pytest.mark.parametrize("name", sorted(INFOS))
def test_layouts_and_threads_give_the_same_bits(name, episodes):
    width = INFOS[name].observations
    normalizer = Normalizer(np.full(width, 0.1, np.float32), np.full(width, 1.3, np.float32))
    seen = {}
    for layout in ("members", "episodes", "units", "auto"):
        for threads in (1, 2, 3, 8):
            run, spec = engine(
                name, 17, 9, episodes=episodes, normalize=True, max_steps=60, layout=layout, threads=threads
            )
            seen[layout, threads] = bits(run.evaluate(population(spec), normalizer, with_policy=True))
    first = seen["members", 1]
    assert [key for key, value in seen.items() if value != first] == []


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations_widths_and_depths_give_the_same_bits_in_every_layout(activation):
    for hidden in ((), (1,), (5,), (8, 3), (33, 70), (16, 16, 4)):
        seen = set()
        for layout in ("members", "episodes", "units"):
            run, spec = engine(
                "Pendulum-v1", *hidden, activation=activation, episodes=2, max_steps=20, layout=layout
            )
            seen.add(run.evaluate(population(spec, 5)).returns.tobytes())
        assert len(seen) == 1, hidden


PROGRAM = """
import sys; sys.path.insert(0, {folder!r})
import hashlib
from test_native_engine import INFOS, bits, engine, population
import numpy as np
from ember_ml.policy.normalizer import Normalizer
digest = hashlib.sha256()
for name in sorted(INFOS):
    run, spec = engine(name, 8, episodes=2, normalize=True, max_steps=40)
    n = INFOS[name].observations
    plain = Normalizer(np.zeros(n, np.float32), np.ones(n, np.float32))
    result = run.evaluate(population(spec, 6), plain, with_policy=True)
    digest.update(repr(bits(result)).encode())
# Layers that are several blocks of vectors, and the edges of blocks, at every level.
for hidden in ((33, 70), (64, 48), (130,), (6, 20, 3)):
    run, spec = engine("Acrobot-v1", *hidden, max_steps=10, layout="units", frame_skip=3)
    digest.update(repr(bits(run.evaluate(population(spec, 3)))).encode())
print(digest.hexdigest())
"""


def test_simd_levels_give_the_same_bits():
    from simd_levels import output_at  # not above: programs here import this file from its folder alone

    program = PROGRAM.format(folder=os.path.dirname(__file__))
    digests = {level: output_at(level, program) for level in _core.simd_levels()}
    assert len(set(digests.values())) == 1, digests


def forward(spec, theta, x):
    """The policy in float32 numpy, sums in numpy's own order."""
    for layer in spec.layers:
        w = theta[layer.weight_offset :][: layer.inputs * layer.outputs].reshape(layer.inputs, layer.outputs)
        x = x @ w + theta[layer.bias_offset :][: layer.outputs]
        for op in layer.after:
            x = np.tanh(x) if op.activation == "tanh" else x
    return x


def test_returns_are_those_of_a_plain_loop():
    run, spec = engine("Simple1D-v0", 16, last="tanh")
    who = population(spec, 4)
    result = run.evaluate(who, with_policy=True)
    _, rows = next(who.chunks())
    for theta, got in zip([*rows, who.mean], [*result.returns[:, 0], *result.policy_returns]):
        position, total = np.float32(0), 0.0
        for _ in range(100):
            position += forward(spec, theta, np.array([position]))[0]
            total -= abs(float(position) - 10.0)
        assert got == pytest.approx(total, rel=1e-4)


def test_pairs_share_their_starts_and_the_policy_has_its_own():
    run, spec = engine("CartPole-v1", 4, max_steps=5, normalize=True)
    zero = Population(np.zeros(spec.parameters, np.float32), 0.0, 1, 0, 3)
    plain = Normalizer(np.zeros(4, np.float32), np.ones(4, np.float32))
    result = run.evaluate(zero, plain)
    other = run.evaluate(Population(zero.mean, 0.0, 1, 0, 3, common_starts=True), plain)
    assert result.leaves[0].sum.tolist() != other.leaves[0].sum.tolist()
    assert (result.returns[::2] == result.returns[1::2]).all()


def test_a_shard_is_a_part_of_the_whole():
    run, spec = engine("CartPole-v1", 8)
    whole = run.evaluate(population(spec, 48))
    part = run.evaluate(population(spec, 32, first_direction=16))
    np.testing.assert_array_equal(part.returns, whole.returns[32:])


def test_rows_are_members():
    run, spec = engine("Acrobot-v1", 8, max_steps=50)
    who = population(spec, 6, antithetic=False)
    _, rows = next(who.chunks())
    given = Population(who.mean, 1.0, who.seed, who.generation, 6, antithetic=False, rows=rows)
    np.testing.assert_array_equal(run.evaluate(given).returns, run.evaluate(who).returns)


def test_shaped_rewards_act_on_fitness_alone():
    run, spec = engine("CartPole-v1", 8, reward_scale=2.0, reward_offset=0.5, episodes=2)
    result = run.evaluate(population(spec))
    np.testing.assert_allclose(result.fitness, 2.0 * 0.5 * result.lengths.mean(1))
    np.testing.assert_array_equal(result.returns, result.lengths)


def test_held_actions_count_environment_steps():
    run, spec = engine("MountainCar-v0", 4, frame_skip=4, max_steps=30, normalize=True)
    plain = Normalizer(np.zeros(2, np.float32), np.ones(2, np.float32))
    result = run.evaluate(population(spec, 2), plain)
    assert (result.lengths == 30).all() and (result.returns == -30).all()
    assert result.leaves[0].count == 4 * 8  # 7 whole holds and one cut short, 4 members


def test_a_policy_that_is_not_a_number_fails_and_ranks_last():
    for name in ("Pendulum-v1", "CartPole-v1"):
        run, spec = engine(name, 4, normalize=True, layout="members")
        rows = np.zeros((3, spec.parameters), np.float32)
        rows[1] = np.nan
        n = INFOS[name].observations
        who = Population(rows[0], 1.0, 0, 0, 3, antithetic=False, rows=rows)
        result = run.evaluate(who, Normalizer(np.zeros(n, np.float32), np.ones(n, np.float32)))
        assert result.failed[:, 0].tolist() == [False, True, False]
        assert result.fitness[1] == -np.inf and np.isfinite(result.fitness[[0, 2]]).all()
        assert np.isfinite(result.leaves[0].sum).all()


def test_parameters_of_an_environment_change_it():
    run, spec = engine("CartPole-v1", 8)
    heavy, _ = engine("CartPole-v1", 8, parameters={"gravity": 30.0})
    who = population(spec)
    assert heavy.evaluate(who).returns.mean() < run.evaluate(who).returns.mean()


def test_what_does_not_fit_is_named():
    with pytest.raises(ValueError, match="policy: takes 3 observation values, but CartPole-v1 gives 4"):
        NativeEngine(env_spec("CartPole-v1"), mlp(3, 2))
    with pytest.raises(ValueError, match="3 outputs, but CartPole-v1 has 2 actions"):
        NativeEngine(env_spec("CartPole-v1"), mlp(4, 3))
    with pytest.raises(ValueError, match="layout: got 'lanes'"):
        engine("CartPole-v1", layout="lanes")
    with pytest.raises(ValueError, match="episodes: got 0"):
        engine("CartPole-v1", episodes=0)
    run, _ = engine("CartPole-v1", 4)
    with pytest.raises(ValueError, match="mean: got 5 values, wanted"):
        run.evaluate(Population(np.zeros(5, np.float32), 1.0, 0, 0, 2))
    with pytest.raises(ValueError, match=r"layers\[0\].weight_offset"):
        NativeEngine(env_spec("CartPole-v1"), PolicySpec(4, 2, 5, (), (DenseLayer(4, 2, 0, -1),)))


def test_explain_says_what_runs():
    run, _ = engine("CartPole-v1", 64, 64, threads=2)
    assert "CartPole-v1" in run.explain() and "in lanes" in run.explain() and "cycles a step" in run.explain()
    assert "(as asked)" in engine("CartPole-v1", 4, layout="units")[0].explain()


def long_work():
    run, spec = engine("Acrobot-v1", 64, 64, episodes=64, threads=2)
    return lambda: run.evaluate(population(spec, 5000))


def test_ctrl_c_ends_an_evaluation_within_a_second():
    work = long_work()
    threading.Timer(0.2, _thread.interrupt_main).start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        work()
    assert time.monotonic() - start < 1.5


def test_several_python_threads_at_once():
    run, spec = engine("CartPole-v1", 16, threads=1)
    expected = run.evaluate(population(spec)).returns
    results = [None] * 4

    def work(index):
        own, _ = engine("CartPole-v1", 16, threads=2, layout="units")
        results[index] = own.evaluate(population(spec)).returns

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        np.testing.assert_array_equal(result, expected)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_child_evaluates():
    run, spec = engine("Pendulum-v1", 16, threads=2, layout="units")
    expected = run.evaluate(population(spec)).returns
    run.evaluator.begin()  # threads stay alive across the fork
    run.evaluate(population(spec))
    child = os.fork()
    if child == 0:
        own, _ = engine("Pendulum-v1", 16, threads=2, layout="units")
        os._exit(0 if (own.evaluate(population(spec)).returns == expected).all() else 1)
    deadline = time.monotonic() + 20
    pid = 0
    while pid == 0 and time.monotonic() < deadline:
        pid, status = os.waitpid(child, os.WNOHANG)
        time.sleep(0.01)
    run.evaluator.end()
    assert pid == child and os.WEXITSTATUS(status) == 0


def test_memory_stays_flat_with_a_million_parameters():
    program = (
        f"import sys; sys.path.insert(0, {os.path.dirname(__file__)!r})\n"
        "import resource, numpy as np\n"
        "from test_native_engine import engine, Population\n"
        "run, spec = engine('CartPole-v1', 1000, 990, max_steps=1, threads=2)\n"
        "mean = np.zeros(spec.parameters, np.float32)\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "run.evaluate(Population(mean, 0.01, 0, 0, 50))\n"
        "print(spec.parameters, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    parameters, grown = map(int, out.split())
    assert parameters > 990_000 and grown < 64 * 1024  # kB


def test_benchmarks_have_figures():
    assert "rollouts" in _core.bench_names()
    rows = _core.bench("tanh", 0.01)
    assert rows[0]["figure"] > 0 and rows[0]["ratio"] == pytest.approx(rows[0]["figure"] / rows[0]["limit"])
    with pytest.raises(ValueError, match="no group 'speed'"):
        _core.bench("speed")
