"""The one-pass step of small policies (cpp/rollout/small/small.h) gives the bits of the general layouts."""

import hashlib
import os
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from ember_ml import _core, envs, es, nn

ENVS = [
    "Simple1D-v0", "CartPole-v1", "Pendulum-v1", "MountainCar-v0", "MountainCarContinuous-v0", "Acrobot-v1",
]  # fmt: skip
# hidden widths, activation, output activation, bias. All fit but the last two, which take the general path.
NETS = [
    ((16,), "relu", "tanh", True),
    ((8,), "tanh", None, True),
    ((16, 16), "tanh", None, True),
    ((7, 6), "tanh", "tanh", True),
    ((5,), "relu", None, False),
    ((4, 9), "relu", "tanh", False),
    ((3,), "relu", None, True),
    ((8,), "gelu", "sigmoid", True),
]


def train(env, net, layout, sigma=0.5, **options):
    hidden, activation, output, bias = net
    spec = envs.make(env)
    module = nn.MLP(spec.observation_size, hidden, spec.action_size, activation, output, bias)
    widths = (spec.observation_size, *hidden, spec.action_size)
    count = sum((i + bias) * o for i, o in pairwise(widths))
    theta = np.random.default_rng(0).standard_normal(count).astype(np.float32)
    options = {"max_steps": 70, "episodes": 2, "threads": 1, "progress": False, **options}
    strategy = es.OpenAIES(directions=9, sigma=sigma)
    return es.Trainer(env, module, strategy, seed=3, layout=layout, theta0=theta, **options).run(
        generations=2
    )


def same(one, other):
    assert np.array_equal(one.theta, other.theta)
    for name in one.history.to_numpy().dtype.names:
        if name != "wall_time":
            assert np.array_equal(one.history[name], other.history[name], equal_nan=True), name


@pytest.mark.parametrize("env", ENVS)
@pytest.mark.parametrize("net", NETS, ids=str)
def test_small_policies_have_the_general_bits(env, net):
    small = train(env, net, "members")
    same(small, train(env, net, "units"))
    same(small, train(env, net, "episodes"))


@pytest.mark.parametrize("options", [
    {"normalize_observations": False}, {"clip_actions": False}, {"max_steps": 1}, {"episodes": 5},
    {"frame_skip": 2}, {"reward_offset": 1.0}, {"threads": 2},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("env", ["Simple1D-v0", "CartPole-v1", "MountainCarContinuous-v0"])
def test_options_keep_the_bits(env, options):
    net = ((16,), "relu", "tanh", True)
    same(train(env, net, "members", **options), train(env, net, "units", **options))


def test_a_start_that_is_not_a_number_fails_alike():
    net = ((4,), "relu", None, True)
    big = [train("Simple1D-v0", net, layout, sigma=4e37) for layout in ("members", "units")]
    same(*big)
    assert big[0].history["failed"].sum() > 0


def digest():
    runs = [train("CartPole-v1", net, "members", max_steps=30) for net in NETS[:5]]
    return hashlib.sha256(b"".join(run.theta.tobytes() for run in runs)).hexdigest()


@pytest.mark.parametrize("level", _core.simd_levels())
def test_simd_levels_give_small_policies_the_same_bits(level):
    program = "import test_small_policies as t; print(t.digest())"
    environment = {**os.environ, "EMBER_SIMD": level, "PYTHONPATH": os.path.dirname(__file__)}
    answer = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == digest()
